//! The digest by which two descriptions of a tool are told apart.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::{ToolEffects, ToolExecutor, ToolSpec};

impl ToolSpec {
    /// Returns a digest of what a call depends on: the name, the input schema, the executor and the
    /// effects. It is SHA-256 in hexadecimal digits, and the same in every version.
    ///
    /// The order of keys and the spaces of the schema do not count. Neither do the description and
    /// other words, so that a better description does not make a call that waits another one.
    ///
    /// ```
    /// use llm_engine::{Json, ToolSpec};
    ///
    /// let mut spec = ToolSpec::new("add", Json::parse(r#"{"type":"object"}"#)?);
    /// let digest = spec.digest();
    /// spec.description = "Adds two numbers".into();
    /// assert_eq!(spec.digest(), digest);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn digest(&self) -> String {
        let executor = match self.executor {
            ToolExecutor::InProcess => "in_process",
            ToolExecutor::External => "external",
        };
        let effects = match self.effects {
            ToolEffects::None => "none",
            ToolEffects::Idempotent => "idempotent",
            ToolEffects::Unsafe => "unsafe",
        };
        let mut hash = Sha256::new();
        for part in [&*self.name, &self.input_schema.canonical(), executor, effects] {
            // With its length, so that no part can pass for the end of the one before.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().iter().fold(String::new(), |mut hex, byte| {
            // Writing to a `String` never fails.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Json;

    fn spec(schema: &str) -> ToolSpec {
        ToolSpec::new("add", Json::parse(schema).unwrap())
    }

    #[test]
    fn a_digest_is_the_same_in_every_version() {
        let digest = spec(r#"{"type": "object", "properties": {}}"#).digest();
        assert_eq!(digest, "197e332a36b7c2140d7fbb5ad8e4a4c0ca5e6b08ba5cc6547dc9d82ce69a7119");
        assert_eq!(spec(r#"{"properties":{},"type":"object"}"#).digest(), digest);
    }

    #[test]
    fn only_what_a_call_depends_on_counts() {
        let same = |change: fn(&mut ToolSpec)| {
            let one = spec(r#"{"type":"object"}"#);
            let mut other = one.clone();
            change(&mut other);
            one.digest() == other.digest()
        };
        assert!(same(|spec| spec.description = "Adds".into()));
        assert!(same(|spec| spec.title = Some("Add".into())));
        assert!(same(|spec| spec.parallel = Some(true)));
        assert!(!same(|spec| spec.name = "sub".into()));
        assert!(!same(|spec| spec.effects = ToolEffects::None));
        assert!(!same(|spec| spec.executor = ToolExecutor::InProcess));
        assert!(!same(|spec| spec.input_schema = Json::parse(r#"{"type":"null"}"#).unwrap()));
    }
}

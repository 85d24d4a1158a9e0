//! The keys by which a profile says a secret, or where it is.

use llm_engine::providers::SecretString;
use serde::{Deserialize, Deserializer, de::Error};
use toml::{Table, Value};

use crate::{Secret, SecretPlace};

/// The form of a place.
const FORM: &str = "{ env = \"VARIABLE\" } or { file = \"PATH\" }";

/// A secret, written there or elsewhere.
pub(crate) struct RawSecret(pub(crate) Secret);

/// The place of a secret that must not be written there.
pub(crate) struct RawPlace(pub(crate) SecretPlace);

impl<'de> Deserialize<'de> for RawSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A value of any type is read first, because the errors of derived code would repeat it.
        let secret = match Value::deserialize(deserializer)? {
            Value::String(secret) => Secret::Written(SecretString::from(secret)),
            Value::Table(table) => Secret::Kept(place(&table).map_err(D::Error::custom)?),
            _ => return Err(D::Error::custom(format!("expected text, {FORM}"))),
        };
        Ok(Self(secret))
    }
}

impl<'de> Deserialize<'de> for RawPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match RawSecret::deserialize(deserializer)?.0 {
            Secret::Kept(place) => Ok(Self(place)),
            Secret::Written(_) => {
                Err(D::Error::custom(format!("a key is not written here; say where it is: {FORM}")))
            }
        }
    }
}

fn place(table: &Table) -> Result<SecretPlace, String> {
    match (table.len(), table.get("env"), table.get("file")) {
        (1, Some(Value::String(name)), _) => {
            SecretPlace::variable(name).map_err(|problem| format!("env {problem}"))
        }
        (1, _, Some(Value::String(path))) => Ok(SecretPlace::File(path.into())),
        _ => Err(format!("expected {FORM}")),
    }
}

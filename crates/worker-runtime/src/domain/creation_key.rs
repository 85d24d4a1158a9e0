//! The idempotency keys of creations, as a store keeps them: each with its tenant.

use std::sync::Arc;

/// The mark before the name of a tenant in a stored key, and after it. A name has no control
/// characters.
const MARK: char = '\u{1}';

/// Returns the stored form of a key that came with a creation for this tenant, or for none. Two keys
/// have the same form only if both the tenants and the keys are the same.
pub(crate) fn stored(tenant: Option<&str>, key: &str) -> Arc<str> {
    match tenant {
        Some(tenant) => format!("{MARK}{tenant}{MARK}{key}").into(),
        // No tenant has an empty name.
        None if key.starts_with(MARK) => format!("{MARK}{MARK}{key}").into(),
        None => key.into(),
    }
}

/// Returns the name of the tenant in the stored form of a key, if there is one.
pub(crate) fn tenant_of(stored: &str) -> Option<&str> {
    let (tenant, _) = stored.strip_prefix(MARK)?.split_once(MARK)?;
    Some(tenant).filter(|tenant| !tenant.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_of_two_tenants_never_meet() {
        let mut seen = BTreeSet::new();
        let keys = ["k", "", "\u{1}", "\u{1}k", "a\u{1}k", "\u{1}a\u{1}k", "\u{1}\u{1}k"];
        for tenant in [None, Some("a"), Some("b"), Some("k")] {
            for key in keys {
                let stored = stored(tenant, key);
                assert_eq!(tenant_of(&stored), tenant, "{stored:?}");
                assert!(seen.insert(stored), "{tenant:?} {key:?}");
            }
        }
        assert_eq!(&*stored(None, "k"), "k");
    }
}

//! Labels and metadata: small maps of strings.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

/// The labels of a Worker, which its Backend chooses. Lists and subscriptions filter by labels.
pub type Labels = BTreeMap<String, String>;

/// Returns the empty labels that all Workers without labels share.
pub(crate) fn no_labels() -> Arc<Labels> {
    static NO_LABELS: LazyLock<Arc<Labels>> = LazyLock::new(Arc::default);
    Arc::clone(&NO_LABELS)
}

/// Puts labels behind an `Arc`. Empty labels share one allocation, because most Workers have none.
pub(crate) fn shared_labels(labels: Labels) -> Arc<Labels> {
    if labels.is_empty() { no_labels() } else { Arc::new(labels) }
}

/// The metadata that a Backend adds to a command, such as an actor or a trace id. The Runtime does
/// not interpret the metadata, and shows it on everything that the command causes.
pub type Meta = BTreeMap<String, String>;

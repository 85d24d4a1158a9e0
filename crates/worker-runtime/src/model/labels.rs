//! Small maps of strings: labels, their patches, and meta.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

/// Labels of a Worker: what a Backend files it under. Lists and subscriptions filter by them.
pub type Labels = BTreeMap<String, String>;

/// Empty labels, which all Workers without labels share.
pub(crate) fn no_labels() -> Arc<Labels> {
    static NO_LABELS: LazyLock<Arc<Labels>> = LazyLock::new(Arc::default);
    Arc::clone(&NO_LABELS)
}

/// Labels behind an `Arc`, which takes no allocation where they are empty: most Workers have none.
pub(crate) fn shared_labels(labels: Labels) -> Arc<Labels> {
    if labels.is_empty() { no_labels() } else { Arc::new(labels) }
}

/// A change of labels: a value sets one, `null` removes one, the others stay.
pub type LabelPatch = BTreeMap<String, Option<String>>;

/// A Backend's own remarks on a command, such as actor and trace. Opaque to the Runtime, and shown
/// on everything that the command causes.
pub type Meta = BTreeMap<String, String>;

//! Small maps of strings: labels, their patches, and meta.

use std::collections::BTreeMap;

use crate::model::Usual;

/// Labels of a Worker: what a Backend files it under. Lists and subscriptions filter by them.
pub type Labels = BTreeMap<String, String>;

impl Usual for Labels {
    fn usual() -> &'static Self {
        static EMPTY: Labels = Labels::new();
        &EMPTY
    }
}

/// A change of labels: a value sets one, `null` removes one, the others stay.
pub type LabelPatch = BTreeMap<String, Option<String>>;

/// A Backend's own remarks on a command, such as actor and trace. Opaque to the Runtime, and shown
/// on everything that the command causes.
pub type Meta = BTreeMap<String, String>;

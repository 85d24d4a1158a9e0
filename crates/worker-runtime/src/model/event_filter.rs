//! Filters of events, by type and by label.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EventType, Labels};

/// Which events somebody wants. Both parts must match; an absent part matches all.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EventFilter {
    /// Events of these types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<Vec<EventType>>,
    /// Events of Workers that have all these labels when the event is published. The event with
    /// which a Worker ceases to match is still delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::labels")]
    pub labels: Option<Labels>,
}

impl EventFilter {
    /// Returns whether an event matches by its type and by its Worker's labels: the labels after
    /// the event or, if the event changed them, those before it. Events of the Runtime itself have
    /// no labels.
    pub(crate) fn passes(
        &self,
        event_type: EventType,
        labels: &Labels,
        labels_before: Option<&Labels>,
    ) -> bool {
        let wants_type = self.types.as_ref().is_none_or(|types| types.contains(&event_type));
        let wants_labels = |labels: &Labels| {
            self.labels.as_ref().is_none_or(|wanted| {
                wanted.iter().all(|(name, value)| labels.get(name) == Some(value))
            })
        };
        wants_type && (wants_labels(labels) || labels_before.is_some_and(wants_labels))
    }
}

//! Filters of events, by type and by label.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EventType, Labels};

/// A filter of events. An event passes if it matches `types`, `labels` and `tenant`.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EventFilter {
    /// The types of the events that pass, at most 64; an empty list passes none. If absent, events of
    /// all types pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub types: Option<Vec<EventType>>,
    /// Labels, at most `labels` of them. Names have 1 to `label_chars` characters and values at most
    /// `label_chars`, none of them a control character. An event passes if its Worker has all of
    /// them when the event is published. The event with which a Worker ceases to have them passes too. Events of
    /// the Runtime itself have no labels. If absent, events pass whatever the labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_labels")]
    pub labels: Option<Labels>,
    /// The tenant whose Workers' events pass, of 1 to `label_chars` characters, none of them a
    /// control character. Events of the Runtime itself belong to no tenant. If absent, events pass
    /// whatever the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_tenant")]
    pub tenant: Option<String>,
}

impl EventFilter {
    /// Returns whether an event matches by its type, by its Worker's tenant and by its Worker's labels: the labels after
    /// the event or, if the event changed them, those before it. Events of the Runtime itself have
    /// no labels.
    pub(crate) fn passes(
        &self,
        event_type: EventType,
        tenant: Option<&str>,
        labels: &Labels,
        labels_before: Option<&Labels>,
    ) -> bool {
        let wants_type = self.types.as_ref().is_none_or(|types| types.contains(&event_type));
        let wants_labels = |labels: &Labels| {
            self.labels.as_ref().is_none_or(|wanted| {
                wanted.iter().all(|(name, value)| labels.get(name) == Some(value))
            })
        };
        let wants_tenant = self.tenant.as_deref().is_none_or(|wanted| Some(wanted) == tenant);
        wants_type
            && wants_tenant
            && (wants_labels(labels) || labels_before.is_some_and(wants_labels))
    }
}

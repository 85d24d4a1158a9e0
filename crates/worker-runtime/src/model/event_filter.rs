//! Which events somebody wants.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    log::runtime_log::{Commit, RuntimeFact, RuntimeSource, Slot, Source},
    model::{EventType, Labels},
    store::{Fact, StoredEvent},
};

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
    pub(crate) fn wants(&self, event_type: EventType) -> bool {
        self.types.as_ref().is_none_or(|types| types.contains(&event_type))
    }

    pub(crate) fn has_labels(&self, labels: &Labels) -> bool {
        self.labels
            .as_ref()
            .is_none_or(|wanted| wanted.iter().all(|(name, value)| labels.get(name) == Some(value)))
    }

    pub(crate) fn matches(&self, event: &StoredEvent) -> bool {
        let had_labels = match &event.fact {
            Fact::WorkerUpdated { labels_before: Some(before), .. } => self.has_labels(before),
            Fact::WorkerUpdated { labels_before: None, .. }
            | Fact::WorkerCreated { .. }
            | Fact::WorkerStateChanged { .. }
            | Fact::WorkerDeleted
            | Fact::InputAccepted { .. }
            | Fact::TurnStarted
            | Fact::TurnRetrying { .. }
            | Fact::TurnEnded { .. } => false,
        };
        self.wants(event.event_type()) && (had_labels || self.has_labels(&event.labels))
    }

    pub(crate) fn matches_slot(&self, slot: &Slot) -> bool {
        match &slot.source {
            Source::Worker { event, .. } => self.matches(event),
            Source::Runtime(source) => self.matches_source(source),
        }
    }

    /// Whether the event at a place of a commit is wanted.
    pub(crate) fn matches_in(&self, commit: &Commit, place: usize) -> bool {
        match commit {
            Commit::Worker { run, .. } => run.is_wanted(place, self),
            Commit::Runtime(source) => self.matches_source(source),
        }
    }

    fn matches_source(&self, source: &RuntimeSource) -> bool {
        let event_type = match &source.fact {
            RuntimeFact::Started => EventType::RuntimeStarted,
            RuntimeFact::Stopping { .. } => EventType::RuntimeStopping,
            RuntimeFact::Stopped => EventType::RuntimeStopped,
            RuntimeFact::Diagnostic(_) => EventType::Diagnostic,
        };
        self.wants(event_type) && self.labels.as_ref().is_none_or(Labels::is_empty)
    }
}

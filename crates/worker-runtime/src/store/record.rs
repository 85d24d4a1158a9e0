//! The stored record of a Worker: everything but its transcript, earlier turns, events and keys.

use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    identity::{DisplayName, DisplayRef, RuntimeIdentity, WorkerId},
    lifecycle,
    model::{
        CapabilityGrant, ConfigBundle, Intent, Labels, ProfileSelector, ScopeClaim, TurnOutcome,
        Usage, WorkerDetail, WorkerState, WorkerSummary, no_labels, shared_labels,
    },
    store::StoredTurn,
};

/// The stored properties and state of a Worker, without its transcript. A change replaces the
/// record as a whole.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct WorkerRecord {
    /// The id of the Worker.
    pub worker_id: WorkerId,
    /// The Worker's place in the order of creation; unique in the store.
    pub ordinal: u64,
    /// The number of commits about the Worker; the creation is the first.
    pub version: u64,
    /// The tenant that the Worker belongs to, if it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Arc<str>>,
    /// The name for people, if one was given.
    pub display_name: Option<Arc<str>>,
    /// The labels, by which lists and subscriptions filter.
    #[serde(deserialize_with = "deserialize_labels")]
    pub labels: Arc<Labels>,
    /// The properties that rarely differ between Workers.
    #[serde(deserialize_with = "deserialize_spec")]
    pub spec: Arc<WorkerSpec>,
    /// The Worker's state in the lifecycle.
    pub state: WorkerState,
    /// The outcome of the turn that ended last.
    pub last_outcome: Option<TurnOutcome>,
    /// The latest turn, running or ended.
    pub turn: Option<Arc<StoredTurn>>,
    /// The number of turns that were begun; the latest has this ordinal.
    pub turns: u64,
    /// The number of entries in the transcript.
    pub entries: u64,
    /// The sum of the usage of all ended turns.
    pub usage: Usage,
    /// The sequence of the Worker's last event.
    pub worker_sequence: u64,
    /// When the Worker was created, in milliseconds since the Unix epoch.
    pub created_at_ms: u64,
    /// When the Worker's last event happened, in milliseconds since the Unix epoch.
    pub active_at_ms: u64,
    /// The reason that was given when the Worker was stopped or cancelled.
    pub end_reason: Option<Arc<str>>,
}

/// The properties of a Worker that rarely differ between Workers.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct WorkerSpec {
    /// Why the Worker exists.
    pub intent: Intent,
    /// The profile of the Worker's next turn.
    pub profile: ProfileSelector,
    /// The instructions that replace those of the profile.
    pub instructions: Option<Arc<str>>,
    /// The configuration that the Backend keeps elsewhere.
    pub config_bundle: Option<Arc<ConfigBundle>>,
    /// The capabilities that were requested at creation, each with the decision about it.
    pub capabilities: Vec<CapabilityGrant>,
    /// The claims that were made at creation.
    pub scope_claims: Vec<ScopeClaim>,
}

impl WorkerSpec {
    /// Puts the spec behind an `Arc`. All Workers with the default spec share one allocation.
    pub(crate) fn shared(self) -> Arc<Self> {
        static DEFAULT: LazyLock<Arc<WorkerSpec>> = LazyLock::new(Arc::default);
        if self == **DEFAULT { Arc::clone(&DEFAULT) } else { Arc::new(self) }
    }
}

impl WorkerRecord {
    /// Returns the record of a new Worker with default properties, before its first event.
    pub(crate) fn new(worker_id: WorkerId, ordinal: u64, now_ms: u64) -> Self {
        Self {
            worker_id,
            ordinal,
            version: 1,
            tenant: None,
            display_name: None,
            labels: no_labels(),
            spec: WorkerSpec::default().shared(),
            state: WorkerState::Idle,
            last_outcome: None,
            turn: None,
            turns: 0,
            entries: 0,
            usage: Usage::default(),
            worker_sequence: 0,
            created_at_ms: now_ms,
            active_at_ms: now_ms,
            end_reason: None,
        }
    }

    /// Returns a copy of the record with the next version number, for a draft to change.
    pub(crate) fn next(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }

    /// Returns the running turn, if there is one.
    #[must_use]
    pub fn running_turn(&self) -> Option<&Arc<StoredTurn>> {
        self.turn.as_ref().filter(|turn| turn.outcome.is_none())
    }

    /// Returns the Worker's public detail, with the number of pieces of text that came after the end
    /// of its latest turn.
    pub(crate) fn detail(&self, identity: &RuntimeIdentity, late_dropped: u64) -> WorkerDetail {
        let WorkerSummary {
            worker,
            display_name,
            display_ref,
            state,
            labels,
            tenant,
            turn_id,
            turn_started_at_ms,
            last_outcome,
            entries,
            usage,
            worker_sequence,
            created_at_ms,
            active_at_ms,
        } = self.summary(identity);
        let spec = &*self.spec;
        WorkerDetail {
            worker,
            display_name,
            display_ref,
            state,
            labels,
            tenant,
            turn_id,
            turn_started_at_ms,
            last_outcome,
            entries,
            usage,
            worker_sequence,
            created_at_ms,
            active_at_ms,
            intent: spec.intent.clone(),
            profile: spec.profile.clone(),
            instructions: spec.instructions.clone(),
            config_bundle: spec.config_bundle.clone(),
            capabilities: spec.capabilities.clone(),
            scope_claims: spec.scope_claims.clone(),
            last_turn: self.turn.as_ref().map(|turn| Arc::new(turn.shown(late_dropped))),
            allowed_commands: lifecycle::allowed_commands(state).to_vec(),
            end_reason: self.end_reason.clone(),
        }
    }

    /// Returns the Worker's public summary, which lists show.
    pub(crate) fn summary(&self, identity: &RuntimeIdentity) -> WorkerSummary {
        let running = self.running_turn();
        let display_name = DisplayName::of(self.worker_id, self.display_name.as_ref());
        WorkerSummary {
            worker: identity.worker(self.worker_id),
            display_ref: DisplayRef::of(display_name.clone(), &identity.display_name),
            display_name,
            state: self.state,
            labels: self.labels.clone(),
            tenant: self.tenant.clone(),
            turn_id: running.map(|turn| turn.turn_id),
            turn_started_at_ms: running.and_then(|turn| turn.started_at_ms),
            last_outcome: self.last_outcome,
            entries: self.entries,
            usage: self.usage,
            worker_sequence: self.worker_sequence,
            created_at_ms: self.created_at_ms,
            active_at_ms: self.active_at_ms,
        }
    }
}

fn deserialize_labels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Labels>, D::Error> {
    Labels::deserialize(deserializer).map(shared_labels)
}

fn deserialize_spec<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Arc<WorkerSpec>, D::Error> {
    WorkerSpec::deserialize(deserializer).map(WorkerSpec::shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back_share_what_most_workers_have_in_common() {
        let record = WorkerRecord::new(WorkerId::NIL, 1, 0);
        let json = serde_json::to_string(&record).unwrap();
        let read_back: WorkerRecord = serde_json::from_str(&json).unwrap();
        assert!(Arc::ptr_eq(&read_back.labels, &record.labels));
        assert!(Arc::ptr_eq(&read_back.spec, &record.spec));
    }
}

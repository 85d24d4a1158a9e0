//! What the Runtime knows of a Worker, as it is committed and kept.

use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    identity::{DisplayName, DisplayRef, RuntimeIdentity, WorkerId},
    lifecycle,
    model::{
        CapabilityGrant, ConfigBundle, Intent, Labels, ProfileSelector, ScopeClaim, TurnDetail,
        TurnOutcome, Usage, WorkerDetail, WorkerState, WorkerSummary, no_labels, shared_labels,
    },
};

/// A Worker, without its transcript. Replaced as a whole when something changes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct WorkerRecord {
    /// The Worker.
    pub worker_id: WorkerId,
    /// Its place in the order of creation; unique in the store.
    pub ordinal: u64,
    /// How many commits it has seen; the creation is the first.
    pub version: u64,
    /// The name it was given, if it was.
    pub display_name: Option<Arc<str>>,
    /// What it is filed under.
    #[serde(deserialize_with = "deserialize_labels")]
    pub labels: Arc<Labels>,
    /// What rarely differs between Workers.
    #[serde(deserialize_with = "deserialize_spec")]
    pub spec: Arc<WorkerSpec>,
    /// Where it is in its life.
    pub state: WorkerState,
    /// How the turn that ended last went.
    pub last_outcome: Option<TurnOutcome>,
    /// The latest turn, running or ended.
    pub turn: Option<Arc<TurnDetail>>,
    /// How many turns were begun; the latest has this ordinal.
    pub turns: u64,
    /// How many entries the transcript has.
    pub entries: u64,
    /// What ended turns consumed.
    pub usage: Usage,
    /// The sequence of its last event.
    pub worker_sequence: u64,
    /// When it was created, in milliseconds since the Unix epoch.
    pub created_at_ms: u64,
    /// When its last event was, in milliseconds since the Unix epoch.
    pub active_at_ms: u64,
    /// The reason given when it was stopped or cancelled.
    pub end_reason: Option<Arc<str>>,
}

/// What rarely differs between Workers.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct WorkerSpec {
    /// Why it exists.
    pub intent: Intent,
    /// The profile of its next turn.
    pub profile: ProfileSelector,
    /// Its own instructions.
    pub instructions: Option<Arc<str>>,
    /// The configuration that the Backend keeps elsewhere.
    pub config_bundle: Option<Arc<ConfigBundle>>,
    /// What was asked for at creation, and what came of it.
    pub capabilities: Vec<CapabilityGrant>,
    /// What it claimed at creation.
    pub scope_claims: Vec<ScopeClaim>,
}

impl WorkerSpec {
    /// The spec behind an `Arc`. All Workers for which nothing was asked share one allocation.
    pub(crate) fn shared(self) -> Arc<Self> {
        static DEFAULT: LazyLock<Arc<WorkerSpec>> = LazyLock::new(Arc::default);
        if self == **DEFAULT { Arc::clone(&DEFAULT) } else { Arc::new(self) }
    }
}

impl WorkerRecord {
    /// A Worker that was just created, without anything asked for, and has not said so yet.
    pub(crate) fn new(worker_id: WorkerId, ordinal: u64, now_ms: u64) -> Self {
        Self {
            worker_id,
            ordinal,
            version: 1,
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

    /// The record that follows this one, as long as nothing else has changed.
    pub(crate) fn next(&self) -> Self {
        Self { turn: self.turn.clone(), ..self.next_but_for_turn() }
    }

    /// The record that follows this one when another turn takes the place of its latest: that one need
    /// not be counted.
    pub(crate) fn next_but_for_turn(&self) -> Self {
        Self {
            worker_id: self.worker_id,
            ordinal: self.ordinal,
            version: self.version + 1,
            display_name: self.display_name.clone(),
            labels: self.labels.clone(),
            spec: self.spec.clone(),
            state: self.state,
            last_outcome: self.last_outcome,
            turn: None,
            turns: self.turns,
            entries: self.entries,
            usage: self.usage,
            worker_sequence: self.worker_sequence,
            created_at_ms: self.created_at_ms,
            active_at_ms: self.active_at_ms,
            end_reason: self.end_reason.clone(),
        }
    }

    /// The turn that runs, if one does.
    #[must_use]
    pub fn running_turn(&self) -> Option<&Arc<TurnDetail>> {
        self.turn.as_ref().filter(|turn| turn.outcome.is_none())
    }

    /// The detail that people see, with this as its latest turn.
    pub(crate) fn detail(
        &self,
        owner: &RuntimeIdentity,
        last_turn: Option<Arc<TurnDetail>>,
    ) -> WorkerDetail {
        let WorkerSummary {
            worker,
            display_name,
            display_ref,
            state,
            labels,
            turn_id,
            turn_started_at_ms,
            last_outcome,
            entries,
            usage,
            worker_sequence,
            created_at_ms,
            active_at_ms,
        } = self.summary(owner);
        let spec = &*self.spec;
        WorkerDetail {
            worker,
            display_name,
            display_ref,
            state,
            labels,
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
            last_turn,
            allowed_commands: lifecycle::allowed_commands(state).to_vec(),
            end_reason: self.end_reason.clone(),
        }
    }

    /// The summary that lists show.
    pub(crate) fn summary(&self, owner: &RuntimeIdentity) -> WorkerSummary {
        let running = self.running_turn();
        let display_name = DisplayName::of(self.worker_id, self.display_name.as_ref());
        WorkerSummary {
            worker: owner.worker(self.worker_id),
            display_ref: DisplayRef::of(display_name.clone(), &owner.display_name),
            display_name,
            state: self.state,
            labels: self.labels.clone(),
            turn_id: running.map(|turn| turn.turn_id),
            turn_started_at_ms: running.map(|turn| turn.started_at_ms),
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

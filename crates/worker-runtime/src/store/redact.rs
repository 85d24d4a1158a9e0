//! What remains of an event when its Worker is deleted: envelope, ids, states and figures.

use std::sync::Arc;

use crate::{
    model::{
        CapabilityGrant, Intent, IntentAssistant, IntentRole, IntentTask, ProfileSelector,
        ScopeClaim, Shared, TranscriptEntry, TurnDetail, TurnError,
    },
    store::{
        WorkerRecord, WorkerSpec,
        stored_event::{Fact, RetryFact, StoredEvent},
    },
};

impl StoredEvent {
    /// Takes every name, text, label, remark, key and reason out of the event.
    ///
    /// The deletion itself goes on to match by labels, which it does not show: subscribers who filter
    /// by them are told that the Worker is gone.
    pub(crate) fn redact(&mut self) {
        self.redacted = true;
        self.tags = Shared::usual();
        if !matches!(self.fact, Fact::WorkerDeleted) {
            self.labels = Shared::usual();
        }
        match &mut self.fact {
            Fact::WorkerCreated { record } => *record = Arc::new(redacted_record(record)),
            Fact::WorkerUpdated { record, labels_before } => {
                *record = Arc::new(redacted_record(record));
                *labels_before = None;
            }
            Fact::WorkerStateChanged { reason, .. } => *reason = None,
            Fact::InputAccepted { entry } => *entry = Arc::new(redacted_entry(entry)),
            Fact::TurnRetrying { retry } => {
                *retry = Arc::new(RetryFact {
                    attempt: retry.attempt,
                    delay_ms: retry.delay_ms,
                    error: redacted_error(&retry.error),
                });
            }
            Fact::TurnEnded { turn, entry } => {
                *turn = Arc::new(redacted_turn(turn));
                *entry = entry.as_ref().map(|it| Arc::new(redacted_entry(it)));
            }
            Fact::WorkerDeleted | Fact::TurnStarted => {}
        }
    }
}

pub(crate) fn redacted_record(record: &WorkerRecord) -> WorkerRecord {
    let spec = &record.spec;
    WorkerRecord {
        display_name: Some("".into()),
        labels: Shared::usual(),
        spec: Shared::from(WorkerSpec {
            intent: redacted_intent(&spec.intent).into(),
            profile: redacted_profile(&spec.profile).into(),
            instructions: None,
            config_bundle: None,
            capabilities: spec.capabilities.iter().map(redacted_capability).collect(),
            scope_claims: spec.scope_claims.iter().map(redacted_claim).collect(),
        }),
        turn: record.turn.as_ref().map(|turn| Arc::new(redacted_turn(turn))),
        end_reason: None,
        ..record.clone()
    }
}

fn redacted_intent(intent: &Intent) -> Intent {
    match intent {
        Intent::Assistant(_) => Intent::Assistant(IntentAssistant { purpose: None }),
        Intent::Task(_) => Intent::Task(IntentTask { objective: String::new() }),
        Intent::Role(_) => Intent::Role(IntentRole { role: String::new(), purpose: None }),
    }
}

fn redacted_profile(profile: &ProfileSelector) -> ProfileSelector {
    match profile {
        ProfileSelector::RuntimeDefault(_) => ProfileSelector::default(),
        ProfileSelector::Builtin(_) => ProfileSelector::builtin(""),
        ProfileSelector::Named(_) => ProfileSelector::named(""),
    }
}

fn redacted_capability(grant: &CapabilityGrant) -> CapabilityGrant {
    CapabilityGrant { name: String::new(), granted: grant.granted, why: None }
}

fn redacted_claim(claim: &ScopeClaim) -> ScopeClaim {
    ScopeClaim { resource: String::new(), access: claim.access }
}

pub(crate) fn redacted_turn(turn: &TurnDetail) -> TurnDetail {
    TurnDetail {
        profile: redacted_profile(&turn.profile).into(),
        model: None,
        error: turn.error.as_ref().map(|error| Box::new(redacted_error(error))),
        reason: None,
        tags: Shared::usual(),
        ..turn.clone()
    }
}

fn redacted_error(error: &TurnError) -> TurnError {
    TurnError { message: String::new(), ..error.clone() }
}

pub(crate) fn redacted_entry(entry: &TranscriptEntry) -> TranscriptEntry {
    TranscriptEntry { text: "".into(), tags: Shared::usual(), ..entry.clone() }
}

//! Redacts the events of a deleted Worker. The envelope, ids, states and figures remain.

use std::sync::Arc;

use crate::{
    model::{
        CapabilityGrant, Intent, IntentAssistant, IntentRole, IntentTask, ProfileSelector,
        ScopeClaim, TurnError, no_labels,
    },
    store::{
        StoredEntry, StoredEvent, StoredEventBody, StoredRetry, StoredTurn, WorkerRecord,
        WorkerSpec,
    },
};

impl StoredEvent {
    /// Returns the event without names, texts, labels, metadata, keys and reasons.
    ///
    /// A `worker_deleted` event keeps its labels, which are not shown, so that subscribers that
    /// filter by labels still receive the event.
    pub(crate) fn redacted(&self) -> Self {
        let body = match &self.body {
            StoredEventBody::WorkerCreated { record } => {
                StoredEventBody::WorkerCreated { record: Arc::new(redacted_record(record)) }
            }
            StoredEventBody::WorkerUpdated { record, labels_before: _ } => {
                let record = Arc::new(redacted_record(record));
                StoredEventBody::WorkerUpdated { record, labels_before: None }
            }
            StoredEventBody::WorkerStateChanged { from, to, reason: _ } => {
                StoredEventBody::WorkerStateChanged { from: *from, to: *to, reason: None }
            }
            StoredEventBody::TurnRetrying { retry } => {
                let error = redacted_error(&retry.error);
                let retry = Arc::new(StoredRetry { error, ..**retry });
                StoredEventBody::TurnRetrying { retry }
            }
            StoredEventBody::Unknown(unknown) => StoredEventBody::Unknown(unknown.redacted()),
            StoredEventBody::WorkerDeleted
            | StoredEventBody::InputAccepted { .. }
            | StoredEventBody::TurnStarted
            | StoredEventBody::TurnEnded { .. } => self.body.clone(),
        };
        let is_deletion = matches!(body, StoredEventBody::WorkerDeleted);
        let labels = if is_deletion { self.labels.clone() } else { no_labels() };
        let Self { sequence, at_ms, turn_id, .. } = *self;
        Self { sequence, at_ms, turn_id, metadata: None, labels, body }
    }
}

/// Returns the record without names and texts.
pub(crate) fn redacted_record(record: &WorkerRecord) -> WorkerRecord {
    let spec = &record.spec;
    WorkerRecord {
        display_name: Some("".into()),
        labels: no_labels(),
        spec: Arc::new(WorkerSpec {
            intent: redacted_intent(&spec.intent),
            profile: redacted_profile(&spec.profile),
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
        Intent::Unknown(unknown) => Intent::Unknown(Box::new(unknown.redacted())),
    }
}

fn redacted_profile(profile: &ProfileSelector) -> ProfileSelector {
    match profile {
        ProfileSelector::RuntimeDefault(_) => ProfileSelector::default(),
        ProfileSelector::Builtin(_) => ProfileSelector::builtin(""),
        ProfileSelector::Named(_) => ProfileSelector::named(""),
        ProfileSelector::Unknown(unknown) => ProfileSelector::Unknown(Box::new(unknown.redacted())),
    }
}

fn redacted_capability(grant: &CapabilityGrant) -> CapabilityGrant {
    CapabilityGrant { name: String::new(), granted: grant.granted, why: None }
}

fn redacted_claim(claim: &ScopeClaim) -> ScopeClaim {
    ScopeClaim { resource: String::new(), access: claim.access }
}

pub(crate) fn redacted_turn(turn: &StoredTurn) -> StoredTurn {
    StoredTurn {
        profile: redacted_profile(&turn.profile),
        model: None,
        error: turn.error.as_ref().map(|error| Box::new(redacted_error(error))),
        reason: None,
        idempotency_key: None,
        meta: None,
        ..turn.clone()
    }
}

fn redacted_error(error: &TurnError) -> TurnError {
    TurnError { message: String::new(), provider: None, ..error.clone() }
}

pub(crate) fn redacted_entry(entry: &StoredEntry) -> StoredEntry {
    StoredEntry { text: "".into(), idempotency_key: None, meta: None, ..entry.clone() }
}

//! Converts logged events into the events that subscribers receive.

use std::sync::Arc;

use llm_engine::{Role, StopReason};

use super::{EventBlock, Published, RuntimeFact, RuntimeSource, Source, event_block::JoinedEvent};
use crate::{
    identity::{DisplayRef, Epoch, RuntimeIdentity},
    model::{
        Cursor, EventBody, LogId, Position, RuntimeEvent, StreamEvent, TranscriptEntry, TurnError,
        TurnOutcome, Usage, WorkerDetail,
    },
    store::{CommandMetadata, StoredEntry, StoredEventBody, StoredTurn, WorkerRecord},
};

/// Converts logged events into [`RuntimeEvent`]s, which also name the Runtime and its epoch.
#[derive(Clone, Debug)]
pub(crate) struct Presenter {
    pub(crate) identity: RuntimeIdentity,
    pub(crate) epoch: Epoch,
}

impl Presenter {
    /// Returns the cursor right after the event `sequence` of a log.
    pub(crate) fn cursor(&self, log: LogId, sequence: u64) -> Cursor {
        Position { runtime_id: self.identity.runtime_id, log, sequence }.into()
    }

    /// Returns the events of a commit as a subscription to `log` delivers them.
    pub(crate) fn show(&self, commit: &Published, log: LogId) -> Box<[Arc<StreamEvent>]> {
        (0..commit.len()).map(|index| self.show_one(commit, index, log)).collect()
    }

    /// Returns the event of a commit at `index` as a subscription to `log` delivers it.
    pub(crate) fn show_one(
        &self,
        commit: &Published,
        index: usize,
        log: LogId,
    ) -> Arc<StreamEvent> {
        let sequence = commit.first + index as u64;
        let mut event = match &commit.source {
            Source::Worker(block) => self.worker_event(block, index),
            Source::Runtime(source) => self.runtime_event(source),
        };
        if let LogId::Runtime(_) = log {
            event.sequence = Some(sequence);
        }
        Arc::new(StreamEvent { event, cursor: self.cursor(log, sequence) })
    }

    /// Returns an event of a Worker, without its sequence in the Runtime's log.
    fn worker_event(&self, block: &EventBlock, index: usize) -> RuntimeEvent {
        let event = &block.events[index];
        if block.is_erased() {
            return self.event_of(&event.redacted(), block, index, true);
        }
        self.event_of(event, block, index, false)
    }

    fn event_of(
        &self,
        event: &JoinedEvent,
        block: &EventBlock,
        index: usize,
        redacted: bool,
    ) -> RuntimeEvent {
        RuntimeEvent {
            worker: Some(self.identity.worker(block.owner.worker_id)),
            tenant: block.owner.tenant.clone(),
            worker_sequence: Some(block.first + index as u64),
            turn_id: event.stored.turn_id,
            redacted,
            ..self.envelope(
                event.stored.at_ms,
                event.stored.metadata.as_deref(),
                self.body(event, redacted),
            )
        }
    }

    fn runtime_event(&self, source: &RuntimeSource) -> RuntimeEvent {
        let (mut worker, mut tenant, mut turn_id) = (None, None, None);
        let body = match &source.fact {
            RuntimeFact::Started => EventBody::RuntimeStarted {},
            RuntimeFact::Stopping { reason } => {
                EventBody::RuntimeStopping { reason: reason.clone() }
            }
            RuntimeFact::Stopped => EventBody::RuntimeStopped {},
            RuntimeFact::Diagnostic(diagnostic) => {
                let diagnostic = (**diagnostic).clone();
                (worker, turn_id) = (diagnostic.worker, diagnostic.turn_id);
                tenant.clone_from(&diagnostic.tenant);
                EventBody::Diagnostic { diagnostic }
            }
        };
        RuntimeEvent {
            worker,
            tenant,
            turn_id,
            ..self.envelope(source.at_ms, source.metadata.as_deref(), body)
        }
    }

    fn envelope(
        &self,
        at_ms: u64,
        metadata: Option<&CommandMetadata>,
        body: EventBody,
    ) -> RuntimeEvent {
        RuntimeEvent {
            body,
            runtime_id: self.identity.runtime_id,
            epoch: self.epoch,
            sequence: None,
            worker: None,
            tenant: None,
            worker_sequence: None,
            at_ms,
            turn_id: None,
            meta: metadata.and_then(|metadata| metadata.meta.clone()),
            idempotency_key: metadata.and_then(|metadata| metadata.idempotency_key.clone()),
            redacted: false,
        }
    }

    fn body(&self, event: &JoinedEvent, redacted: bool) -> EventBody {
        match &event.stored.body {
            StoredEventBody::WorkerCreated { record } => {
                EventBody::WorkerCreated { detail: self.detail(record, redacted) }
            }
            StoredEventBody::WorkerUpdated { record, labels_before: _ } => {
                EventBody::WorkerUpdated { detail: self.detail(record, redacted) }
            }
            StoredEventBody::WorkerStateChanged { from, to, reason } => {
                EventBody::WorkerStateChanged { from: *from, to: *to, reason: reason.clone() }
            }
            StoredEventBody::Unknown(unknown) => EventBody::Unknown(unknown.redacted()),
            StoredEventBody::WorkerDeleted => EventBody::WorkerDeleted {},
            StoredEventBody::InputAccepted { entry: sequence } => {
                let entry = event.entry.as_ref().map(|entry| entry.shown());
                let entry = Arc::new(entry.unwrap_or_else(|| blank_entry(*sequence)));
                EventBody::InputAccepted { entry }
            }
            StoredEventBody::TurnStarted => EventBody::TurnStarted {},
            StoredEventBody::TurnRetrying { retry } => EventBody::TurnRetrying {
                attempt: retry.attempt,
                delay_ms: retry.delay_ms,
                error: retry.error.clone(),
            },
            StoredEventBody::TurnEnded { turn: _, outcome } => {
                end_of_turn(*outcome, event.turn.as_deref(), event.entry.as_deref())
            }
        }
    }

    fn detail(&self, record: &WorkerRecord, redacted: bool) -> Arc<WorkerDetail> {
        let mut detail = record.detail(&self.identity, 0);
        if redacted {
            detail.display_ref = DisplayRef::erased();
        }
        Arc::new(detail)
    }
}

fn end_of_turn(
    outcome: TurnOutcome,
    turn: Option<&StoredTurn>,
    entry: Option<&StoredEntry>,
) -> EventBody {
    let usage = turn.map(|turn| turn.usage).unwrap_or_default();
    match (outcome, entry.map(|entry| Arc::new(entry.shown()))) {
        (TurnOutcome::Completed, Some(entry)) => {
            let stop_reason = turn.and_then(|turn| turn.stop_reason).unwrap_or(StopReason::Other);
            EventBody::TurnCompleted { stop_reason, usage, entry }
        }
        (TurnOutcome::Failed, entry) => {
            let error = turn.and_then(|turn| turn.error.as_deref().cloned());
            let error = error.unwrap_or_else(|| TurnError::store(""));
            EventBody::TurnFailed { error, usage, entry }
        }
        (TurnOutcome::Cancelled, entry) => {
            let reason = turn.and_then(|turn| turn.reason.clone());
            EventBody::TurnCancelled { reason, usage, entry }
        }
        (TurnOutcome::Completed, None) | (TurnOutcome::Lost, _) => EventBody::TurnLost { usage },
    }
}

/// Returns a placeholder for a missing entry. A block contains all entries that its events name, so
/// that the placeholder is never shown.
fn blank_entry(sequence: u64) -> TranscriptEntry {
    TranscriptEntry {
        sequence,
        role: Role::User,
        text: "".into(),
        turn_id: None,
        at_ms: 0,
        truncated: false,
        usage: Usage::default(),
        idempotency_key: None,
        meta: None,
    }
}

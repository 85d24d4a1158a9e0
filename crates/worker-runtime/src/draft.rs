//! A change in the making: the pure part that all commands about a Worker share.

use std::{sync::Arc, time::Duration};

use llm_engine::{StopReason, TokenUsage};

use crate::{
    event::{Fact, StoredEvent},
    identity::TurnId,
    model::{
        Input, Labels, ProfileSelector, TranscriptEntry, TurnDetail, TurnError, TurnOutcome, Usage,
        WorkerState,
    },
    record::{Tags, WorkerRecord},
    store::{Batch, Change, CreateKey, InputKey, Lease, Totals},
};

/// A Worker's next version, with the entries and events that lead to it.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) record: WorkerRecord,
    expected_version: u64,
    now_ms: u64,
    tags: Option<Arc<Tags>>,
    entries: Vec<Arc<TranscriptEntry>>,
    turn: Option<Arc<TurnDetail>>,
    events: Vec<StoredEvent>,
    key: Option<InputKey>,
    dropped_keys: Vec<Arc<str>>,
    create_key: Option<CreateKey>,
    dropped_create_keys: Vec<Arc<str>>,
    totals: Totals,
    /// The record as the one event shows it, if it is the final one.
    shown: Option<Arc<WorkerRecord>>,
    deleted: bool,
    /// When the turn that runs is cancelled, once this is committed.
    pub(crate) cancel_within: Option<Duration>,
}

/// How a turn ends.
#[derive(Debug)]
pub(crate) struct TurnEnd {
    pub(crate) outcome: TurnOutcome,
    /// What had streamed; kept as an entry unless it is empty, and always if the turn completed.
    pub(crate) text: Arc<str>,
    pub(crate) usage: TokenUsage,
    pub(crate) stop_reason: Option<StopReason>,
    pub(crate) error: Option<TurnError>,
    pub(crate) reason: Option<Arc<str>>,
}

impl TurnEnd {
    pub(crate) fn cancelled(text: Arc<str>, usage: TokenUsage, reason: Option<Arc<str>>) -> Self {
        let outcome = TurnOutcome::Cancelled;
        Self { outcome, text, usage, stop_reason: None, error: None, reason }
    }
}

impl Draft {
    /// A change of a Worker, caused by a command with these tags.
    pub(crate) fn of(record: &WorkerRecord, now_ms: u64, tags: Option<Arc<Tags>>) -> Self {
        let mut draft = Self::blank(record.clone(), now_ms, tags);
        draft.expected_version = record.version;
        draft.record.version += 1;
        draft
    }

    /// A new Worker. Its record is the one before its first event.
    pub(crate) fn creation(record: WorkerRecord, now_ms: u64, tags: Option<Arc<Tags>>) -> Self {
        let mut draft = Self::blank(record, now_ms, tags);
        draft.totals.created = 1;
        draft
    }

    fn blank(record: WorkerRecord, now_ms: u64, tags: Option<Arc<Tags>>) -> Self {
        Self {
            record,
            expected_version: 0,
            now_ms,
            tags,
            entries: Vec::new(),
            turn: None,
            events: Vec::new(),
            key: None,
            dropped_keys: Vec::new(),
            create_key: None,
            dropped_create_keys: Vec::new(),
            totals: Totals::default(),
            shown: None,
            deleted: false,
            cancel_within: None,
        }
    }

    /// Adds an entry that no turn wrote.
    pub(crate) fn seed(&mut self, entry: TranscriptEntry) {
        self.record.entries += 1;
        let sequence = self.record.entries;
        self.entries.push(Arc::new(TranscriptEntry { sequence, ..entry }));
    }

    /// Says that the Worker exists.
    pub(crate) fn created(&mut self) {
        let record = self.show();
        self.event(None, Fact::WorkerCreated { record });
    }

    /// Says that the Worker was updated.
    pub(crate) fn updated(&mut self, labels_before: Option<Arc<Labels>>) {
        let record = self.show();
        self.event(None, Fact::WorkerUpdated { record, labels_before });
    }

    /// Says that the Worker is gone.
    pub(crate) fn delete(&mut self) {
        self.deleted = true;
        self.event(None, Fact::WorkerDeleted);
    }

    /// Takes an input and begins the turn that answers it; gives back the input's sequence.
    pub(crate) fn begin_turn(
        &mut self,
        turn_id: TurnId,
        input: &Input,
        profile: Arc<ProfileSelector>,
        model: Option<Arc<str>>,
    ) -> u64 {
        let tags = self.tags.as_deref().cloned().unwrap_or_default();
        self.record.entries += 1;
        self.record.turns += 1;
        let sequence = self.record.entries;
        let entry = Arc::new(TranscriptEntry {
            sequence,
            role: input.kind.role(),
            text: Arc::clone(&input.text),
            turn_id: Some(turn_id),
            at_ms: self.now_ms,
            truncated: false,
            usage: None,
            idempotency_key: tags.idempotency_key.clone(),
            meta: tags.meta.clone(),
        });
        self.put_turn(TurnDetail {
            turn_id,
            outcome: None,
            profile,
            model,
            started_at_ms: self.now_ms,
            ended_at_ms: None,
            stop_reason: None,
            usage: Usage::default(),
            error: None,
            reason: None,
            input_sequence: sequence,
            answer_sequence: None,
            idempotency_key: tags.idempotency_key,
            meta: tags.meta,
            late_dropped: None,
        });
        self.entries.push(Arc::clone(&entry));
        self.event(Some(turn_id), Fact::InputAccepted { entry });
        self.event(Some(turn_id), Fact::TurnStarted);
        self.go(WorkerState::Running, None);
        sequence
    }

    /// Ends the running turn.
    pub(crate) fn end_turn(&mut self, running: &TurnDetail, end: TurnEnd) {
        let TurnEnd { outcome, text, usage, stop_reason, error, reason } = end;
        let duration_ms = self.now_ms.saturating_sub(running.started_at_ms);
        let usage = Usage::of_turn(usage, duration_ms);
        let completed = outcome == TurnOutcome::Completed;
        let entry = (completed || !text.is_empty()).then(|| {
            self.record.entries += 1;
            Arc::new(TranscriptEntry {
                sequence: self.record.entries,
                role: llm_engine::Role::Assistant,
                text,
                turn_id: Some(running.turn_id),
                at_ms: self.now_ms,
                truncated: !completed,
                usage: Some(Box::new(usage)),
                idempotency_key: running.idempotency_key.clone(),
                meta: running.meta.clone(),
            })
        });
        let turn = self.put_turn(TurnDetail {
            outcome: Some(outcome),
            ended_at_ms: Some(self.now_ms.max(running.started_at_ms)),
            stop_reason,
            usage,
            error: error.map(Box::new),
            reason,
            answer_sequence: entry.as_ref().map(|it| it.sequence),
            ..running.clone()
        });
        self.entries.extend(entry.clone());
        Arc::make_mut(&mut self.record.usage).add(&usage);
        self.record.last_outcome = Some(outcome);
        self.totals.usage.add(&usage);
        *self.totals.outcomes.of(outcome) += 1;
        self.event(Some(running.turn_id), Fact::TurnEnded { turn, entry });
    }

    /// Goes to another state.
    pub(crate) fn go(&mut self, to: WorkerState, reason: Option<Arc<str>>) {
        let from = std::mem::replace(&mut self.record.state, to);
        let turn_id = self.turn.as_ref().map(|turn| turn.turn_id);
        self.event(turn_id, Fact::WorkerStateChanged { from, to, reason });
    }

    /// Adds an event of the Worker.
    pub(crate) fn event(&mut self, turn_id: Option<TurnId>, fact: Fact) {
        self.record.worker_sequence += 1;
        self.record.active_at_ms = self.now_ms;
        self.events.push(StoredEvent {
            at_ms: self.now_ms,
            turn_id,
            tags: self.tags.clone(),
            labels: Arc::clone(&self.record.labels),
            fact,
            redacted: false,
        });
    }

    /// Remembers the key of an input.
    pub(crate) fn remember(&mut self, key: InputKey, dropped: Vec<Arc<str>>) {
        self.key = Some(key);
        self.dropped_keys = dropped;
    }

    /// Remembers the key of a creation.
    pub(crate) fn remember_creation(&mut self, key: CreateKey, dropped: Vec<Arc<str>>) {
        self.create_key = Some(key);
        self.dropped_create_keys = dropped;
    }

    /// The change as the store gets it.
    pub(crate) fn into_batch(self, lease: Lease) -> Batch {
        let worker_id = self.record.worker_id;
        let turns = self.record.turns;
        let change = match (self.deleted, self.shown, self.events.len()) {
            (true, _, _) => Change::Delete,
            (false, Some(shown), 1) => Change::Put(shown),
            (false, _, _) => Change::Put(Arc::new(self.record)),
        };
        Batch {
            lease,
            worker_id,
            expected_version: self.expected_version,
            change,
            entries: self.entries,
            turn: self.turn.map(|turn| (turns, turn)),
            events: self.events,
            key: self.key,
            dropped_keys: self.dropped_keys,
            create_key: self.create_key,
            dropped_create_keys: self.dropped_create_keys,
            totals: self.totals,
        }
    }

    /// Whether the Worker goes.
    pub(crate) fn is_deletion(&self) -> bool {
        self.deleted
    }

    /// The types of the events so far, in order.
    pub(crate) fn event_types(&self) -> Vec<crate::event::EventType> {
        self.events.iter().map(StoredEvent::event_type).collect()
    }

    fn put_turn(&mut self, turn: TurnDetail) -> Arc<TurnDetail> {
        let turn = Arc::new(turn);
        self.record.turn = Some(Arc::clone(&turn));
        self.turn = Some(Arc::clone(&turn));
        turn
    }

    /// The record as the next event shows it: with that event counted.
    fn show(&mut self) -> Arc<WorkerRecord> {
        let shown = Arc::new(WorkerRecord {
            worker_sequence: self.record.worker_sequence + 1,
            active_at_ms: self.now_ms,
            ..self.record.clone()
        });
        self.shown = Some(Arc::clone(&shown));
        shown
    }
}

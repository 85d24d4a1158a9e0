//! A draft of a change: the pure part that all commands about a Worker share.

use std::sync::Arc;

use llm_engine::{StopReason, TokenUsage};
use tokio::time::Instant;

use crate::{
    domain::context::exhausted,
    error::RuntimeError,
    identity::TurnId,
    model::{
        EventType, Input, Labels, MAX_INTEGER, ProfileSelector, TurnError, TurnOutcome, Usage,
        WorkerState,
    },
    store::{
        Batch, Change, CommandMetadata, CreateKey, InputKey, Lease, NewKey, StoredEntry,
        StoredEvent, StoredEventBody, StoredTurn, Totals, WorkerRecord, WorkerSpec,
    },
};

/// The next version of a Worker, with the entries and events that lead to it.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The record so far. If an event shares the record, the record is copied before it changes
    /// again.
    record: Arc<WorkerRecord>,
    /// The spec of the Worker before the change; absent at its creation.
    spec_before: Option<Arc<WorkerSpec>>,
    expected_version: u64,
    now_ms: u64,
    metadata: Option<Arc<CommandMetadata>>,
    entries: Vec<Arc<StoredEntry>>,
    changes_turn: bool,
    events: Vec<StoredEvent>,
    key: Option<NewKey<InputKey>>,
    create_key: Option<NewKey<CreateKey>>,
    totals: Totals,
    deleted: bool,
    /// The time at which the running turn is cancelled.
    pub(crate) cancel_at: Option<Instant>,
}

/// The end of a turn.
#[derive(Debug)]
pub(crate) struct TurnEnd {
    pub(crate) outcome: TurnOutcome,
    /// The text that had streamed. It is kept as an entry unless it is empty, and always if the
    /// turn completed.
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
    /// Starts a draft of a change that was caused by a command with this metadata.
    pub(crate) fn of(
        record: &WorkerRecord,
        now_ms: u64,
        metadata: Option<Arc<CommandMetadata>>,
    ) -> Self {
        let next = Arc::new(record.next());
        let spec_before = Some(Arc::clone(&record.spec));
        let blank = Self::blank(next, now_ms, metadata);
        Self { expected_version: record.version, spec_before, ..blank }
    }

    /// Starts a draft of a new Worker. `record` is the record before the Worker's first event.
    pub(crate) fn creation(
        record: WorkerRecord,
        now_ms: u64,
        metadata: Option<Arc<CommandMetadata>>,
    ) -> Self {
        let mut draft = Self::blank(Arc::new(record), now_ms, metadata);
        draft.totals.created = 1;
        draft
    }

    fn blank(
        record: Arc<WorkerRecord>,
        now_ms: u64,
        metadata: Option<Arc<CommandMetadata>>,
    ) -> Self {
        Self {
            record,
            spec_before: None,
            expected_version: 0,
            now_ms,
            metadata,
            entries: Vec::new(),
            changes_turn: false,
            events: Vec::new(),
            key: None,
            create_key: None,
            totals: Totals::default(),
            deleted: false,
            cancel_at: None,
        }
    }

    /// Returns the record with the changes so far.
    pub(crate) fn record(&self) -> &WorkerRecord {
        &self.record
    }

    /// Returns the record for changes, which must be made before the event that reports them.
    pub(crate) fn record_mut(&mut self) -> &mut WorkerRecord {
        Arc::make_mut(&mut self.record)
    }

    /// Adds an entry that belongs to no turn.
    pub(crate) fn seed(&mut self, entry: StoredEntry) {
        let record = self.record_mut();
        record.entries += 1;
        let sequence = record.entries;
        self.entries.push(Arc::new(StoredEntry { sequence, ..entry }));
    }

    /// Adds the event that the Worker was created.
    pub(crate) fn created(&mut self) {
        self.next_event();
        let record = Arc::clone(&self.record);
        self.tell(None, StoredEventBody::WorkerCreated { record });
    }

    /// Adds the event that the Worker was updated.
    pub(crate) fn updated(&mut self, labels_before: Option<Arc<Labels>>) {
        self.next_event();
        let record = Arc::clone(&self.record);
        self.tell(None, StoredEventBody::WorkerUpdated { record, labels_before });
    }

    /// Marks the Worker as deleted, and adds the event that it was deleted.
    pub(crate) fn delete(&mut self) {
        self.deleted = true;
        self.event(None, StoredEventBody::WorkerDeleted);
    }

    /// Takes an input and begins the turn that answers it. Returns the sequence of the input's
    /// entry.
    pub(crate) fn begin_turn(
        &mut self,
        turn_id: TurnId,
        input: &Input,
        profile: ProfileSelector,
        model: Option<Arc<str>>,
    ) -> u64 {
        let sequence = self.record.entries + 1;
        let metadata = self.metadata.as_deref().cloned().unwrap_or_default();
        let CommandMetadata { idempotency_key, meta } = metadata;
        let entry = Arc::new(StoredEntry {
            sequence,
            role: input.kind.role(),
            text: Arc::clone(&input.text),
            turn_id: Some(turn_id),
            at_ms: self.now_ms,
            truncated: false,
            usage: Usage::default(),
            idempotency_key: idempotency_key.clone(),
            meta: meta.clone(),
        });
        let turn = Arc::new(StoredTurn {
            turn_id,
            outcome: None,
            profile,
            model,
            started_at_ms: Some(self.now_ms),
            ended_at_ms: None,
            stop_reason: None,
            usage: Usage::default(),
            error: None,
            reason: None,
            input_sequence: Some(sequence),
            answer_sequence: None,
            idempotency_key,
            meta,
        });
        let record = self.record_mut();
        record.entries = sequence;
        record.turns += 1;
        record.turn = Some(turn);
        self.changes_turn = true;
        self.entries.push(entry);
        self.event(Some(turn_id), StoredEventBody::InputAccepted { entry: sequence });
        self.event(Some(turn_id), StoredEventBody::TurnStarted);
        self.go(WorkerState::Running, None);
        sequence
    }

    /// Keeps the tokens that the calls of the running turn have used so far. They are the turn's if
    /// its Runtime dies. They are not shown before the turn has ended.
    pub(crate) fn keep_tokens(&mut self, running: &StoredTurn, tokens: TokenUsage) {
        if tokens != TokenUsage::default() {
            let usage = Usage { turns: 0, ..Usage::of_turn(tokens, 0) };
            self.record_mut().turn = Some(Arc::new(StoredTurn { usage, ..running.clone() }));
            self.changes_turn = true;
        }
    }

    /// Ends the running turn, and moves the Worker to the state `to`.
    pub(crate) fn end_turn(
        &mut self,
        running: &StoredTurn,
        end: TurnEnd,
        to: WorkerState,
        state_reason: Option<Arc<str>>,
    ) {
        let TurnEnd { outcome, text, usage, stop_reason, error, reason } = end;
        let now_ms = self.now_ms;
        let duration_ms = now_ms.saturating_sub(running.began_at_ms());
        let mut usage = Usage::of_turn(usage, duration_ms);
        // The Runtime that ends the turn may not be the one that made its calls.
        usage.raise_to(&running.usage);
        let completed = outcome == TurnOutcome::Completed;
        let entry = (completed || !text.is_empty()).then(|| {
            Arc::new(StoredEntry {
                sequence: self.record.entries + 1,
                role: llm_engine::Role::Assistant,
                text,
                turn_id: Some(running.turn_id),
                at_ms: now_ms,
                truncated: !completed,
                usage,
                idempotency_key: running.idempotency_key.clone(),
                meta: running.meta.clone(),
            })
        });
        let turn = Arc::new(StoredTurn {
            outcome: Some(outcome),
            ended_at_ms: Some(now_ms.max(running.began_at_ms())),
            stop_reason,
            usage,
            error: error.map(Box::new),
            reason,
            answer_sequence: entry.as_ref().map(|entry| entry.sequence),
            ..running.clone()
        });
        let record = self.record_mut();
        record.entries += u64::from(entry.is_some());
        record.turn = Some(turn);
        record.last_outcome = Some(outcome);
        record.usage.add(&usage);
        let ordinal = record.turns;
        self.totals.usage.add(&usage);
        *self.totals.outcomes.get_mut(outcome) += 1;
        self.changes_turn = true;
        self.entries.extend(entry);
        let body = StoredEventBody::TurnEnded { turn: ordinal, outcome };
        self.event(Some(running.turn_id), body);
        self.go(to, state_reason);
    }

    /// Moves the Worker to another state, and adds the event of this change.
    pub(crate) fn go(&mut self, to: WorkerState, reason: Option<Arc<str>>) {
        let from = std::mem::replace(&mut self.record_mut().state, to);
        let turn = self.record.turn.as_ref().filter(|_| self.changes_turn);
        let turn_id = turn.map(|turn| turn.turn_id);
        self.event(turn_id, StoredEventBody::WorkerStateChanged { from, to, reason });
    }

    /// Adds an event of the Worker, and moves the record to the event's time and sequence.
    pub(crate) fn event(&mut self, turn_id: Option<TurnId>, body: StoredEventBody) {
        self.next_event();
        self.tell(turn_id, body);
    }

    /// Moves the record to the time and the sequence of its next event.
    fn next_event(&mut self) {
        let now_ms = self.now_ms;
        let record = self.record_mut();
        record.worker_sequence += 1;
        record.active_at_ms = now_ms;
    }

    fn tell(&mut self, turn_id: Option<TurnId>, body: StoredEventBody) {
        let (metadata, labels) = (self.metadata.clone(), self.record.labels.clone());
        let (sequence, at_ms) = (self.record.worker_sequence, self.now_ms);
        self.events.push(StoredEvent { sequence, at_ms, turn_id, metadata, labels, body });
    }

    /// Records the idempotency key of an input, and the keys that it pushes out.
    pub(crate) fn remember(&mut self, key: InputKey, dropped: Vec<Arc<str>>) {
        self.key = Some(NewKey { key, dropped });
    }

    /// Records the idempotency key of a creation, and the keys that it pushes out.
    pub(crate) fn remember_creation(&mut self, key: CreateKey, dropped: Vec<Arc<str>>) {
        self.create_key = Some(NewKey { key, dropped });
    }

    /// Returns an error if the draft counts past the largest integer on the wire, after which
    /// nothing of the Worker could be shown.
    ///
    /// # Errors
    ///
    /// `capacity_exhausted` that names the number.
    pub(crate) fn check_range(&self) -> Result<(), RuntimeError> {
        let WorkerRecord { version, worker_sequence, entries, turns, .. } = *self.record;
        let numbers = [
            ("version", version),
            ("worker_sequence", worker_sequence),
            ("transcript_entries", entries),
            ("turns", turns),
        ];
        let past = numbers.iter().find(|(_, number)| *number > MAX_INTEGER);
        past.map_or(Ok(()), |(what, _)| Err(exhausted(what, MAX_INTEGER)))
    }

    /// Converts the draft into a batch for the store.
    pub(crate) fn into_batch(self, lease: Lease) -> Batch {
        let worker_id = self.record.worker_id;
        debug_assert_eq!(self.record.turns > 0, self.record.turn.is_some());
        let turn = self.record.turn.clone().filter(|_| self.changes_turn);
        let tenant = self.record.tenant.clone();
        // Only a command that changes the spec puts it behind another `Arc`.
        let is_same_spec = |before: Arc<WorkerSpec>| Arc::ptr_eq(&before, &self.record.spec);
        let spec_changed = !self.deleted && !self.spec_before.is_some_and(is_same_spec);
        let turns = turn.map(|turn| (self.record.turns, turn)).into_iter().collect();
        let change = if self.deleted { Change::Delete } else { Change::Put(self.record) };
        Batch {
            lease,
            worker_id,
            expected_version: self.expected_version,
            change,
            entries: self.entries,
            turns,
            spec_changed,
            tenant,
            events: self.events,
            key: self.key,
            create_key: self.create_key,
            totals: self.totals,
        }
    }

    /// Returns whether the draft deletes the Worker.
    pub(crate) fn is_deletion(&self) -> bool {
        self.deleted
    }

    /// Returns the types of the events so far, in order.
    pub(crate) fn event_types(&self) -> Vec<EventType> {
        self.events.iter().map(StoredEvent::event_type).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::WorkerId;

    #[test]
    fn a_draft_that_counts_past_the_range_is_refused() {
        let name = |count: fn(&mut WorkerRecord)| {
            let mut record = WorkerRecord::new(WorkerId::NIL, 1, 7);
            count(&mut record);
            let mut draft = Draft::of(&record, 7, None);
            draft.begin_turn(TurnId::NIL, &Input::user("a"), ProfileSelector::default(), None);
            match draft.check_range() {
                Err(RuntimeError::CapacityExhausted { what, max: MAX_INTEGER }) => what,
                other => format!("{other:?}"),
            }
        };
        assert_eq!(name(|record| record.version = MAX_INTEGER - 1), "Ok(())");
        assert_eq!(name(|record| record.version = MAX_INTEGER), "version");
        assert_eq!(name(|record| record.worker_sequence = MAX_INTEGER - 3), "Ok(())");
        assert_eq!(name(|record| record.worker_sequence = MAX_INTEGER - 2), "worker_sequence");
        assert_eq!(name(|record| record.entries = MAX_INTEGER), "transcript_entries");
        assert_eq!(name(|record| record.turns = MAX_INTEGER), "turns");
    }
}

//! A change in the making: the pure part that all commands about a Worker share.

use std::{num::NonZeroU64, sync::Arc, time::Duration};

use llm_engine::{StopReason, TokenUsage};

use crate::{
    identity::TurnId,
    log::EventRun,
    model::{
        EventType, Input, Labels, ProfileSelector, Shared, Tags, TranscriptEntry, TurnDetail,
        TurnError, TurnOutcome, Usage, WorkerState,
    },
    store::{
        Batch, Change, CreateKey, Entries, Fact, InputKey, Lease, NewKey, StoredEvent, Totals,
        WorkerRecord,
    },
};

/// A Worker's next version, with the entries and events that lead to it.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The record so far: one that an event shows is copied before it changes again.
    record: Arc<WorkerRecord>,
    expected_version: u64,
    now_ms: u64,
    tags: Shared<Tags>,
    entries: Entries,
    changes_turn: bool,
    events: EventRun,
    key: Option<Box<NewKey<InputKey>>>,
    create_key: Option<Box<NewKey<CreateKey>>>,
    totals: Totals,
    deleted: bool,
    /// When the turn that runs is cancelled, once this is committed.
    pub(crate) cancel_within: Option<Duration>,
}

/// A turn's end, and the change of state that comes with it.
const EVENTS_OF_AN_END: usize = 2;

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
    pub(crate) fn of(record: &WorkerRecord, now_ms: u64, tags: Shared<Tags>) -> Self {
        Self::following(record, Arc::new(record.next()), now_ms, tags)
    }

    /// A change that begins or ends a turn, which takes the place of the Worker's latest.
    pub(crate) fn of_turn(record: &WorkerRecord, now_ms: u64, tags: Shared<Tags>) -> Self {
        Self::following(record, Arc::new(record.next_but_for_turn()), now_ms, tags)
    }

    fn following(
        before: &WorkerRecord,
        record: Arc<WorkerRecord>,
        now_ms: u64,
        tags: Shared<Tags>,
    ) -> Self {
        Self { expected_version: before.version, ..Self::blank(record, now_ms, tags) }
    }

    /// A new Worker. Its record is the one before its first event.
    pub(crate) fn creation(record: WorkerRecord, now_ms: u64, tags: Shared<Tags>) -> Self {
        let mut draft = Self::blank(Arc::new(record), now_ms, tags);
        draft.totals.created = 1;
        draft
    }

    fn blank(record: Arc<WorkerRecord>, now_ms: u64, tags: Shared<Tags>) -> Self {
        Self {
            record,
            expected_version: 0,
            now_ms,
            tags,
            entries: Entries::new(),
            changes_turn: false,
            events: EventRun::default(),
            key: None,
            create_key: None,
            totals: Totals::default(),
            deleted: false,
            cancel_within: None,
        }
    }

    /// The record as it is so far.
    pub(crate) fn record(&self) -> &WorkerRecord {
        &self.record
    }

    /// The record, to be changed before an event tells of it.
    pub(crate) fn record_mut(&mut self) -> &mut WorkerRecord {
        Arc::make_mut(&mut self.record)
    }

    /// Adds an entry that no turn wrote.
    pub(crate) fn seed(&mut self, entry: TranscriptEntry) {
        let record = self.record_mut();
        record.entries += 1;
        let sequence = record.entries;
        self.entries.push(Arc::new(TranscriptEntry { sequence, ..entry }));
    }

    /// Says that the Worker exists.
    pub(crate) fn created(&mut self) {
        self.after_events(1);
        let record = Arc::clone(&self.record);
        let run = if self.tags == Shared::usual() {
            EventRun::created(record)
        } else {
            self.told(None, Fact::WorkerCreated { record }).into()
        };
        self.events.extend(run);
    }

    /// Says that the Worker was updated.
    pub(crate) fn updated(&mut self, labels_before: Option<Arc<Labels>>) {
        self.after_events(1);
        let record = Arc::clone(&self.record);
        let event = self.told(None, Fact::WorkerUpdated { record, labels_before });
        self.events.extend(event.into());
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
        profile: Shared<ProfileSelector>,
        model: Option<Arc<str>>,
    ) -> u64 {
        let sequence = self.record.entries + 1;
        let entry = Arc::new(TranscriptEntry {
            sequence,
            role: input.kind.role(),
            text: Arc::clone(&input.text),
            turn_id: Some(turn_id),
            at_ms: self.now_ms,
            truncated: false,
            usage: Shared::usual(),
            tags: self.tags.clone(),
        });
        let turn = Arc::new(TurnDetail {
            turn_id,
            outcome: None,
            profile,
            model,
            started_at_ms: self.now_ms,
            ended_at_ms: None,
            stop_reason: None,
            usage: Shared::usual(),
            error: None,
            reason: None,
            input_sequence: sequence,
            answer_sequence: None,
            tags: self.tags.clone(),
            late_dropped: 0,
        });
        let WorkerRecord { state: from, labels, .. } = &*self.record;
        let run = EventRun::begun(Arc::clone(&entry), *from, labels.clone());
        let record = self.after_events(run.len());
        record.entries = sequence;
        record.turns += 1;
        record.turn = Some(turn);
        record.state = WorkerState::Running;
        self.events.extend(run);
        self.changes_turn = true;
        self.entries.push(entry);
        sequence
    }

    /// Ends the running turn, and takes the Worker to another state with it.
    pub(crate) fn end_turn(
        &mut self,
        running: &TurnDetail,
        end: TurnEnd,
        to: WorkerState,
        state_reason: Option<Arc<str>>,
    ) {
        let TurnEnd { outcome, text, usage, stop_reason, error, reason } = end;
        let now_ms = self.now_ms;
        let duration_ms = now_ms.saturating_sub(running.started_at_ms);
        let spent = Usage::of_turn(usage, duration_ms);
        let usage = Shared::from(spent);
        let completed = outcome == TurnOutcome::Completed;
        let entry = (completed || !text.is_empty()).then(|| {
            Arc::new(TranscriptEntry {
                sequence: self.record.entries + 1,
                role: llm_engine::Role::Assistant,
                text,
                turn_id: Some(running.turn_id),
                at_ms: now_ms,
                truncated: !completed,
                usage: usage.clone(),
                tags: running.tags.clone(),
            })
        });
        let turn = Arc::new(TurnDetail {
            outcome: Some(outcome),
            ended_at_ms: Some(now_ms.max(running.started_at_ms)),
            stop_reason,
            usage,
            error: error.map(Box::new),
            reason,
            answer_sequence: entry.as_ref().and_then(|it| NonZeroU64::new(it.sequence)),
            ..running.clone()
        });
        let record = self.after_events(EVENTS_OF_AN_END);
        record.entries += u64::from(entry.is_some());
        record.turn = Some(Arc::clone(&turn));
        record.last_outcome = Some(outcome);
        let mut used = *record.usage;
        used.add(&spent);
        record.usage = used.into();
        let from = std::mem::replace(&mut record.state, to);
        self.totals.usage.add(&spent);
        *self.totals.outcomes.of(outcome) += 1;
        self.changes_turn = true;
        self.entries.extend(entry.clone());
        self.tell_end(turn, entry, (from, to), state_reason);
    }

    fn tell_end(
        &mut self,
        turn: Arc<TurnDetail>,
        entry: Option<Arc<TranscriptEntry>>,
        (from, to): (WorkerState, WorkerState),
        reason: Option<Arc<str>>,
    ) {
        let turn_id = Some(turn.turn_id);
        let tells_the_same =
            reason.is_none() && turn.ended_at_ms == Some(self.now_ms) && self.tags == turn.tags;
        if tells_the_same {
            self.events.extend(EventRun::ended(
                turn,
                entry,
                (from, to),
                self.record.labels.clone(),
            ));
        } else {
            let ended = self.told(turn_id, Fact::TurnEnded { turn, entry });
            let changed = self.told(turn_id, Fact::WorkerStateChanged { from, to, reason });
            self.events.extend([ended, changed].into_iter().collect());
        }
    }

    /// Goes to another state.
    pub(crate) fn go(&mut self, to: WorkerState, reason: Option<Arc<str>>) {
        let from = std::mem::replace(&mut self.record_mut().state, to);
        let turn = self.record.turn.as_ref().filter(|_| self.changes_turn);
        let turn_id = turn.map(|turn| turn.turn_id);
        self.event(turn_id, Fact::WorkerStateChanged { from, to, reason });
    }

    /// Adds an event of the Worker.
    pub(crate) fn event(&mut self, turn_id: Option<TurnId>, fact: Fact) {
        self.after_events(1);
        let event = self.told(turn_id, fact);
        self.events.extend(event.into());
    }

    fn told(&self, turn_id: Option<TurnId>, fact: Fact) -> StoredEvent {
        StoredEvent {
            at_ms: self.now_ms,
            turn_id,
            tags: self.tags.clone(),
            labels: self.record.labels.clone(),
            fact,
            redacted: false,
        }
    }

    /// The record at the time and the sequence after so many events more.
    fn after_events(&mut self, events: usize) -> &mut WorkerRecord {
        let now_ms = self.now_ms;
        let record = self.record_mut();
        record.worker_sequence += events as u64;
        record.active_at_ms = now_ms;
        record
    }

    /// Remembers the key of an input.
    pub(crate) fn remember(&mut self, key: InputKey, dropped: Vec<Arc<str>>) {
        self.key = Some(Box::new(NewKey { key, dropped }));
    }

    /// Remembers the key of a creation.
    pub(crate) fn remember_creation(&mut self, key: CreateKey, dropped: Vec<Arc<str>>) {
        self.create_key = Some(Box::new(NewKey { key, dropped }));
    }

    /// The change as the store gets it.
    pub(crate) fn into_batch(self, lease: Lease) -> Batch {
        let worker_id = self.record.worker_id;
        debug_assert_eq!(self.record.turns > 0, self.record.turn.is_some(), "a turn was left out");
        let change = if self.deleted { Change::Delete } else { Change::Put(self.record) };
        Batch {
            lease,
            worker_id,
            expected_version: self.expected_version,
            change,
            entries: self.entries,
            changes_turn: self.changes_turn,
            events: self.events,
            key: self.key,
            create_key: self.create_key,
            totals: self.totals,
        }
    }

    /// Whether the Worker goes.
    pub(crate) fn is_deletion(&self) -> bool {
        self.deleted
    }

    /// The types of the events so far, in order.
    pub(crate) fn event_types(&self) -> Vec<EventType> {
        self.events.iter().map(|it| it.event_type()).collect()
    }
}

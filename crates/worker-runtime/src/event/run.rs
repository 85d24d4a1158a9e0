//! The events of one commit in the least room.

use std::sync::Arc;

use super::{
    Fact, Spans, StoredEvent,
    redact::{redacted_entry, redacted_record, redacted_turn},
};
use crate::{
    identity::TurnId,
    model::{Labels, Meta, TranscriptEntry, TurnDetail, WorkerState},
    record::{Tags, WorkerRecord},
};

/// The events of one commit, told one by one as if each had been kept.
///
/// Nearly all commits create a Worker, begin a turn or end one: then the events follow from what
/// they are about. Those of any other commit are kept as they are.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    what: What,
    labels: Arc<Labels>,
}

#[derive(Clone, Debug)]
enum What {
    Created {
        record: Arc<WorkerRecord>,
        redacted: bool,
    },
    /// An input, a turn that begins, and a change of state to `running`.
    Begun {
        entry: Arc<TranscriptEntry>,
        from: WorkerState,
        redacted: bool,
    },
    /// A turn's end and the change of state that comes with it.
    Ended {
        turn: Arc<TurnDetail>,
        entry: Option<Arc<TranscriptEntry>>,
        from: WorkerState,
        to: WorkerState,
        redacted: bool,
    },
    Others(Box<[StoredEvent]>),
}

/// What all events of a commit share.
struct Envelope<'a> {
    at_ms: u64,
    turn_id: Option<TurnId>,
    meta: Option<&'a Arc<Meta>>,
    key: Option<&'a Arc<str>>,
}

impl Run {
    /// The events of a commit, at least one.
    pub(crate) fn of(events: &[StoredEvent]) -> Self {
        let what = What::compact(events).unwrap_or_else(|| What::Others(events.into()));
        let labels = events.first().map(|it| Arc::clone(&it.labels)).unwrap_or_default();
        Self { what, labels }
    }

    /// The event at a place below [`len`](Spans::len).
    pub(crate) fn event(&self, place: usize) -> StoredEvent {
        let fact = match (&self.what, place) {
            (What::Others(events), place) => return events[place].clone(),
            (What::Created { record, .. }, _) => Fact::WorkerCreated { record: Arc::clone(record) },
            (What::Begun { entry, .. }, 0) => Fact::InputAccepted { entry: Arc::clone(entry) },
            (What::Begun { .. }, 1) => Fact::TurnStarted,
            (What::Begun { from, .. }, _) => changed(*from, WorkerState::Running),
            (What::Ended { turn, entry, .. }, 0) => {
                Fact::TurnEnded { turn: Arc::clone(turn), entry: entry.clone() }
            }
            (What::Ended { from, to, .. }, _) => changed(*from, *to),
        };
        let Envelope { at_ms, turn_id, meta, key } = self.what.envelope();
        StoredEvent {
            at_ms,
            turn_id,
            tags: Tags::of(meta, key),
            labels: Arc::clone(&self.labels),
            fact,
            redacted: self.what.is_redacted(),
        }
    }

    /// Takes every name, text, label, remark, key and reason out of the events.
    pub(crate) fn redact(&mut self) {
        // Events that are kept as they are have labels of their own.
        self.labels = Arc::default();
        match &mut self.what {
            What::Created { record, redacted } => {
                *redacted = true;
                *record = Arc::new(redacted_record(record));
            }
            What::Begun { entry, redacted, .. } => {
                *redacted = true;
                *entry = Arc::new(redacted_entry(entry));
            }
            What::Ended { turn, entry, redacted, .. } => {
                *redacted = true;
                *turn = Arc::new(redacted_turn(turn));
                *entry = entry.as_ref().map(|it| Arc::new(redacted_entry(it)));
            }
            What::Others(events) => events.iter_mut().for_each(StoredEvent::redact),
        }
    }
}

#[cfg(feature = "memory-store")]
impl Run {
    /// The creation of a Worker, of which its first record is the whole content.
    pub(crate) fn creation(record: &Arc<WorkerRecord>) -> Self {
        let labels = Arc::clone(&record.labels);
        Self { what: What::Created { record: Arc::clone(record), redacted: false }, labels }
    }

    /// Whether this is the creation of a Worker with nothing besides.
    pub(crate) fn is_creation_of(&self, record: &Arc<WorkerRecord>) -> bool {
        matches!(&self.what, What::Created { record: it, .. } if Arc::ptr_eq(it, record))
    }
}

impl What {
    /// What the events say, if they can be told again from it.
    fn compact(events: &[StoredEvent]) -> Option<Self> {
        let what = match events {
            [created] => {
                let Fact::WorkerCreated { record } = &created.fact else { return None };
                Self::Created { record: Arc::clone(record), redacted: false }
            }
            [input, started, changed] => {
                let Fact::InputAccepted { entry } = &input.fact else { return None };
                let (from, to) = change(changed)?;
                let begins = started.fact == Fact::TurnStarted && to == WorkerState::Running;
                begins.then(|| Self::Begun { entry: Arc::clone(entry), from, redacted: false })?
            }
            [ended, changed] => {
                let Fact::TurnEnded { turn, entry } = &ended.fact else { return None };
                let (from, to) = change(changed)?;
                Self::Ended {
                    turn: Arc::clone(turn),
                    entry: entry.clone(),
                    from,
                    to,
                    redacted: false,
                }
            }
            _ => return None,
        };
        let envelope = what.envelope();
        let labels = &events.first()?.labels;
        events.iter().all(|it| envelope.is_of(it) && it.labels == *labels).then_some(what)
    }

    fn is_redacted(&self) -> bool {
        match self {
            Self::Created { redacted, .. }
            | Self::Begun { redacted, .. }
            | Self::Ended { redacted, .. } => *redacted,
            Self::Others(events) => events.iter().all(|it| it.redacted),
        }
    }

    /// What the events share, as it follows from what they are about.
    fn envelope(&self) -> Envelope<'_> {
        match self {
            Self::Created { record, .. } => {
                Envelope { at_ms: record.active_at_ms, turn_id: None, meta: None, key: None }
            }
            Self::Begun { entry, .. } => Envelope {
                at_ms: entry.at_ms,
                turn_id: entry.turn_id,
                meta: entry.meta.as_ref(),
                key: entry.idempotency_key.as_ref(),
            },
            Self::Ended { turn, .. } => Envelope {
                at_ms: turn.ended_at_ms.unwrap_or(turn.started_at_ms),
                turn_id: Some(turn.turn_id),
                meta: turn.meta.as_ref(),
                key: turn.idempotency_key.as_ref(),
            },
            Self::Others(_) => Envelope { at_ms: 0, turn_id: None, meta: None, key: None },
        }
    }
}

impl Envelope<'_> {
    fn is_of(&self, event: &StoredEvent) -> bool {
        let (meta, key) = match event.tags.as_deref() {
            Some(tags) => (tags.meta.as_ref(), tags.idempotency_key.as_ref()),
            None => (None, None),
        };
        // Tags that are there but empty are told as none.
        let is_told = event.tags.is_none() || meta.is_some() || key.is_some();
        is_told
            && !event.redacted
            && event.at_ms == self.at_ms
            && event.turn_id == self.turn_id
            && meta == self.meta
            && key == self.key
    }
}

impl Spans for Run {
    fn len(&self) -> usize {
        match &self.what {
            What::Created { .. } => 1,
            What::Begun { .. } => 3,
            What::Ended { .. } => 2,
            What::Others(events) => events.len(),
        }
    }
}

/// The states before and after, if the event is a change of state without a reason.
fn change(event: &StoredEvent) -> Option<(WorkerState, WorkerState)> {
    let Fact::WorkerStateChanged { from, to, reason: None } = event.fact else { return None };
    Some((from, to))
}

fn changed(from: WorkerState, to: WorkerState) -> Fact {
    Fact::WorkerStateChanged { from, to, reason: None }
}

#[cfg(test)]
mod tests {
    use llm_engine::TokenUsage;

    use super::*;
    use crate::{
        draft::{Draft, TurnEnd},
        model::{Input, TurnOutcome},
        record::WorkerRecord,
        store::{Batch, Lease},
    };

    fn record() -> WorkerRecord {
        serde_json::from_value(serde_json::json!({
            "worker_id": "00000000-0000-0000-0000-000000000001",
            "ordinal": 1, "version": 1, "labels": { "team": "blue" },
            "spec": {
                "intent": { "type": "assistant" }, "profile": { "type": "runtime_default" },
                "capabilities": [], "scope_claims": []
            },
            "state": "idle", "turns": 0, "entries": 0, "worker_sequence": 0,
            "usage": {
                "turns": 0, "input_tokens": 0, "cached_input_tokens": 0, "output_tokens": 0,
                "reasoning_tokens": 0, "duration_ms": 0
            },
            "created_at_ms": 7, "active_at_ms": 7
        }))
        .unwrap()
    }

    fn tags() -> Option<Arc<Tags>> {
        let meta = Meta::from([("who".to_owned(), "me".to_owned())]);
        Tags::new(Some(&meta), Some("key"))
    }

    /// A creation, a turn that begins, and its end by itself.
    fn batches(tags: Option<Arc<Tags>>) -> [Batch; 3] {
        let commit = |draft: Draft| draft.into_batch(Lease(1));
        let mut created = Draft::creation(record(), 7, None);
        created.created();
        let mut begun = Draft::of(&created.record, 8, tags);
        let profile = Arc::clone(&begun.record.spec.profile);
        begun.begin_turn(TurnId::NIL, &Input::user("hello"), profile, None);
        let turn = Arc::clone(begun.record.running_turn().unwrap());
        let end = TurnEnd {
            outcome: TurnOutcome::Completed,
            text: "well".into(),
            usage: TokenUsage::default(),
            stop_reason: None,
            error: None,
            reason: None,
        };
        let ended = crate::turn::turn_ends(&begun.record, &turn, end, 9);
        [commit(created), commit(begun), commit(ended)]
    }

    fn told(run: &Run) -> Vec<StoredEvent> {
        (0..run.len()).map(|place| run.event(place)).collect()
    }

    fn is_compact(run: &Run) -> bool {
        !matches!(run.what, What::Others(_))
    }

    #[test]
    fn events_are_told_as_they_were() {
        for tags in [None, tags()] {
            for batch in batches(tags) {
                let run = Run::of(&batch.events);
                assert_eq!(told(&run), batch.events);
                assert!(is_compact(&run), "{run:?}");
            }
        }
    }

    #[test]
    fn events_that_differ_from_the_usual_are_kept_as_they_are() {
        let changes: [fn(&mut StoredEvent); 6] = [
            |it| it.at_ms += 1,
            |it| it.turn_id = Some(TurnId::from_uuid(uuid::Uuid::max())),
            |it| it.tags = tags(),
            |it| it.labels = Arc::default(),
            |it| it.redacted = true,
            |it| it.fact = Fact::WorkerDeleted,
        ];
        for batch in batches(None) {
            for change in changes {
                let mut events = batch.events.clone();
                change(events.last_mut().unwrap());
                assert_eq!(told(&Run::of(&events)), events);
            }
        }
    }

    #[test]
    fn erasing_leaves_of_a_commit_what_it_leaves_of_its_events() {
        for batch in batches(tags()) {
            let mut run = Run::of(&batch.events);
            run.redact();
            let mut events = batch.events;
            events.iter_mut().for_each(StoredEvent::redact);
            assert_eq!(told(&run), events);
        }
    }
}

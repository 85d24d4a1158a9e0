//! The events of one commit in the least room.

use std::{ops::Range, sync::Arc};

use crate::{
    identity::TurnId,
    log::Spans,
    model::{
        EventFilter, EventType, Labels, Shared, Tags, TranscriptEntry, TurnDetail, WorkerState,
    },
    store::{
        Fact, StoredEvent, WorkerRecord,
        redact::{redacted_entry, redacted_record, redacted_turn},
    },
};

/// The events of one commit, told one by one as if each were kept.
///
/// Nearly all commits create a Worker, begin a turn or end one: then the events follow from what
/// they are about. Those of any other commit are kept as they are.
#[derive(Clone, Debug)]
pub struct EventRun(pub(crate) What);

#[derive(Clone, Debug)]
pub(crate) enum What {
    Created {
        record: Arc<WorkerRecord>,
        labels: Shared<Labels>,
        redacted: bool,
    },
    /// An input, a turn that begins, and a change of state to `running`.
    Begun {
        entry: Arc<TranscriptEntry>,
        from: WorkerState,
        labels: Shared<Labels>,
        redacted: bool,
    },
    /// A turn's end and the change of state that comes with it.
    Ended {
        turn: Arc<TurnDetail>,
        entry: Option<Arc<TranscriptEntry>>,
        from: WorkerState,
        to: WorkerState,
        labels: Shared<Labels>,
        redacted: bool,
    },
    Others(Box<[StoredEvent]>),
}

/// What an event is to a turn that it begins or ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Turning<'a> {
    Begins(TurnId),
    Ends { turn_id: TurnId, answer: Option<&'a TranscriptEntry> },
}

const NO_TAGS: &Shared<Tags> = &Shared::usual();

/// What all events of a usual commit share.
struct Envelope<'a> {
    at_ms: u64,
    turn_id: Option<TurnId>,
    tags: &'a Shared<Tags>,
    labels: &'a Shared<Labels>,
    redacted: bool,
}

impl EventRun {
    /// How many events tell of a creation.
    pub(crate) const OF_CREATION: usize = 1;
    /// How many tell of an input and its turn's begin.
    pub(crate) const OF_BEGIN: usize = 3;
    /// How many tell of a turn's end.
    pub(crate) const OF_END: usize = 2;

    /// The creation of a Worker, whose record this is then, by a command without remarks or a key.
    pub(crate) fn created(record: Arc<WorkerRecord>) -> Self {
        let labels = record.labels.clone();
        Self(What::Created { record, labels, redacted: false })
    }

    /// An input, a turn that begins, and a change of state to `running`, with the entry's time and
    /// tags.
    pub(crate) fn begun(
        entry: Arc<TranscriptEntry>,
        from: WorkerState,
        labels: Shared<Labels>,
    ) -> Self {
        Self(What::Begun { entry, from, labels, redacted: false })
    }

    /// A turn's end and a change of state without a reason, with the turn's time and tags.
    pub(crate) fn ended(
        turn: Arc<TurnDetail>,
        entry: Option<Arc<TranscriptEntry>>,
        (from, to): (WorkerState, WorkerState),
        labels: Shared<Labels>,
    ) -> Self {
        Self(What::Ended { turn, entry, from, to, labels, redacted: false })
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            What::Created { .. } => Self::OF_CREATION,
            What::Begun { .. } => Self::OF_BEGIN,
            What::Ended { .. } => Self::OF_END,
            What::Others(events) => events.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The events in order, made as they are asked for.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = StoredEvent> {
        (0..self.len()).map(|place| self.event(place))
    }

    /// Adds what the same commit tells after that.
    pub(crate) fn extend(&mut self, more: Self) {
        *self = if self.is_empty() { more } else { self.iter().chain(more.iter()).collect() };
    }

    /// The event at a place below [`len`](Self::len).
    pub(crate) fn event(&self, place: usize) -> StoredEvent {
        let fact = match (&self.0, place) {
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
        let Envelope { at_ms, turn_id, tags, labels, redacted } = self.0.envelope();
        let (tags, labels) = (tags.clone(), labels.clone());
        StoredEvent { at_ms, turn_id, tags, labels, fact, redacted }
    }

    /// Events that begin or end a turn stand at these places, if there are any.
    pub(crate) fn turning_places(&self) -> Range<usize> {
        match &self.0 {
            What::Created { .. } => 0..0,
            What::Begun { .. } => 1..2,
            What::Ended { .. } => 0..1,
            What::Others(events) => 0..events.len(),
        }
    }

    /// The turn that the event at a place begins or ends.
    pub(crate) fn turning(&self, place: usize) -> Option<Turning<'_>> {
        match (&self.0, place) {
            (What::Begun { entry, .. }, 1) => entry.turn_id.map(Turning::Begins),
            (What::Ended { turn, entry, .. }, 0) => {
                Some(Turning::Ends { turn_id: turn.turn_id, answer: entry.as_deref() })
            }
            (What::Created { .. } | What::Begun { .. } | What::Ended { .. }, _) => None,
            (What::Others(events), place) => match &events[place].fact {
                Fact::TurnStarted => events[place].turn_id.map(Turning::Begins),
                Fact::TurnEnded { turn, entry } => {
                    Some(Turning::Ends { turn_id: turn.turn_id, answer: entry.as_deref() })
                }
                Fact::WorkerCreated { .. }
                | Fact::WorkerUpdated { .. }
                | Fact::WorkerStateChanged { .. }
                | Fact::WorkerDeleted
                | Fact::InputAccepted { .. }
                | Fact::TurnRetrying { .. } => None,
            },
        }
    }

    /// The type of the event at a place.
    fn event_type(&self, place: usize) -> EventType {
        match (&self.0, place) {
            (What::Others(events), place) => events[place].event_type(),
            (What::Created { .. }, _) => EventType::WorkerCreated,
            (What::Begun { .. }, 0) => EventType::InputAccepted,
            (What::Begun { .. }, 1) => EventType::TurnStarted,
            (What::Ended { turn, .. }, 0) => EventType::of_end(turn.outcome),
            (What::Begun { .. } | What::Ended { .. }, _) => EventType::WorkerStateChanged,
        }
    }

    /// Whether the event at a place passes a filter, as [`EventFilter::matches`] says of the event
    /// by itself.
    pub(crate) fn is_wanted(&self, place: usize, filter: &EventFilter) -> bool {
        match &self.0 {
            What::Others(events) => filter.matches(&events[place]),
            What::Created { labels, .. }
            | What::Begun { labels, .. }
            | What::Ended { labels, .. } => {
                filter.wants(self.event_type(place)) && filter.has_labels(labels)
            }
        }
    }

    /// Takes every name, text, label, remark, key and reason out of the events.
    pub(crate) fn redact(&mut self) {
        match &mut self.0 {
            What::Created { record, labels, redacted } => {
                (*labels, *redacted) = (Shared::usual(), true);
                *record = Arc::new(redacted_record(record));
            }
            What::Begun { entry, labels, redacted, .. } => {
                (*labels, *redacted) = (Shared::usual(), true);
                *entry = Arc::new(redacted_entry(entry));
            }
            What::Ended { turn, entry, labels, redacted, .. } => {
                (*labels, *redacted) = (Shared::usual(), true);
                *turn = Arc::new(redacted_turn(turn));
                *entry = entry.as_ref().map(|it| Arc::new(redacted_entry(it)));
            }
            What::Others(events) => events.iter_mut().for_each(StoredEvent::redact),
        }
    }
}

#[cfg(feature = "memory-store")]
impl EventRun {
    /// Whether this is the creation of a Worker with nothing besides.
    pub(crate) fn is_creation_of(&self, record: &Arc<WorkerRecord>) -> bool {
        matches!(&self.0, What::Created { record: it, .. } if Arc::ptr_eq(it, record))
    }
}

impl Default for EventRun {
    fn default() -> Self {
        Self(What::Others(Box::default()))
    }
}

impl From<StoredEvent> for EventRun {
    fn from(event: StoredEvent) -> Self {
        Self(What::Others(Box::new([event])))
    }
}

impl FromIterator<StoredEvent> for EventRun {
    fn from_iter<I: IntoIterator<Item = StoredEvent>>(events: I) -> Self {
        Self(What::Others(events.into_iter().collect()))
    }
}

impl What {
    /// What the events share, as it follows from what they are about.
    fn envelope(&self) -> Envelope<'_> {
        match self {
            Self::Created { record, labels, redacted } => Envelope {
                at_ms: record.active_at_ms,
                turn_id: None,
                tags: NO_TAGS,
                labels,
                redacted: *redacted,
            },
            Self::Begun { entry, labels, redacted, .. } => Envelope {
                at_ms: entry.at_ms,
                turn_id: entry.turn_id,
                tags: &entry.tags,
                labels,
                redacted: *redacted,
            },
            Self::Ended { turn, labels, redacted, .. } => Envelope {
                at_ms: turn.ended_at_ms.unwrap_or(turn.started_at_ms),
                turn_id: Some(turn.turn_id),
                tags: &turn.tags,
                labels,
                redacted: *redacted,
            },
            Self::Others(_) => Envelope {
                at_ms: 0,
                turn_id: None,
                tags: NO_TAGS,
                labels: const { &Shared::usual() },
                redacted: false,
            },
        }
    }
}

impl Spans for EventRun {
    fn len(&self) -> usize {
        self.len()
    }
}

fn changed(from: WorkerState, to: WorkerState) -> Fact {
    Fact::WorkerStateChanged { from, to, reason: None }
}

#[cfg(test)]
mod tests {
    use llm_engine::TokenUsage;

    use super::*;
    use crate::{
        domain::draft::{Draft, TurnEnd},
        model::{Input, Meta, TurnOutcome},
        store::{Batch, Change, Lease, WorkerRecord},
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

    fn tags() -> Shared<Tags> {
        let meta = Meta::from([("who".to_owned(), "me".to_owned())]);
        Tags::new(Some(&meta), Some("key"))
    }

    /// A creation, a turn that begins, and its end by itself; with the facts that each tells.
    fn batches(tags: &Shared<Tags>) -> [(Batch, Vec<Fact>); 3] {
        let commit = |draft: Draft| draft.into_batch(Lease(1));
        let mut created = Draft::creation(record(), 7, tags.clone());
        created.created();
        let record = Arc::new(created.record().clone());
        let mut begun = Draft::of(&record, 8, tags.clone());
        let profile = record.spec.profile.clone();
        begun.begin_turn(TurnId::NIL, &Input::user("hello"), profile, None);
        let running = Arc::clone(begun.record().running_turn().unwrap());
        let end = TurnEnd {
            outcome: TurnOutcome::Completed,
            text: "well".into(),
            usage: TokenUsage::default(),
            stop_reason: None,
            error: None,
            reason: None,
        };
        let ended = crate::turn::turn_ends(begun.record(), &running, end, 9);
        let (created, begun, ended) = (commit(created), commit(begun), commit(ended));
        let [input] = &*begun.entries else { panic!("one input") };
        let input = Fact::InputAccepted { entry: Arc::clone(input) };
        let begins =
            vec![input, Fact::TurnStarted, changed(WorkerState::Idle, WorkerState::Running)];
        let turn = Arc::clone(ended.turn().unwrap().1);
        let end = Fact::TurnEnded { turn, entry: ended.entries.first().cloned() };
        let ends = vec![end, changed(WorkerState::Running, WorkerState::Idle)];
        [(created, vec![Fact::WorkerCreated { record }]), (begun, begins), (ended, ends)]
    }

    fn told(run: &EventRun) -> Vec<StoredEvent> {
        run.iter().collect()
    }

    fn is_compact(run: &EventRun) -> bool {
        !matches!(run.0, What::Others(_))
    }

    #[test]
    fn events_are_told_as_they_would_be_kept() {
        for tags in [Shared::usual(), tags()] {
            let times = [7, 8, 9];
            for ((batch, facts), at_ms) in batches(&tags).into_iter().zip(times) {
                let turn_id = (at_ms > 7).then_some(TurnId::NIL);
                let labels = record().labels;
                let event = |fact| {
                    let (tags, labels) = (tags.clone(), labels.clone());
                    StoredEvent { at_ms, turn_id, tags, labels, fact, redacted: false }
                };
                let expected: Vec<_> = facts.into_iter().map(event).collect();
                assert_eq!(told(&batch.events), expected);
                assert_eq!(batch.events.len(), expected.len());
                // A creation tells of a record, which has no tags.
                assert_eq!(is_compact(&batch.events), tags == Shared::usual() || at_ms > 7);
            }
        }
    }

    #[test]
    fn a_creation_with_an_input_tells_of_both() {
        let [(created, _), (begun, _), _] = batches(&Shared::usual());
        let mut both = created.events.clone();
        both.extend(begun.events.clone());
        let expected: Vec<_> = created.events.iter().chain(begun.events.iter()).collect();
        assert_eq!(told(&both), expected);
    }

    #[test]
    fn a_filter_wants_of_a_commit_what_it_wants_of_its_events() {
        let labels = |team: &str| Some(Labels::from([("team".into(), team.into())]));
        let of_type = |it: &EventType| EventFilter { types: Some(vec![*it]), labels: None };
        let of_team = ["blue", "red"].map(|it| EventFilter { types: None, labels: labels(it) });
        for filter in EventType::ALL.iter().map(of_type).chain(of_team) {
            for (Batch { events, .. }, _) in batches(&tags()) {
                for (place, event) in events.iter().enumerate() {
                    let is_wanted = events.is_wanted(place, &filter);
                    assert_eq!(is_wanted, filter.matches(&event), "{filter:?}, {event:?}");
                }
            }
        }
    }

    #[test]
    fn an_end_that_is_told_otherwise_than_its_turn_is_kept_as_it_is() {
        let [_, (begun, _), _] = batches(&tags());
        let running = Arc::clone(begun.turn().unwrap().1);
        let Change::Put(record) = begun.change else { panic!("a record") };
        let tell = |now_ms, tags: Shared<Tags>, reason: Option<&str>| {
            let mut draft = Draft::of(&record, now_ms, tags);
            let end = TurnEnd::cancelled("".into(), TokenUsage::default(), None);
            draft.end_turn(&running, end, WorkerState::Idle, reason.map(Arc::from));
            draft.into_batch(Lease(1)).events
        };
        assert!(is_compact(&tell(9, tags(), None)));
        // The clock went back, another command cancelled it, the change of state has a reason.
        for run in
            [tell(1, tags(), None), tell(9, Shared::usual(), None), tell(9, tags(), Some("enough"))]
        {
            assert!(!is_compact(&run), "{run:?}");
            assert_eq!(run.len(), 2);
        }
        assert_eq!(told(&tell(1, tags(), None))[1].at_ms, 1);
        assert_eq!(told(&tell(9, Shared::usual(), None))[0].tags, Shared::usual());
    }

    #[test]
    fn erasing_leaves_of_a_commit_what_it_leaves_of_its_events() {
        for (batch, _) in batches(&tags()) {
            let mut run = batch.events.clone();
            run.redact();
            let mut events = told(&batch.events);
            events.iter_mut().for_each(StoredEvent::redact);
            assert_eq!(told(&run), events);
        }
    }
}

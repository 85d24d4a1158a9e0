//! Events that follow each other in a log, made presentable once for those who read them.

use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

use crate::{
    identity::{Epoch, Owner, WorkerId},
    log::{
        Commit, EventRun, Part, Parts,
        places::{CHOICE, Places},
        run::Turning,
    },
    model::{EventFilter, Position, Room, RuntimeEvent, StreamEvent},
    state::core::Core,
    sync::Padded,
};

/// How many events a stretch has at most: as many as are copied under a log's lock at once.
pub(crate) const LONGEST: usize = 128;

/// Events that follow each other in a log, for the readers of one thread: to fetch from another
/// core's cache what that has made presentable would cost as much as to make it.
#[derive(Debug)]
pub(crate) struct Stretch {
    owner: Arc<Padded<Owner>>,
    epoch: Epoch,
    /// The sequence before the first event.
    after: u64,
    len: usize,
    told: Told,
    shown: OnceLock<Box<[StreamEvent]>>,
}

/// What was copied from a log.
#[derive(Debug)]
pub(crate) enum Told {
    Runtime(Parts<Commit>),
    Worker(WorkerId, Parts<EventRun>),
}

impl Stretch {
    /// So many events after a sequence, at most [`LONGEST`].
    pub(crate) fn new(core: &Core, after: u64, len: usize, told: Told) -> Self {
        debug_assert!(len <= LONGEST, "more are not copied");
        let shown = OnceLock::new();
        Self { owner: Arc::clone(core.owners.here()), epoch: core.epoch, after, len, told, shown }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The place of the event after a sequence, if it is here.
    pub(crate) fn place_after(&self, sequence: u64) -> Option<usize> {
        let place = usize::try_from(sequence.checked_sub(self.after)?).ok()?;
        (place < self.len).then_some(place)
    }

    /// The sequence before the event at this place.
    pub(crate) fn before(&self, place: usize) -> u64 {
        self.after + place as u64
    }

    /// Those of a row that are wanted, which is no longer than [`CHOICE`].
    pub(crate) fn choose(&self, row: &Range<usize>, filter: &EventFilter) -> Places {
        let (from, count) = (row.start, row.len());
        debug_assert!(count <= CHOICE, "no more are read for a filter");
        match &self.told {
            Told::Runtime(parts) => {
                let events = Part::events(parts).skip(from).take(count);
                Places::chosen(from, events.map(|(commit, at)| filter.matches_in(commit, at)))
            }
            Told::Worker(_, parts) => {
                let events = Part::events(parts).skip(from).take(count);
                Places::chosen(from, events.map(|(run, at)| run.is_wanted(at, filter)))
            }
        }
    }

    /// What begins or ends a turn at some places of a Worker's events: nothing else is looked at.
    pub(crate) fn turnings(
        &self,
        places: &Range<usize>,
    ) -> impl Iterator<Item = (usize, Turning<'_>)> {
        let parts = match &self.told {
            Told::Worker(_, parts) => parts.as_slice(),
            Told::Runtime(_) => &[],
        };
        let mut first = 0;
        parts.iter().flat_map(move |Part { commit: run, places: here }| {
            // What is wanted of this commit.
            let at = |place: usize| here.start + place.saturating_sub(first);
            let wanted = at(places.start)..here.end.min(at(places.end));
            let turning = run.turning_places();
            let (begin, behind) = (first, here.start);
            first += here.len();
            (wanted.start.max(turning.start)..wanted.end.min(turning.end))
                .filter_map(move |at| Some((begin + at - behind, run.turning(at)?)))
        })
    }

    /// All events, as people see them.
    pub(crate) fn events(&self) -> &[StreamEvent] {
        self.shown.get_or_init(|| self.show())
    }

    fn show(&self) -> Box<[StreamEvent]> {
        let Self { owner, epoch, .. } = self;
        let runtime_id = owner.runtime_id;
        let mut sequence = self.after;
        let mut shown = Vec::with_capacity(self.len);
        match &self.told {
            Told::Runtime(parts) => {
                let room = Room::Runtime(*epoch);
                for Part { commit, places } in parts {
                    // Extended by a range, a vector has each event written where it stays.
                    shown.extend(places.clone().map(|at| {
                        sequence += 1;
                        let slot = commit.slot(at);
                        StreamEvent {
                            event: RuntimeEvent::in_runtime_scope(owner, *epoch, sequence, slot),
                            cursor: Position { runtime_id, room, sequence }.into(),
                        }
                    }));
                }
            }
            Told::Worker(id, parts) => {
                let room = Room::Worker(*id);
                for Part { commit: run, places } in parts {
                    shown.extend(places.clone().map(|at| {
                        sequence += 1;
                        let event = run.event(at);
                        StreamEvent {
                            event: RuntimeEvent::in_worker_scope(
                                owner, *epoch, *id, sequence, event,
                            ),
                            cursor: Position { runtime_id, room, sequence }.into(),
                        }
                    }));
                }
            }
        }
        shown.into()
    }
}

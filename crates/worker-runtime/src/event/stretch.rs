//! Events that follow each other in a log, made presentable once for everybody who reads them.

use std::{
    ops::{Deref, Range},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{Position, Room, RuntimeEvent, Slot, StreamEvent};
use crate::{core::Core, identity::Epoch, owner::Owner};

/// How many events a stretch has at most: as many as are copied under a log's lock at once.
pub(crate) const LONGEST: usize = 128;

/// How many events are made presentable at once.
const SHEET: usize = 8;

/// Events that follow each other in a log.
#[derive(Debug)]
pub(crate) struct Stretch {
    owner: Owner,
    epoch: Epoch,
    room: Room,
    /// The sequence before the first event.
    after: u64,
    slots: Vec<Slot>,
    sheets: Box<[Sheet]>,
    /// The first sheet that no reader of everything has begun.
    untouched: AtomicUsize,
}

/// Some of the events as people see them, once somebody wants one of them.
type Sheet = OnceLock<Box<[StreamEvent]>>;

/// A stretch as the readers of one thread share it.
///
/// How often a [`Stretch`] is held is counted for everybody: threads that moved that count for each
/// reader or event would wait for each other. This one is counted for a thread.
#[derive(Clone, Debug)]
pub(crate) struct OwnStretch(Arc<Stretch>);

impl OwnStretch {
    pub(crate) fn new(stretch: Stretch) -> Arc<Self> {
        Arc::new(Self(Arc::new(stretch)))
    }
}

impl Deref for OwnStretch {
    type Target = Stretch;

    fn deref(&self) -> &Stretch {
        &self.0
    }
}

impl Stretch {
    /// Events after a sequence, at most [`LONGEST`].
    pub(crate) fn new(core: &Core, room: Room, after: u64, slots: Vec<Slot>) -> Self {
        debug_assert!(slots.len() <= LONGEST, "more are not copied");
        let sheets = slots.chunks(SHEET).map(|_| Sheet::new()).collect();
        let untouched = AtomicUsize::new(0);
        Self { owner: core.owner.clone(), epoch: core.epoch, room, after, slots, sheets, untouched }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The place of the event after a sequence, if it is here.
    pub(crate) fn place_after(&self, sequence: u64) -> Option<usize> {
        let place = usize::try_from(sequence.checked_sub(self.after)?).ok()?;
        (place < self.len()).then_some(place)
    }

    /// The sequence before the event at this place.
    pub(crate) fn before(&self, place: usize) -> u64 {
        self.after + place as u64
    }

    pub(crate) fn slot(&self, place: usize) -> &Slot {
        &self.slots[place]
    }

    /// Makes all events presentable. Threads that want it at the same time share the work.
    pub(crate) fn show_all(&self) {
        while self.untouched.load(Ordering::Relaxed) < self.sheets.len() {
            let sheet = self.untouched.fetch_add(1, Ordering::Relaxed);
            if sheet < self.sheets.len() {
                self.sheet(sheet);
            }
        }
    }

    /// The event at this place, as people see it.
    pub(crate) fn event(&self, place: usize) -> &StreamEvent {
        &self.sheet(place / SHEET)[place % SHEET]
    }

    /// The first events of a row, as many as are at hand together.
    pub(crate) fn at_hand(&self, row: &Range<usize>) -> &[StreamEvent] {
        let start = row.start % SHEET;
        let sheet = &self.sheet(row.start / SHEET)[start..];
        &sheet[..sheet.len().min(row.len())]
    }

    fn sheet(&self, sheet: usize) -> &[StreamEvent] {
        self.sheets[sheet].get_or_init(|| {
            let first = sheet * SHEET;
            let slots = self.slots[first..].iter().take(SHEET);
            slots.zip(self.before(first) + 1..).map(|(slot, at)| self.show(at, slot)).collect()
        })
    }

    fn show(&self, sequence: u64, slot: &Slot) -> StreamEvent {
        let mut event = RuntimeEvent::in_runtime_scope(&self.owner, self.epoch, sequence, slot);
        match self.room {
            Room::Runtime(_) => {}
            Room::Worker(_) => event.sequence = None,
        }
        let position = Position { runtime_id: self.owner.runtime_id, room: self.room, sequence };
        StreamEvent { event, cursor: position.into() }
    }
}

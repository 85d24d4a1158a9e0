//! Events that follow each other in a log, made presentable once for everybody who reads them.

use std::sync::{Arc, OnceLock};

use super::{Position, Room, RuntimeEvent, Slot, StreamEvent};
use crate::{core::Core, identity::Epoch, owner::Owner};

/// How many events a stretch has at most: a bit of a word stands for each.
pub(crate) const LONGEST: usize = u64::BITS as usize;

/// Events that follow each other in a log.
#[derive(Debug)]
pub(crate) struct Stretch {
    owner: Owner,
    epoch: Epoch,
    room: Room,
    /// The sequence before the first event.
    after: u64,
    entries: Box<[Entry]>,
}

#[derive(Debug)]
struct Entry {
    slot: Slot,
    shown: OnceLock<StreamEvent>,
}

/// A stretch whose events one reader takes one by one.
///
/// How often a [`Stretch`] is held is counted for everybody: threads that moved that count for each
/// event would wait for each other. The count of this one is the reader's own.
#[derive(Debug)]
pub(crate) struct OwnStretch(pub(crate) Arc<Stretch>);

impl Stretch {
    /// The events after a sequence, at most [`LONGEST`].
    pub(crate) fn new(
        core: &Core,
        room: Room,
        after: u64,
        slots: impl Iterator<Item = Slot>,
    ) -> Arc<Self> {
        let entries = slots.take(LONGEST).map(|slot| Entry { slot, shown: OnceLock::new() });
        Arc::new(Self {
            owner: core.owner.clone(),
            epoch: core.epoch,
            room,
            after,
            entries: entries.collect(),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The place of the event after a sequence, if it is here.
    pub(crate) fn place_after(&self, sequence: u64) -> Option<usize> {
        let place = usize::try_from(sequence.checked_sub(self.after)?).ok()?;
        (place < self.entries.len()).then_some(place)
    }

    /// The sequence before the event at this place.
    pub(crate) fn before(&self, place: usize) -> u64 {
        self.after + place as u64
    }

    pub(crate) fn slot(&self, place: usize) -> &Slot {
        &self.entries[place].slot
    }

    /// The event at this place, as people see it.
    pub(crate) fn event(&self, place: usize) -> &StreamEvent {
        let Entry { slot, shown } = &self.entries[place];
        shown.get_or_init(|| self.show(self.before(place) + 1, slot))
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

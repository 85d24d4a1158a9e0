//! The order of activity, which is brought up to date when somebody asks for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::state::listing::group::{Bits, Group, Place, place_of_block};

/// The order of activity. What moved since it was last asked for is sorted in when it is.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// By the time of the last event, in milliseconds since the Unix epoch, and by ordinal.
    order: BTreeSet<(u64, u64)>,
    /// Blocks in which somebody moved.
    moved: Vec<u64>,
}

impl Activity {
    /// Notes that a Worker did something.
    pub(crate) fn note(&mut self, group: &mut Group, ordinal: u64, at_ms: u64) {
        let place = Place::of(ordinal);
        let Some(block) = group.block_mut(place.block) else { return };
        block.active_at_ms[place.index] = at_ms;
        if block.moved == 0 {
            self.moved.push(ordinal / 64);
        }
        if block.moved & place.bit() == 0 {
            block.moved |= place.bit();
        }
    }

    /// Forgets a Worker that goes.
    pub(crate) fn forget(&mut self, group: &mut Group, ordinal: u64) {
        let place = Place::of(ordinal);
        let Some(block) = group.block_mut(place.block) else { return };
        block.moved &= !place.bit();
        if let Some(sorted) = &mut block.sorted_at_ms {
            let at_ms = std::mem::take(&mut sorted[place.index]);
            self.order.remove(&(at_ms, ordinal));
        }
    }

    /// Sorts in all that moved.
    pub(crate) fn bring_up_to_date(&mut self, groups: &mut BTreeMap<u64, Box<Group>>) {
        self.sort_in(groups, usize::MAX);
    }

    /// Sorts in so many of the Workers that moved, or a few more; whether that were all.
    pub(crate) fn sort_in(&mut self, groups: &mut BTreeMap<u64, Box<Group>>, most: usize) -> bool {
        let mut sorted_in = 0;
        while sorted_in < most {
            let Some(number) = self.moved.pop() else { return true };
            let (group, block) = place_of_block(number);
            let group = groups.get_mut(&group);
            let Some(block) = group.and_then(|it| it.block_mut(block)) else { continue };
            let sorted = block.sorted_at_ms.get_or_insert_with(|| Box::new([0; 64]));
            let moved = std::mem::take(&mut block.moved);
            sorted_in += moved.count_ones() as usize;
            for place in Bits(moved) {
                let ordinal = number * 64 + place as u64;
                let at_ms = block.active_at_ms[place];
                self.order.remove(&(std::mem::replace(&mut sorted[place], at_ms), ordinal));
                self.order.insert((at_ms, ordinal));
            }
        }
        self.moved.is_empty()
    }

    /// Times and ordinals before `end`, the last first, as of when this was last up to date.
    pub(crate) fn before(&self, end: (u64, u64)) -> impl Iterator<Item = (u64, u64)> {
        self.order.range(..end).rev().copied()
    }
}

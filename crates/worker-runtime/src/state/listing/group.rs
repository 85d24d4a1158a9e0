//! Some thousand consecutive ordinals: who is there, and who is in which state.

use std::{ops::RangeInclusive, sync::Arc};

use crate::{model::WorkerState, state::worker_cell::Cell};

/// Ordinals in a block, blocks in a group.
const WIDTH: usize = 64;

/// 64 blocks of 64 consecutive ordinals.
#[derive(Debug)]
pub(crate) struct Group {
    blocks: [Option<Box<Block>>; WIDTH],
    /// Who of each block is in which state, a bit each. A Worker that changes its state moves within a
    /// line of the cache, or two.
    states: [[u64; STATES]; WIDTH],
    /// The blocks with a Worker in each state, a bit each.
    filled: [u64; STATES],
}

const STATES: usize = WorkerState::ALL.len();

/// 64 consecutive ordinals: who is there, and when each was last active.
#[derive(Debug)]
pub(crate) struct Block {
    cells: [Option<Arc<Cell>>; WIDTH],
    pub(crate) active_at_ms: [u64; WIDTH],
    /// Who was active since the order of activity was last asked for.
    pub(crate) moved: u64,
    /// Where each stands in that order, once it was asked for; 0 for nowhere.
    pub(crate) sorted_at_ms: Option<Box<[u64; WIDTH]>>,
}

/// Where an ordinal stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The group.
    pub(crate) group: u64,
    /// The block in the group.
    pub(crate) block: usize,
    /// The place in the block.
    pub(crate) index: usize,
}

impl Place {
    pub(crate) fn of(ordinal: u64) -> Self {
        let within = |number: u64| usize::try_from(number % 64).unwrap_or_default();
        Self { group: ordinal / 64 / 64, block: within(ordinal / 64), index: within(ordinal) }
    }

    /// The place's bit in its block.
    pub(crate) fn bit(self) -> u64 {
        1 << self.index
    }
}

/// The group of a block by its number, and the block's place in there.
pub(crate) fn place_of_block(number: u64) -> (u64, usize) {
    let Place { group, block, .. } = Place::of(number * 64);
    (group, block)
}

/// The number of a group's block.
pub(crate) fn number_of_block(group: u64, block: usize) -> u64 {
    group * 64 + block as u64
}

/// The places of a block whose ordinals are among these, a bit each.
pub(crate) fn places_among(ordinals: &RangeInclusive<u64>, block: u64) -> u64 {
    let begin = block * 64;
    let places = |many: u64| u32::try_from(many).unwrap_or(u32::MAX);
    let from_first = u64::MAX.checked_shl(places(ordinals.start().saturating_sub(begin)));
    let to_last = u64::MAX.checked_shr(places((begin + 63).saturating_sub(*ordinals.end())));
    from_first.unwrap_or(0) & to_last.unwrap_or(0)
}

impl Group {
    pub(crate) fn empty() -> Box<Self> {
        Box::new(Self {
            blocks: [const { None }; WIDTH],
            states: [[0; STATES]; WIDTH],
            filled: [0; STATES],
        })
    }

    pub(crate) fn insert(&mut self, place: Place, cell: Arc<Cell>, state: WorkerState) {
        let block = self.blocks[place.block].get_or_insert_with(Block::empty);
        block.cells[place.index] = Some(cell);
        self.enter(place, state);
    }

    /// Takes a Worker out; a block without Workers goes with the last one.
    pub(crate) fn remove(&mut self, place: Place) -> Option<Arc<Cell>> {
        for state in WorkerState::ALL {
            self.leave(place, state);
        }
        let cell = self.blocks[place.block].as_mut()?.cells[place.index].take();
        if self.matches(place.block, &WorkerState::ALL) == 0 {
            self.blocks[place.block] = None;
        }
        cell
    }

    pub(crate) fn go(&mut self, place: Place, from: WorkerState, to: WorkerState) {
        self.enter(place, to);
        self.leave(place, from);
    }

    fn enter(&mut self, place: Place, state: WorkerState) {
        self.states[place.block][state as usize] |= place.bit();
        self.filled[state as usize] |= 1 << place.block;
    }

    fn leave(&mut self, place: Place, state: WorkerState) {
        let word = &mut self.states[place.block][state as usize];
        *word &= !place.bit();
        if *word == 0 {
            self.filled[state as usize] &= !(1 << place.block);
        }
    }

    pub(crate) fn block_mut(&mut self, block: usize) -> Option<&mut Block> {
        self.blocks[block].as_deref_mut()
    }

    pub(crate) fn cell(&self, block: usize, index: usize) -> Option<&Arc<Cell>> {
        self.blocks[block].as_ref()?.cells[index].as_ref()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.blocks_in(&WorkerState::ALL) == 0
    }

    /// The blocks with a Worker in one of these states, a bit each.
    pub(crate) fn blocks_in(&self, states: &[WorkerState]) -> u64 {
        states.iter().fold(0, |bits, state| bits | self.filled[*state as usize])
    }

    /// The Workers of a block in one of these states, a bit each.
    pub(crate) fn matches(&self, block: usize, states: &[WorkerState]) -> u64 {
        states.iter().fold(0, |bits, state| bits | self.states[block][*state as usize])
    }
}

impl Block {
    fn empty() -> Box<Self> {
        Box::new(Self {
            cells: [const { None }; WIDTH],
            active_at_ms: [0; WIDTH],
            moved: 0,
            sorted_at_ms: None,
        })
    }
}

/// The places of the bits that are set, from either end.
#[derive(Debug)]
pub(crate) struct Bits(pub(crate) u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let place = self.0.trailing_zeros();
        self.0 &= self.0.checked_sub(1)?;
        Some(place as usize)
    }
}

impl DoubleEndedIterator for Bits {
    fn next_back(&mut self) -> Option<usize> {
        let place = 63_u32.checked_sub(self.0.leading_zeros())?;
        self.0 &= !(1 << place);
        Some(place as usize)
    }
}

//! The Workers in order of creation and of activity, with an index by state and by label.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use hashbrown::HashMap;

use crate::{
    cell::Cell,
    model::{Labels, WorkerState},
};

/// Workers in order of creation, in blocks of 64 consecutive ordinals.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    blocks: BTreeMap<u64, Box<Block>>,
    labels: HashMap<(String, String), BTreeMap<u64, u64>>,
    activity: Activity,
}

/// 64 consecutive ordinals: who is there, in which state, and when each was last active.
#[derive(Debug)]
struct Block {
    cells: [Option<Arc<Cell>>; 64],
    present: u64,
    states: [u64; 5],
    active_at_ms: [u64; 64],
    /// Who was active since the order of activity was last asked for.
    moved: u64,
    /// Where each stands in that order, once it was asked for; 0 for nowhere.
    sorted_at_ms: Option<Box<[u64; 64]>>,
}

/// Order of activity. What moved since it was last asked for is sorted in when it is.
#[derive(Debug, Default)]
struct Activity {
    order: BTreeSet<(u64, u64)>,
    /// Blocks in which somebody moved.
    moved: Vec<u64>,
}

/// Which Workers are wanted.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// In any of these states; in any state if absent.
    pub(crate) states: Option<&'a [WorkerState]>,
    /// With all of these labels.
    pub(crate) labels: &'a Labels,
}

/// A part of the list.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) cells: Vec<Arc<Cell>>,
    /// The ordinal to go on after; none at the end.
    pub(crate) next: Option<u64>,
}

impl Listing {
    pub(crate) fn insert(
        &mut self,
        cell: Arc<Cell>,
        state: WorkerState,
        labels: &Labels,
        at_ms: u64,
    ) {
        let (number, bit) = place(cell.ordinal);
        let block = self.blocks.entry(number).or_insert_with(Block::empty);
        block.cells[index(bit)] = Some(cell);
        block.present |= bit;
        block.states[state as usize] |= bit;
        block.moves(number, bit, at_ms, &mut self.activity);
        self.label(number, bit, labels);
    }

    pub(crate) fn remove(&mut self, ordinal: u64, labels: &Labels) -> Option<Arc<Cell>> {
        let (number, bit) = place(ordinal);
        self.unlabel(number, bit, labels);
        let block = self.blocks.get_mut(&number)?;
        block.present &= !bit;
        block.moved &= !bit;
        block.states.iter_mut().for_each(|it| *it &= !bit);
        if let Some(sorted) = &mut block.sorted_at_ms {
            let at_ms = std::mem::take(&mut sorted[index(bit)]);
            self.activity.order.remove(&(at_ms, ordinal));
        }
        let cell = block.cells[index(bit)].take();
        if block.present == 0 {
            self.blocks.remove(&number);
        }
        cell
    }

    /// Notes that a Worker did something at `at_ms`, and the state it is in.
    pub(crate) fn touch(&mut self, ordinal: u64, from: WorkerState, to: WorkerState, at_ms: u64) {
        let (number, bit) = place(ordinal);
        let Some(block) = self.blocks.get_mut(&number) else { return };
        block.moves(number, bit, at_ms, &mut self.activity);
        if from != to {
            block.states[to as usize] |= bit;
            block.states[from as usize] &= !bit;
        }
    }

    pub(crate) fn relabel(&mut self, ordinal: u64, from: &Labels, to: &Labels) {
        let (number, bit) = place(ordinal);
        self.unlabel(number, bit, from);
        self.label(number, bit, to);
    }

    fn label(&mut self, number: u64, bit: u64, labels: &Labels) {
        for (name, value) in labels {
            let set = self.labels.entry((name.clone(), value.clone())).or_default();
            *set.entry(number).or_default() |= bit;
        }
    }

    fn unlabel(&mut self, number: u64, bit: u64, labels: &Labels) {
        for (name, value) in labels {
            let key = (name.clone(), value.clone());
            let Some(set) = self.labels.get_mut(&key) else { continue };
            if let Some(bits) = set.get_mut(&number) {
                *bits &= !bit;
                if *bits == 0 {
                    set.remove(&number);
                }
            }
            if set.is_empty() {
                self.labels.remove(&key);
            }
        }
    }

    /// Workers with an ordinal greater than `after`, oldest first.
    pub(crate) fn oldest(&self, after: u64, wanted: &Wanted<'_>, limit: usize) -> Found {
        let first = after.saturating_add(1);
        let Some(sets) = self.label_sets(wanted) else { return Found::default() };
        let mask_from = |number: u64| {
            if number == first / 64 { u64::MAX << (first % 64) } else { u64::MAX }
        };
        let mut found = Found::default();
        let blocks = self.candidates(&sets, first / 64, u64::MAX);
        for number in blocks {
            let mut bits = self.matches(number, &sets, wanted) & mask_from(number);
            while bits != 0 {
                if found.cells.len() == limit {
                    found.next = found.cells.last().map(|cell| cell.ordinal);
                    return found;
                }
                let place = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                found.cells.extend(self.cell(number, place));
            }
        }
        found
    }

    /// Workers with an ordinal less than `before`, newest first.
    pub(crate) fn newest(&self, before: u64, wanted: &Wanted<'_>, limit: usize) -> Found {
        let Some(last) = before.checked_sub(1) else { return Found::default() };
        let Some(sets) = self.label_sets(wanted) else { return Found::default() };
        let mask_to = |number: u64| {
            if number == last / 64 { u64::MAX >> (63 - last % 64) } else { u64::MAX }
        };
        let mut found = Found::default();
        for number in self.candidates(&sets, 0, last / 64).rev() {
            let mut bits = self.matches(number, &sets, wanted) & mask_to(number);
            while bits != 0 {
                if found.cells.len() == limit {
                    found.next = found.cells.last().map(|cell| cell.ordinal);
                    return found;
                }
                let place = 63 - bits.leading_zeros() as usize;
                bits &= !(1 << place);
                found.cells.extend(self.cell(number, place));
            }
        }
        found
    }

    /// Workers less recently active than `before`, most recent first: at most `scan` are looked at.
    pub(crate) fn active(
        &mut self,
        before: Option<(u64, u64)>,
        wanted: &Wanted<'_>,
        limit: usize,
        scan: usize,
    ) -> (Vec<Arc<Cell>>, Option<(u64, u64)>) {
        self.sort_what_moved();
        let Some(sets) = self.label_sets(wanted) else { return (Vec::new(), None) };
        let end = before.unwrap_or((u64::MAX, u64::MAX));
        let mut cells = Vec::new();
        let mut last = None;
        for (looked_at, stamp) in self.activity.order.range(..end).rev().enumerate() {
            if cells.len() == limit || looked_at == scan {
                return (cells, last);
            }
            let (number, bit) = place(stamp.1);
            if self.matches(number, &sets, wanted) & bit != 0 {
                cells.extend(self.cell(number, index(bit)));
            }
            last = Some(*stamp);
        }
        (cells, None)
    }

    fn sort_what_moved(&mut self) {
        let Activity { order, moved } = &mut self.activity;
        for number in moved.drain(..) {
            let Some(block) = self.blocks.get_mut(&number) else { continue };
            let sorted = block.sorted_at_ms.get_or_insert_with(|| Box::new([0; 64]));
            let mut bits = std::mem::take(&mut block.moved);
            while bits != 0 {
                let place = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let ordinal = number * 64 + place as u64;
                let at_ms = block.active_at_ms[place];
                order.remove(&(std::mem::replace(&mut sorted[place], at_ms), ordinal));
                order.insert((at_ms, ordinal));
            }
        }
    }

    fn cell(&self, number: u64, place: usize) -> Option<Arc<Cell>> {
        self.blocks.get(&number)?.cells[place].clone()
    }

    /// The sets of the labels that are wanted, or nothing if one of them has no Worker.
    fn label_sets(&self, wanted: &Wanted<'_>) -> Option<Vec<&BTreeMap<u64, u64>>> {
        let sets = wanted.labels.iter();
        sets.map(|(name, value)| self.labels.get(&(name.clone(), value.clone()))).collect()
    }

    /// The blocks worth a look, by the smallest set.
    fn candidates<'a>(
        &'a self,
        sets: &[&'a BTreeMap<u64, u64>],
        first: u64,
        last: u64,
    ) -> Box<dyn DoubleEndedIterator<Item = u64> + 'a> {
        match sets.iter().min_by_key(|set| set.len()) {
            Some(smallest) => Box::new(smallest.range(first..=last).map(|(number, _)| *number)),
            None => Box::new(self.blocks.range(first..=last).map(|(number, _)| *number)),
        }
    }

    fn matches(&self, number: u64, sets: &[&BTreeMap<u64, u64>], wanted: &Wanted<'_>) -> u64 {
        let Some(block) = self.blocks.get(&number) else { return 0 };
        let in_state = wanted.states.map_or(block.present, |states| {
            states.iter().fold(0, |bits, state| bits | block.states[*state as usize])
        });
        sets.iter().fold(in_state, |bits, set| bits & set.get(&number).copied().unwrap_or(0))
    }
}

impl Block {
    fn empty() -> Box<Self> {
        Box::new(Self {
            cells: [const { None }; 64],
            present: 0,
            states: [0; 5],
            active_at_ms: [0; 64],
            moved: 0,
            sorted_at_ms: None,
        })
    }

    fn moves(&mut self, number: u64, bit: u64, at_ms: u64, activity: &mut Activity) {
        self.active_at_ms[index(bit)] = at_ms;
        if self.moved == 0 {
            activity.moved.push(number);
        }
        self.moved |= bit;
    }
}

/// An ordinal's block and its bit in there.
fn place(ordinal: u64) -> (u64, u64) {
    (ordinal / 64, 1 << (ordinal % 64))
}

/// The place of a bit in its block.
fn index(bit: u64) -> usize {
    bit.trailing_zeros() as usize
}

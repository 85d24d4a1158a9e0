//! Who has a label: a bit each, by the groups of the list.

use std::{
    collections::BTreeMap,
    iter::repeat_n,
    ops::{Range, RangeInclusive},
};

use smallvec::SmallVec;

use crate::state::listing::group::Place;

/// Who has a label.
#[derive(Debug, Default)]
pub(crate) struct LabelSet(BTreeMap<u64, Box<Labelled>>);

/// Who of a group has a label.
#[derive(Debug, Default)]
pub(crate) struct Labelled {
    /// The blocks with somebody, a bit each.
    pub(crate) blocks: u64,
    /// A word for each block from the first of those to the last: a label may be that of one Worker
    /// alone, and is found by the block all the same.
    words: SmallVec<[u64; 2]>,
}

impl LabelSet {
    pub(crate) fn insert(&mut self, place: Place) {
        self.0.entry(place.group).or_default().insert(place);
    }

    pub(crate) fn remove(&mut self, place: Place) {
        let Some(labelled) = self.0.get_mut(&place.group) else { return };
        labelled.remove(place);
        if labelled.blocks == 0 {
            self.0.remove(&place.group);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many groups there is somebody of.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn of_group(&self, number: u64) -> Option<&Labelled> {
        self.0.get(&number).map(|it| &**it)
    }

    /// Those groups among some, by their numbers.
    pub(crate) fn numbers(
        &self,
        among: RangeInclusive<u64>,
    ) -> impl DoubleEndedIterator<Item = u64> {
        self.0.range(among).map(|(number, _)| *number)
    }
}

impl Labelled {
    /// Who of a block, a bit each.
    pub(crate) fn of_block(&self, block: usize) -> u64 {
        let word = block.checked_sub(span(self.blocks).start);
        word.and_then(|word| self.words.get(word)).copied().unwrap_or(0)
    }

    fn insert(&mut self, place: Place) {
        let before = span(self.blocks);
        self.blocks |= 1 << place.block;
        let now = span(self.blocks);
        if !before.is_empty() {
            self.words.insert_many(0, repeat_n(0, before.start - now.start));
        }
        self.words.resize(now.len(), 0);
        self.words[place.block - now.start] |= place.bit();
    }

    fn remove(&mut self, place: Place) {
        let before = span(self.blocks);
        if !before.contains(&place.block) {
            return;
        }
        let word = &mut self.words[place.block - before.start];
        *word &= !place.bit();
        if *word == 0 {
            self.blocks &= !(1 << place.block);
            let now = span(self.blocks);
            self.words.truncate(now.end.saturating_sub(before.start));
            self.words.drain(..(now.start - before.start).min(self.words.len()));
        }
    }
}

/// From the first bit that is set to the last one; empty if there is none.
fn span(bits: u64) -> Range<usize> {
    bits.trailing_zeros() as usize..(u64::BITS - bits.leading_zeros()) as usize
}

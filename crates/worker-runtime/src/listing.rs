//! The Workers in order of creation and of activity, with an index by state and by label.

mod activity;
mod group;

use std::{collections::BTreeMap, sync::Arc};

use hashbrown::HashMap;

use crate::{
    cell::Cell,
    model::{Labels, StateCounts, WorkerState},
};
use activity::Activity;
use group::{Bits, Group, Place, number_of_block, place_of_block};

/// Workers in order of creation, in blocks of 64 consecutive ordinals.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    groups: BTreeMap<u64, Box<Group>>,
    /// How many there are in each state.
    pub(crate) counts: StateCounts,
    /// Who has which label: a word for each block with somebody in it.
    labels: HashMap<(String, String), LabelSet>,
    activity: Activity,
}

type LabelSet = BTreeMap<u64, u64>;

/// Which Workers are wanted.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// In any of these states; in any state if absent.
    pub(crate) states: Option<&'a [WorkerState]>,
    /// With all of these labels.
    pub(crate) labels: &'a Labels,
}

impl<'a> Wanted<'a> {
    fn states(&self) -> &'a [WorkerState] {
        self.states.unwrap_or(&WorkerState::ALL)
    }
}

/// A part of the list.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) cells: Vec<Arc<Cell>>,
    /// The ordinal to go on after; none at the end.
    pub(crate) next: Option<u64>,
}

/// A block that is worth a look.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    group: &'a Group,
    block: usize,
    number: u64,
    /// Who has the label by which it was found; everybody if that was not by a label.
    labelled: u64,
}

impl Listing {
    pub(crate) fn insert(
        &mut self,
        cell: Arc<Cell>,
        state: WorkerState,
        labels: &Labels,
        at_ms: u64,
    ) {
        let ordinal = cell.ordinal;
        let place = Place::of(ordinal);
        let group = self.groups.entry(place.group).or_insert_with(Group::empty);
        group.insert(place, cell, state);
        *self.counts.of(state) += 1;
        self.activity.note(group, ordinal, at_ms);
        self.label(ordinal, labels);
    }

    pub(crate) fn remove(
        &mut self,
        ordinal: u64,
        state: WorkerState,
        labels: &Labels,
    ) -> Option<Arc<Cell>> {
        self.unlabel(ordinal, labels);
        let place = Place::of(ordinal);
        let group = self.groups.get_mut(&place.group)?;
        self.activity.forget(group, ordinal);
        let cell = group.remove(place);
        *self.counts.of(state) -= u64::from(cell.is_some());
        if group.is_empty() {
            self.groups.remove(&place.group);
        }
        cell
    }

    /// Notes that a Worker did something at `at_ms`, and the state it is in.
    pub(crate) fn touch(&mut self, ordinal: u64, from: WorkerState, to: WorkerState, at_ms: u64) {
        let place = Place::of(ordinal);
        let Some(group) = self.groups.get_mut(&place.group) else { return };
        self.activity.note(group, ordinal, at_ms);
        if from != to {
            group.go(place, from, to);
            *self.counts.of(to) += 1;
            *self.counts.of(from) -= 1;
        }
    }

    pub(crate) fn relabel(&mut self, ordinal: u64, from: &Labels, to: &Labels) {
        self.unlabel(ordinal, from);
        self.label(ordinal, to);
    }

    fn label(&mut self, ordinal: u64, labels: &Labels) {
        for (name, value) in labels {
            let set = self.labels.entry((name.clone(), value.clone())).or_default();
            *set.entry(ordinal / 64).or_default() |= 1 << (ordinal % 64);
        }
    }

    fn unlabel(&mut self, ordinal: u64, labels: &Labels) {
        let number = ordinal / 64;
        for (name, value) in labels {
            let key = (name.clone(), value.clone());
            let Some(set) = self.labels.get_mut(&key) else { continue };
            if let Some(bits) = set.get_mut(&number) {
                *bits &= !(1 << (ordinal % 64));
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
        let Some(mut sets) = self.label_sets(wanted) else { return Found::default() };
        let blocks = self.candidates(&mut sets, wanted, first / 64, u64::MAX / 64);
        let ordinals = blocks
            .flat_map(|it| Bits(it.matches(&sets, wanted)).map(move |index| (it, index)))
            .skip_while(|(it, index)| it.ordinal(*index) < first);
        take(ordinals, limit)
    }

    /// Workers with an ordinal less than `before`, newest first.
    pub(crate) fn newest(&self, before: u64, wanted: &Wanted<'_>, limit: usize) -> Found {
        let Some(last) = before.checked_sub(1) else { return Found::default() };
        let Some(mut sets) = self.label_sets(wanted) else { return Found::default() };
        let blocks = self.candidates(&mut sets, wanted, 0, last / 64).rev();
        let ordinals = blocks
            .flat_map(|it| Bits(it.matches(&sets, wanted)).rev().map(move |index| (it, index)))
            .skip_while(|(it, index)| it.ordinal(*index) > last);
        take(ordinals, limit)
    }

    /// Has some of those that moved stand where they belong in the order of activity: as many as may be
    /// sorted while commits wait. Whether nobody is left.
    pub(crate) fn sort_some_by_activity(&mut self) -> bool {
        const AT_ONCE: usize = 1_024;
        self.activity.sort_in(&mut self.groups, AT_ONCE)
    }

    /// Workers less recently active than `before`, most recent first: at most `scan` are looked at.
    pub(crate) fn active(
        &mut self,
        before: Option<(u64, u64)>,
        wanted: &Wanted<'_>,
        limit: usize,
        scan: usize,
    ) -> (Vec<Arc<Cell>>, Option<(u64, u64)>) {
        self.activity.bring_up_to_date(&mut self.groups);
        let Some(sets) = self.label_sets(wanted) else { return (Vec::new(), None) };
        let mut cells = Vec::new();
        let mut last = None;
        // Whoever moved one after the other was often created so, too.
        let mut near = None;
        let order = self.activity.before(before.unwrap_or((u64::MAX, u64::MAX)));
        for (looked_at, stamp) in order.enumerate() {
            if cells.len() == limit || looked_at == scan {
                return (cloned(&cells), last);
            }
            let place = Place::of(stamp.1);
            if near.is_none_or(|(number, _)| number != place.group) {
                near = self.groups.get(&place.group).map(|group| (place.group, &**group));
            }
            if let Some((_, group)) = near {
                let number = stamp.1 / 64;
                let it = Candidate { group, block: place.block, number, labelled: u64::MAX };
                let is_wanted = it.matches(&sets, wanted) & place.bit() != 0;
                cells.extend(it.cell(place.index).filter(|_| is_wanted));
            }
            last = Some(stamp);
        }
        (cloned(&cells), None)
    }

    /// The sets of the labels that are wanted, or nothing if one of them has no Worker.
    fn label_sets(&self, wanted: &Wanted<'_>) -> Option<Vec<&LabelSet>> {
        let sets = wanted.labels.iter();
        sets.map(|(name, value)| self.labels.get(&(name.clone(), value.clone()))).collect()
    }

    /// The blocks worth a look, by whatever names the fewest: a label, whose set is taken, or the
    /// states.
    fn candidates<'a>(
        &'a self,
        sets: &mut Vec<&'a LabelSet>,
        wanted: &Wanted<'a>,
        first: u64,
        last: u64,
    ) -> Box<dyn DoubleEndedIterator<Item = Candidate<'a>> + 'a> {
        let states = wanted.states();
        let mut counts = self.counts;
        let in_states: u64 = states.iter().map(|state| *counts.of(*state)).sum();
        match (0..sets.len()).min_by_key(|at| sets[*at].len()) {
            Some(smallest) if sets[smallest].len() as u64 <= in_states => {
                let blocks = sets.swap_remove(smallest).range(first..=last);
                // Blocks that follow each other are mostly of one group.
                let mut near = None;
                Box::new(blocks.filter_map(move |(&number, &labelled)| {
                    let (place, block) = place_of_block(number);
                    if near.is_none_or(|(it, _)| it != place) {
                        near = self.groups.get(&place).map(|group| (place, &**group));
                    }
                    // Most blocks of a rare state have nobody who is in it and has the label, too.
                    let (_, group) = near?;
                    let labelled = labelled & group.matches(block, states);
                    (labelled != 0).then_some(Candidate { group, block, number, labelled })
                }))
            }
            Some(_) | None => {
                let (first_group, _) = place_of_block(first);
                let (last_group, _) = place_of_block(last);
                let groups = self.groups.range(first_group..=last_group);
                let blocks = groups.flat_map(move |(number, group)| {
                    let blocks = Bits(group.blocks_in(states));
                    blocks.map(move |block| Candidate {
                        group,
                        block,
                        number: number_of_block(*number, block),
                        labelled: u64::MAX,
                    })
                });
                Box::new(blocks.filter(move |it| (first..=last).contains(&it.number)))
            }
        }
    }
}

impl<'a> Candidate<'a> {
    /// Who of the block is wanted, a bit each.
    fn matches(self, sets: &[&LabelSet], wanted: &Wanted<'_>) -> u64 {
        let in_state = self.labelled & self.group.matches(self.block, wanted.states());
        sets.iter().fold(in_state, |bits, set| bits & set.get(&self.number).copied().unwrap_or(0))
    }

    fn ordinal(self, index: usize) -> u64 {
        self.number * 64 + index as u64
    }

    fn cell(self, index: usize) -> Option<&'a Arc<Cell>> {
        self.group.cell(self.block, index)
    }
}

/// The first Workers, and the ordinal of the last one of them if there are more.
fn take<'a>(mut ordinals: impl Iterator<Item = (Candidate<'a>, usize)>, limit: usize) -> Found {
    let taken = ordinals.by_ref().take(limit);
    let cells: Vec<_> = taken.filter_map(|(it, index)| it.cell(index)).cloned().collect();
    let next = ordinals.next().and(cells.last()).map(|last| last.ordinal);
    Found { cells, next }
}

/// The Workers, touched from the last one on: what moved last was mostly created last, and processors
/// read ahead upwards.
fn cloned(cells: &[&Arc<Cell>]) -> Vec<Arc<Cell>> {
    let mut cloned: Vec<_> = cells.iter().rev().map(|cell| Arc::clone(cell)).collect();
    cloned.reverse();
    cloned
}

//! The Workers in order of creation and of activity, with an index by state and by label.

mod activity;
mod group;
mod label_set;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc};

use hashbrown::HashMap;
use smallvec::SmallVec;

use self::activity::Activity;
use self::group::{Bits, Group, Place, number_of_block, places_among};
use self::label_set::{LabelSet, Labelled};
use crate::{
    model::{Labels, StateCounts, WorkerState},
    state::worker_cell::Cell,
};

/// Workers in order of creation, in groups of blocks of 64 consecutive ordinals.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    groups: BTreeMap<u64, Box<Group>>,
    /// How many there are in each state.
    pub(crate) counts: StateCounts,
    /// Who has which label.
    labels: HashMap<(String, String), LabelSet>,
    activity: Activity,
}

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

/// A group that is worth a look, and who of it has each label that is wanted.
struct Candidates<'a> {
    number: u64,
    group: &'a Group,
    labelled: SmallVec<[&'a Labelled; 2]>,
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
            set.insert(Place::of(ordinal));
        }
    }

    fn unlabel(&mut self, ordinal: u64, labels: &Labels) {
        for (name, value) in labels {
            let key = (name.clone(), value.clone());
            let Some(set) = self.labels.get_mut(&key) else { continue };
            set.remove(Place::of(ordinal));
            if set.is_empty() {
                self.labels.remove(&key);
            }
        }
    }

    /// Workers with an ordinal greater than `after`, oldest first.
    pub(crate) fn oldest(&self, after: u64, wanted: &Wanted<'_>, limit: usize) -> Found {
        let first = after.saturating_add(1);
        let Some(sets) = self.label_sets(wanted) else { return Found::default() };
        take(self.wanted(&sets, wanted, first..=u64::MAX), limit)
    }

    /// Workers with an ordinal less than `before`, newest first.
    pub(crate) fn newest(&self, before: u64, wanted: &Wanted<'_>, limit: usize) -> Found {
        let Some(last) = before.checked_sub(1) else { return Found::default() };
        let Some(sets) = self.label_sets(wanted) else { return Found::default() };
        take(self.wanted(&sets, wanted, 0..=last).rev(), limit)
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
            if near.as_ref().is_none_or(|it: &Candidates<'_>| it.number != place.group) {
                near = self.candidates(place.group, &sets);
            }
            if let Some(it) = &near {
                let is_wanted = it.of_block(place.block, wanted.states()) & place.bit() != 0;
                cells.extend(it.group.cell(place.block, place.index).filter(|_| is_wanted));
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

    /// Who is wanted of these ordinals, in order.
    fn wanted<'a>(
        &'a self,
        sets: &'a [&'a LabelSet],
        wanted: &Wanted<'a>,
        ordinals: RangeInclusive<u64>,
    ) -> impl DoubleEndedIterator<Item = &'a Arc<Cell>> {
        let states = wanted.states();
        let (first, last) = (Place::of(*ordinals.start()), Place::of(*ordinals.end()));
        self.numbers(sets, first.group..=last.group)
            .filter_map(|number| self.candidates(number, sets))
            .flat_map(move |it| {
                let (asked_for, blocks) = (ordinals.clone(), Bits(it.blocks(states)));
                blocks.map(move |block| {
                    let places = places_among(&asked_for, number_of_block(it.number, block));
                    (it.group, block, places & it.of_block(block, states))
                })
            })
            // Most blocks of a rare state have nobody who is in it and has the label, too.
            .filter(|(.., places)| *places != 0)
            .flat_map(|(group, block, places)| {
                Bits(places).filter_map(move |place| group.cell(block, place))
            })
    }

    /// The groups worth a look, by their numbers: those of the rarest label, or all.
    fn numbers<'a>(
        &'a self,
        sets: &[&'a LabelSet],
        among: RangeInclusive<u64>,
    ) -> Box<dyn DoubleEndedIterator<Item = u64> + 'a> {
        match sets.iter().min_by_key(|set| set.len()) {
            Some(rarest) => Box::new(rarest.numbers(among)),
            None => Box::new(self.groups.range(among).map(|(number, _)| *number)),
        }
    }

    fn candidates<'a>(&'a self, number: u64, sets: &[&'a LabelSet]) -> Option<Candidates<'a>> {
        let group = self.groups.get(&number)?;
        let labelled = sets.iter().map(|set| set.of_group(number)).collect::<Option<_>>()?;
        Some(Candidates { number, group, labelled })
    }
}

impl Candidates<'_> {
    /// The blocks in which somebody may be wanted, a bit each.
    fn blocks(&self, states: &[WorkerState]) -> u64 {
        self.labelled.iter().fold(self.group.blocks_in(states), |bits, it| bits & it.blocks)
    }

    /// Who of a block is wanted, a bit each.
    fn of_block(&self, block: usize, states: &[WorkerState]) -> u64 {
        let in_state = self.group.matches(block, states);
        self.labelled.iter().fold(in_state, |bits, it| bits & it.of_block(block))
    }
}

/// The first Workers, and the ordinal of the last one of them if there are more.
fn take<'a>(mut wanted: impl Iterator<Item = &'a Arc<Cell>>, limit: usize) -> Found {
    let mut cells = Vec::new();
    // Not collected: a walk from the inside passes over a block without leaving its loop.
    wanted.by_ref().take(limit).for_each(|cell| cells.push(Arc::clone(cell)));
    let next = wanted.next().and(cells.last()).map(|last| last.ordinal);
    Found { cells, next }
}

/// The Workers, touched from the last one on: what moved last was mostly created last, and processors
/// read ahead upwards.
fn cloned(cells: &[&Arc<Cell>]) -> Vec<Arc<Cell>> {
    let mut cloned: Vec<_> = cells.iter().rev().map(|cell| Arc::clone(cell)).collect();
    cloned.reverse();
    cloned
}

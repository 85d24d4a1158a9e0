//! An index of all Workers: by creation within each state, by label, and by last activity.

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, iter, sync::Arc};

use crate::{
    model::{Labels, StateCounts, WorkerState},
    state::worker_cell::WorkerCell,
    store::WorkerRecord,
};

/// All Workers, each under the state, the labels and the time of activity of its newest record.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// The Workers in each state, in the order of [`WorkerState::ALL`].
    states: [Cells; WorkerState::ALL.len()],
    /// The Workers with each label, under its name and value.
    labels: BTreeMap<(String, String), Cells>,
    /// All Workers, by the time of their last event and then by ordinal.
    activity: BTreeMap<Activity, Arc<WorkerCell>>,
}

/// Workers in the order of their creation, by ordinal.
type Cells = BTreeMap<u64, Arc<WorkerCell>>;

/// The time of a Worker's last event, in milliseconds since the Unix epoch, and its ordinal.
pub(crate) type Activity = (u64, u64);

/// The properties of a Worker under which the listing finds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed<'a> {
    pub(crate) state: WorkerState,
    pub(crate) labels: &'a Labels,
    pub(crate) active_at_ms: u64,
}

impl<'a> From<&'a WorkerRecord> for Listed<'a> {
    fn from(record: &'a WorkerRecord) -> Self {
        let WorkerRecord { state, labels, active_at_ms, .. } = record;
        Self { state: *state, labels, active_at_ms: *active_at_ms }
    }
}

/// The conditions that a Worker must meet to be in a page.
#[derive(Debug)]
pub(crate) struct ListingFilter<'a> {
    /// The Worker is in one of these states; any state if absent.
    pub(crate) states: Option<&'a [WorkerState]>,
    /// The Worker has all of these labels.
    pub(crate) labels: &'a Labels,
}

/// The bounds of one page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The most Workers of the page.
    pub(crate) limit: usize,
    /// The most Workers that are examined for the page.
    pub(crate) scan: usize,
}

impl Bounds {
    /// The bounds within which every page is, because the lock of the list is shared. Whoever wants
    /// more takes the lock again for each page.
    pub(crate) const HOLD: Self = Self { limit: 256, scan: 256 };
}

/// One page of the list, whose positions are ordinals or times of activity.
#[derive(Debug)]
pub(crate) struct Page<K> {
    pub(crate) cells: Vec<Arc<WorkerCell>>,
    /// The position of each Worker in `cells`.
    pub(crate) positions: Vec<K>,
    /// The position after which the list goes on; absent at its end.
    pub(crate) next: Option<K>,
    /// The number of Workers that were examined.
    pub(crate) examined: usize,
}

impl<K> Page<K> {
    const EMPTY: Self = Self { cells: Vec::new(), positions: Vec::new(), next: None, examined: 0 };
}

/// The indexes that decide whether a Worker is wanted: it is in the index of every label, and in
/// the index of one of the states.
struct Filter<'a> {
    labels: Vec<&'a Cells>,
    /// The indexes of the wanted states; any state if absent.
    states: Option<Vec<&'a Cells>>,
}

impl Listing {
    pub(crate) fn insert(&mut self, cell: Arc<WorkerCell>, now: Listed<'_>) {
        let ordinal = cell.ordinal;
        self.label(&cell, now.labels);
        self.activity.insert((now.active_at_ms, ordinal), Arc::clone(&cell));
        self.states[now.state as usize].insert(ordinal, cell);
    }

    /// Removes a Worker. `before` has the properties with which the Worker was last listed.
    pub(crate) fn remove(&mut self, ordinal: u64, before: Listed<'_>) -> Option<Arc<WorkerCell>> {
        self.unlabel(ordinal, before.labels);
        self.activity.remove(&(before.active_at_ms, ordinal));
        self.states[before.state as usize].remove(&ordinal)
    }

    /// Moves a Worker from the properties `before`, with which it was last listed, to `now`.
    pub(crate) fn update(&mut self, cell: &Arc<WorkerCell>, before: Listed<'_>, now: Listed<'_>) {
        let ordinal = cell.ordinal;
        if before.state != now.state
            && let Some(moved) = self.states[before.state as usize].remove(&ordinal)
        {
            self.states[now.state as usize].insert(ordinal, moved);
        }
        if before.active_at_ms != now.active_at_ms
            && let Some(moved) = self.activity.remove(&(before.active_at_ms, ordinal))
        {
            self.activity.insert((now.active_at_ms, ordinal), moved);
        }
        if before.labels != now.labels {
            self.unlabel(ordinal, before.labels);
            self.label(cell, now.labels);
        }
    }

    /// Returns the number of Workers in each state.
    pub(crate) fn counts(&self) -> StateCounts {
        let mut counts = StateCounts::default();
        for state in WorkerState::ALL {
            *counts.get_mut(state) = self.in_state(state).len() as u64;
        }
        counts
    }

    /// Returns a page of Workers with an ordinal greater than `after`, oldest first.
    pub(crate) fn oldest(
        &self,
        after: u64,
        wanted: &ListingFilter<'_>,
        bounds: Bounds,
    ) -> Page<u64> {
        let Some(mut filter) = self.filter(wanted) else { return Page::EMPTY };
        let fewest = self.take_fewest(&mut filter);
        let ranges = fewest.iter().map(|cells| cells.range(after.saturating_add(1)..));
        page(merged(ranges, |ordinal| ordinal), &filter, bounds)
    }

    /// Returns a page of Workers with an ordinal less than `before`, newest first.
    pub(crate) fn newest(
        &self,
        before: u64,
        wanted: &ListingFilter<'_>,
        bounds: Bounds,
    ) -> Page<u64> {
        let Some(mut filter) = self.filter(wanted) else { return Page::EMPTY };
        let fewest = self.take_fewest(&mut filter);
        let ranges = fewest.iter().map(|cells| cells.range(..before).rev());
        page(merged(ranges, |ordinal| u64::MAX - ordinal), &filter, bounds)
    }

    /// Returns a page of Workers that were active before the position `before`, most recent first.
    /// At equal times the newest Worker comes first.
    pub(crate) fn active(
        &self,
        before: Option<Activity>,
        wanted: &ListingFilter<'_>,
        bounds: Bounds,
    ) -> Page<Activity> {
        let Some(filter) = self.filter(wanted) else { return Page::EMPTY };
        let end = before.unwrap_or((u64::MAX, u64::MAX));
        page(self.activity.range(..end).rev(), &filter, bounds)
    }

    fn label(&mut self, cell: &Arc<WorkerCell>, labels: &Labels) {
        for (name, value) in labels {
            let cells = self.labels.entry((name.clone(), value.clone())).or_default();
            cells.insert(cell.ordinal, Arc::clone(cell));
        }
    }

    fn unlabel(&mut self, ordinal: u64, labels: &Labels) {
        for (name, value) in labels {
            let key = (name.clone(), value.clone());
            let Some(cells) = self.labels.get_mut(&key) else { continue };
            cells.remove(&ordinal);
            if cells.is_empty() {
                self.labels.remove(&key);
            }
        }
    }

    fn in_state(&self, state: WorkerState) -> &Cells {
        &self.states[state as usize]
    }

    /// Returns the indexes of the wanted labels and states, or `None` if no Worker has one of the
    /// labels.
    fn filter(&self, wanted: &ListingFilter<'_>) -> Option<Filter<'_>> {
        let labels = wanted.labels.iter();
        let labels = labels
            .map(|(name, value)| self.labels.get(&(name.clone(), value.clone())))
            .collect::<Option<_>>()?;
        let states = wanted.states.map(|states| {
            // A state that is named twice must not add its index twice.
            let named = WorkerState::ALL.into_iter().filter(|state| states.contains(state));
            named.map(|state| self.in_state(state)).collect()
        });
        Some(Filter { labels, states })
    }

    /// Removes the indexes with the fewest Workers from a filter and returns them, so that a page
    /// walks these indexes and checks the rest of the filter: the indexes of the states, or that of
    /// one label.
    fn take_fewest<'a>(&'a self, filter: &mut Filter<'a>) -> Vec<&'a Cells> {
        let states = filter.states.clone().unwrap_or_else(|| self.states.iter().collect());
        let in_states: usize = states.iter().map(|cells| cells.len()).sum();
        let labels = filter.labels.iter().enumerate();
        match labels.min_by_key(|(_, cells)| cells.len()) {
            Some((at, rarest)) if rarest.len() < in_states => vec![filter.labels.swap_remove(at)],
            Some(_) | None => {
                filter.states = None;
                states
            }
        }
    }
}

impl Filter<'_> {
    fn matches(&self, ordinal: u64) -> bool {
        let is_in = |cells: &&Cells| cells.contains_key(&ordinal);
        self.labels.iter().all(is_in)
            && self.states.as_ref().is_none_or(|states| states.iter().any(is_in))
    }
}

/// Merges walks over disjoint sets of Workers into one. `key` of the ordinal ascends in each walk
/// and in the merged one.
fn merged<'a>(
    walks: impl Iterator<Item = impl Iterator<Item = (&'a u64, &'a Arc<WorkerCell>)>>,
    key: impl Fn(u64) -> u64,
) -> impl Iterator<Item = (&'a u64, &'a Arc<WorkerCell>)> {
    let mut walks: Vec<_> = walks.map(Iterator::peekable).collect();
    iter::from_fn(move || {
        let heads = walks.iter_mut().enumerate();
        let heads = heads.filter_map(|(at, walk)| Some((key(*walk.peek()?.0), at)));
        let (_, first) = heads.min()?;
        walks[first].next()
    })
}

/// Takes the Workers that match a filter from a walk over an index.
fn page<'a, K: Copy + 'a>(
    walk: impl Iterator<Item = (&'a K, &'a Arc<WorkerCell>)>,
    filter: &Filter<'_>,
    bounds: Bounds,
) -> Page<K> {
    let scan = bounds.scan.min(Bounds::HOLD.scan);
    let mut page = Page::EMPTY;
    let mut last = None;
    for (position, cell) in walk {
        if page.examined == scan {
            return Page { next: last, ..page };
        }
        if filter.matches(cell.ordinal) {
            if page.cells.len() == bounds.limit {
                return Page { next: last, ..page };
            }
            page.cells.push(Arc::clone(cell));
            page.positions.push(*position);
        }
        page.examined += 1;
        last = Some(*position);
    }
    page
}

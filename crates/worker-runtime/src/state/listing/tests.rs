//! Compares the listing with a naive list: pages in every order, after Workers were added, changed
//! and removed.

use proptest::{collection::vec, prelude::*, sample::Index};

use crate::state::listing::*;

/// A Worker of the naive list.
#[derive(Clone, Debug)]
struct Listed {
    cell: Arc<WorkerCell>,
    state: WorkerState,
    labels: Labels,
    active_at_ms: u64,
}

impl<'a> From<&'a Listed> for super::Listed<'a> {
    fn from(worker: &'a Listed) -> Self {
        let Listed { state, labels, active_at_ms, .. } = worker;
        Self { state: *state, labels, active_at_ms: *active_at_ms }
    }
}

fn labels() -> impl Strategy<Value = Labels> {
    let pair = (prop_oneof!["a", "b"], prop_oneof![4 => "x", 1 => "y"]);
    vec(pair, 0..3).prop_map(|pairs| pairs.into_iter().collect())
}

fn state() -> impl Strategy<Value = WorkerState> {
    prop_oneof![
        8 => Just(WorkerState::Idle),
        1 => Just(WorkerState::Running),
        1 => Just(WorkerState::Stopped),
    ]
}

/// Gives the distance to the next ordinal, which is mostly 1.
fn step() -> impl Strategy<Value = u64> {
    prop_oneof![20 => Just(1_u64), 4 => 1..300_u64, 1 => 1..10_000_u64]
}

fn workers() -> impl Strategy<Value = Vec<Listed>> {
    vec((step(), state(), labels()), 1..300).prop_map(|steps| {
        let mut ordinal = 0;
        let listed = steps.into_iter().map(|(step, state, labels)| {
            ordinal += step;
            Listed { cell: WorkerCell::at(ordinal), state, labels, active_at_ms: 7 }
        });
        listed.collect()
    })
}

/// A Worker's new state, labels and time of activity; `None` if the Worker is removed.
type Change = Option<(WorkerState, Labels, u64)>;

fn changes() -> impl Strategy<Value = Vec<(Index, Change)>> {
    vec((any::<Index>(), proptest::option::of((state(), labels(), 5..12_u64))), 0..200)
}

fn listing(workers: &[Listed]) -> Listing {
    let mut listing = Listing::default();
    for worker in workers {
        listing.insert(Arc::clone(&worker.cell), worker.into());
    }
    listing
}

fn change(listing: &mut Listing, workers: &mut Vec<Listed>, changes: Vec<(Index, Change)>) {
    for (at, change) in changes {
        let Some(at) = workers.len().checked_sub(1).map(|_| at.index(workers.len())) else {
            return;
        };
        let before = workers[at].clone();
        let cell = &before.cell;
        let Some((state, labels, active_at_ms)) = change else {
            assert!(listing.remove(cell.ordinal, (&before).into()).is_some());
            workers.remove(at);
            continue;
        };
        let now = Listed { cell: Arc::clone(cell), state, labels, active_at_ms };
        listing.update(cell, (&before).into(), (&now).into());
        workers[at] = now;
    }
}

fn ordinals(found: &[Arc<WorkerCell>]) -> Vec<u64> {
    found.iter().map(|cell| cell.ordinal).collect()
}

/// Returns the Workers with one of the states and all labels.
fn matching<'a>(
    workers: &'a [Listed],
    states: Option<&[WorkerState]>,
    labels: &Labels,
) -> Vec<&'a Listed> {
    workers
        .iter()
        .filter(|worker| states.is_none_or(|states| states.contains(&worker.state)))
        .filter(|worker| labels.iter().all(|(name, value)| worker.labels.get(name) == Some(value)))
        .collect()
}

proptest! {
    #[test]
    fn pages_are_those_of_a_naive_list(
        mut workers in workers(),
        changes in changes(),
        states in proptest::option::of(vec(state(), 1..3)),
        labels in labels(),
        limit in 1..40_usize,
    ) {
        let mut listing = listing(&workers);
        change(&mut listing, &mut workers, changes);
        let matching = matching(&workers, states.as_deref(), &labels);
        let mut expected: Vec<u64> = matching.iter().map(|worker| worker.cell.ordinal).collect();
        let wanted = ListingFilter { states: states.as_deref(), labels: &labels };
        let bounds = Bounds { limit, scan: usize::MAX };

        let mut after = Some(0);
        let mut oldest = Vec::new();
        while let Some(from) = after {
            let page = listing.oldest(from, &wanted, bounds);
            let is_full = page.cells.len() == limit || page.examined == Bounds::HOLD.scan;
            prop_assert!(page.next.is_none() || is_full);
            oldest.extend(ordinals(&page.cells));
            after = page.next;
        }
        prop_assert_eq!(&oldest, &expected);

        let mut by_activity: Vec<Activity> =
            matching.iter().map(|worker| (worker.active_at_ms, worker.cell.ordinal)).collect();
        by_activity.sort_unstable_by(|one, other| other.cmp(one));
        let by_activity: Vec<u64> = by_activity.iter().map(|(_, ordinal)| *ordinal).collect();
        let mut before = None;
        let mut active = Vec::new();
        loop {
            let page = listing.active(before, &wanted, bounds);
            active.extend(ordinals(&page.cells));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        prop_assert_eq!(&active, &by_activity);

        expected.reverse();
        let mut before = Some(u64::MAX);
        let mut newest = Vec::new();
        while let Some(from) = before {
            let page = listing.newest(from, &wanted, bounds);
            newest.extend(ordinals(&page.cells));
            before = page.next;
        }
        prop_assert_eq!(&newest, &expected);
    }

    #[test]
    fn a_page_examines_no_more_than_it_may(
        mut workers in workers(),
        changes in changes(),
        states in proptest::option::of(vec(state(), 1..3)),
        labels in labels(),
        scan in 1..40_usize,
    ) {
        let mut listing = listing(&workers);
        change(&mut listing, &mut workers, changes);
        let wanted = ListingFilter { states: states.as_deref(), labels: &labels };
        let bounds = Bounds { limit: 5, scan };
        let matching = matching(&workers, states.as_deref(), &labels);
        let whole: Vec<u64> = matching.iter().map(|worker| worker.cell.ordinal).collect();
        let mut after = Some(0);
        let mut oldest = Vec::new();
        while let Some(from) = after {
            let page = listing.oldest(from, &wanted, bounds);
            prop_assert!(page.examined <= scan);
            prop_assert!(page.next.is_none() || page.cells.len() == 5 || page.examined == scan);
            oldest.extend(ordinals(&page.cells));
            after = page.next;
        }
        prop_assert_eq!(oldest, whole);
    }

    #[test]
    fn removed_workers_leave_nothing(mut workers in workers(), changes in changes()) {
        let mut listing = listing(&workers);
        change(&mut listing, &mut workers, changes);
        for worker in &workers {
            prop_assert!(listing.remove(worker.cell.ordinal, worker.into()).is_some());
        }
        let Listing { states, labels, activity } = &listing;
        prop_assert!(states.iter().all(BTreeMap::is_empty));
        prop_assert!(labels.is_empty() && activity.is_empty());
        prop_assert_eq!(listing.counts(), StateCounts::default());
    }
}

#[test]
fn no_page_looks_at_more_workers_than_one_hold_of_the_lock_allows() {
    let mut listing = Listing::default();
    let labels = Labels::new();
    let idle = super::Listed { state: WorkerState::Idle, labels: &labels, active_at_ms: 0 };
    for ordinal in 1..=1000 {
        listing.insert(WorkerCell::at(ordinal), idle);
    }
    let none = [WorkerState::Stopped];
    let greedy = Bounds { limit: usize::MAX, scan: usize::MAX };
    for states in [None, Some(&[WorkerState::Idle, WorkerState::Stopped][..]), Some(&none[..])] {
        let wanted = ListingFilter { states, labels: &labels };
        let (mut next, mut found) = (Some(0), 0);
        while let Some(after) = next {
            let page = listing.oldest(after, &wanted, greedy);
            assert!(page.examined <= Bounds::HOLD.scan);
            found += page.cells.len();
            next = page.next;
        }
        assert_eq!(found, if states == Some(&none) { 0 } else { 1000 });
        assert!(listing.newest(u64::MAX, &wanted, greedy).examined <= Bounds::HOLD.scan);
        assert!(listing.active(None, &wanted, greedy).examined <= Bounds::HOLD.scan);
    }
}

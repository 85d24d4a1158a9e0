//! The list against a naive one: what is asked of it, in every order, after Workers came, changed and
//! went.

use proptest::{collection::vec, prelude::*, sample::Index};

use crate::state::listing::*;

/// A Worker of the naive list.
#[derive(Clone, Debug)]
struct Listed {
    cell: Arc<Cell>,
    state: WorkerState,
    labels: Labels,
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

/// How far the next ordinal is: within a block, a few blocks or groups on.
fn step() -> impl Strategy<Value = u64> {
    prop_oneof![20 => Just(1_u64), 4 => 1..300_u64, 1 => 1..10_000_u64]
}

fn workers() -> impl Strategy<Value = Vec<Listed>> {
    vec((step(), state(), labels()), 1..300).prop_map(|steps| {
        let mut ordinal = 0;
        let listed = steps.into_iter().map(|(step, state, labels)| {
            ordinal += step;
            Listed { cell: Cell::at(ordinal), state, labels }
        });
        listed.collect()
    })
}

/// What becomes of a Worker: it goes, or it is so from then on.
fn changes() -> impl Strategy<Value = Vec<(Index, Option<(WorkerState, Labels)>)>> {
    vec((any::<Index>(), proptest::option::of((state(), labels()))), 0..200)
}

fn listing(workers: &[Listed]) -> Listing {
    let mut listing = Listing::default();
    for Listed { cell, state, labels } in workers {
        listing.insert(Arc::clone(cell), *state, labels, 7);
    }
    listing
}

fn change(
    listing: &mut Listing,
    workers: &mut Vec<Listed>,
    changes: Vec<(Index, Option<(WorkerState, Labels)>)>,
) {
    for (at, change) in changes {
        let Some(listed) = workers.len().checked_sub(1).map(|_| at.index(workers.len())) else {
            return;
        };
        let Listed { cell, state, labels } = workers[listed].clone();
        let Some((next, relabelled)) = change else {
            assert!(listing.remove(cell.ordinal, state, &labels).is_some());
            workers.remove(listed);
            continue;
        };
        listing.touch(cell.ordinal, state, next, 8);
        listing.relabel(cell.ordinal, &labels, &relabelled);
        workers[listed] = Listed { cell, state: next, labels: relabelled };
    }
}

fn ordinals(found: &[Arc<Cell>]) -> Vec<u64> {
    found.iter().map(|cell| cell.ordinal).collect()
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
        let mut expected: Vec<u64> = workers
            .iter()
            .filter(|it| states.as_ref().is_none_or(|states| states.contains(&it.state)))
            .filter(|it| labels.iter().all(|(name, value)| it.labels.get(name) == Some(value)))
            .map(|it| it.cell.ordinal)
            .collect();
        let wanted = Wanted { states: states.as_deref(), labels: &labels };

        let mut after = Some(0);
        let mut oldest = Vec::new();
        while let Some(from) = after {
            let page = listing.oldest(from, &wanted, limit);
            prop_assert!(page.next.is_none() || page.cells.len() == limit);
            oldest.extend(ordinals(&page.cells));
            after = page.next;
        }
        prop_assert_eq!(&oldest, &expected);

        let mut by_activity = ordinals(&listing.active(None, &wanted, usize::MAX, usize::MAX).0);
        by_activity.sort_unstable();
        prop_assert_eq!(&by_activity, &expected);

        expected.reverse();
        let mut before = Some(u64::MAX);
        let mut newest = Vec::new();
        while let Some(from) = before {
            let page = listing.newest(from, &wanted, limit);
            newest.extend(ordinals(&page.cells));
            before = page.next;
        }
        prop_assert_eq!(&newest, &expected);
    }

    #[test]
    fn what_went_leaves_nothing(mut workers in workers(), changes in changes()) {
        let mut listing = listing(&workers);
        change(&mut listing, &mut workers, changes);
        for Listed { cell, state, labels } in workers {
            prop_assert!(listing.remove(cell.ordinal, state, &labels).is_some());
        }
        prop_assert!(listing.groups.is_empty() && listing.labels.is_empty());
        prop_assert_eq!(listing.counts, StateCounts::default());
    }
}

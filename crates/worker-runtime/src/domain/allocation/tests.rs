//! Tests of claims compared with a naive model.

use proptest::prelude::*;

use super::{Allocation, SHOWN};
use crate::{
    identity::{RuntimeIdentity, WorkerId},
    model::{Access, AllocationSummary, ScopeClaim},
};

fn worker(number: u128) -> WorkerId {
    WorkerId::from_uuid(uuid::Uuid::from_u128(number))
}

fn claim(resource: &str, access: Access) -> ScopeClaim {
    ScopeClaim { resource: resource.to_owned(), access }
}

fn identity() -> RuntimeIdentity {
    let runtime_id = crate::identity::RuntimeId::from_uuid(uuid::Uuid::nil());
    RuntimeIdentity { runtime_id, display_name: "home".into() }
}

fn summary(allocation: &Allocation) -> AllocationSummary {
    let mut summary = AllocationSummary { claims: 0, holders: Vec::new(), more: false };
    allocation.summarize(None, &identity(), &mut summary);
    summary
}

fn clash(one: &ScopeClaim, other: &ScopeClaim) -> bool {
    let below = |this: &str, that: &str| this == that || this.starts_with(&format!("{that}/"));
    let related = below(&one.resource, &other.resource) || below(&other.resource, &one.resource);
    related && (one.access == Access::Exclusive || other.access == Access::Exclusive)
}

fn any_claim() -> impl Strategy<Value = ScopeClaim> {
    let access = prop_oneof![Just(Access::Shared), Just(Access::Exclusive)];
    // These sort before and after `a/`, and one has more than one byte.
    let segment = prop_oneof![Just("a"), Just("a-"), Just("ab"), Just("b"), Just("é")];
    let resource = prop::collection::vec(segment, 1..5).prop_map(|segments| segments.join("/"));
    (resource, access).prop_map(|(resource, access)| claim(&resource, access))
}

proptest! {
    #[test]
    fn a_conflict_is_found_if_and_only_if_there_is_one(
        steps in prop::collection::vec((any_claim(), any::<prop::sample::Index>(), any::<bool>()), 1..40),
    ) {
        let mut allocation = Allocation::default();
        let mut held: Vec<(WorkerId, ScopeClaim)> = Vec::new();
        for (number, (wanted, index, releases)) in steps.into_iter().enumerate() {
            if releases && !held.is_empty() {
                let (holder, claim) = held.swap_remove(index.index(held.len()));
                allocation.release(holder, &[claim]);
            }
            let found = allocation.conflict(&wanted);
            let rivals: Vec<_> =
                held.iter().filter(|(_, theirs)| clash(&wanted, theirs)).map(|it| it.0).collect();
            if let Some(holder) = found {
                prop_assert!(rivals.contains(&holder));
            } else {
                prop_assert!(rivals.is_empty(), "{wanted:?} against {held:?}");
                let holder = worker(number as u128);
                allocation.insert(holder, std::slice::from_ref(&wanted));
                held.push((holder, wanted));
            }
            prop_assert_eq!(summary(&allocation).claims, held.len() as u64);
        }
        for (holder, claim) in held {
            allocation.release(holder, &[claim]);
        }
        prop_assert!(allocation.all.holders.is_empty() && allocation.exclusive.holders.is_empty());
    }
}

#[test]
fn shared_holders_are_not_looked_at_by_another_shared_claim() {
    let mut allocation = Allocation::default();
    for number in 0..10_000 {
        allocation.insert(worker(number), &[claim("a", Access::Shared)]);
    }
    assert!(allocation.exclusive.holders.is_empty(), "a shared claim looks here alone");
    assert!(allocation.conflict(&claim("a/b", Access::Shared)).is_none());
    assert!(allocation.conflict(&claim("a/b", Access::Exclusive)).is_some());
    let summary = summary(&allocation);
    assert_eq!((summary.claims, summary.holders.len(), summary.more), (10_000, SHOWN, true));
}

#[test]
fn a_resource_of_very_many_segments_needs_no_deep_stack() {
    let deep = vec!["a"; 200_000].join("/");
    let mut allocation = Allocation::default();
    allocation.insert(worker(1), &[claim(&deep, Access::Exclusive)]);
    assert_eq!(allocation.conflict(&claim("a/a", Access::Shared)), Some(worker(1)));
    assert!(allocation.conflict(&claim("a/b", Access::Shared)).is_none());
    assert_eq!(summary(&allocation).holders.len(), 1);
    allocation.release(worker(1), &[claim(&deep, Access::Exclusive)]);
    assert_eq!(summary(&allocation).claims, 0);
}

#[test]
fn two_claims_of_one_worker_on_one_resource_count_twice() {
    let mut allocation = Allocation::default();
    let both = [claim("a", Access::Shared), claim("a", Access::Exclusive)];
    allocation.insert(worker(1), &both);
    let shown = summary(&allocation).holders;
    assert_eq!(shown.iter().map(|it| it.access).collect::<Vec<_>>().len(), 2);
    allocation.release(worker(1), &both[1..]);
    assert!(allocation.conflict(&claim("a", Access::Shared)).is_none());
    allocation.release(worker(1), &both[..1]);
    assert!(allocation.conflict(&claim("a", Access::Exclusive)).is_none());
}

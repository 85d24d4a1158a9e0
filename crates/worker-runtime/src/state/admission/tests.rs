//! Tests of the creations in flight.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
};

use super::{Admission, Conflict, CreationRequest, RequestKey, Rival, WaitingFor};
use crate::{
    RuntimeError,
    identity::WorkerId,
    model::{Access, ScopeClaim},
    sync::Wakers,
};

/// A request with a key and an exclusive claim on a resource, where they are given.
fn request(key: Option<&str>, resource: Option<&str>) -> CreationRequest {
    let claim =
        |resource: &str| ScopeClaim { resource: resource.to_owned(), access: Access::Exclusive };
    CreationRequest {
        tenant: None,
        key: key.map(|key| RequestKey { key: key.into(), digest: [0; 16] }),
        claims: resource.map(claim).into_iter().collect(),
        with_turn: false,
        profile: Err(RuntimeError::ProfileNotFound {}),
    }
}

fn worker(number: u128) -> WorkerId {
    WorkerId::from_uuid(uuid::Uuid::from_u128(number))
}

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn bring(place: &mut WaitingFor, bell: &Arc<Bell>) {
    let waker = Waker::from(Arc::clone(bell));
    place.bring(&Context::from_waker(&waker));
}

fn wake(wakers: Wakers) {
    wakers.into_iter().for_each(|waker| waker.wake_by_ref());
}

#[test]
fn a_creation_in_flight_is_a_rival_by_what_both_want() {
    let mut admission = Admission::new(1);
    let (worker_id, first) = (WorkerId::NIL, request(Some("key"), Some("/sea")));
    let ordinal = admission.take(worker_id, &first, &[]);

    let same_key = request(Some("key"), Some("/land"));
    assert_eq!(admission.conflict(&same_key, Rival::Key), Conflict::Pending(ordinal));
    assert_eq!(admission.conflict(&same_key, Rival::Claims), Conflict::None);
    let same_claim = request(Some("other"), Some("/sea"));
    assert_eq!(admission.conflict(&same_claim, Rival::Key), Conflict::None);
    assert_eq!(admission.conflict(&same_claim, Rival::Claims), Conflict::Pending(ordinal));

    wake(admission.suspend(ordinal));
    assert_eq!(admission.conflict(&same_key, Rival::Key), Conflict::Unsettled);
    assert_eq!(admission.conflict(&same_claim, Rival::Claims), Conflict::Unsettled);

    wake(admission.forget(ordinal, worker_id));
    assert_eq!(admission.conflict(&same_key, Rival::Key), Conflict::None);
    // The claim is held by a Worker that exists, so nobody waits for it.
    assert_eq!(admission.conflict(&same_claim, Rival::Claims), Conflict::None);
}

#[test]
fn the_end_of_a_creation_wakes_those_who_wait_for_it_alone() {
    let mut admission = Admission::new(1);
    let one = request(Some("one"), None);
    let two = request(None, Some("/two"));
    let first = admission.take(worker(1), &one, &[]);
    let second = admission.take(worker(2), &two, &[]);
    let (bell_of_one, bell_of_two) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
    let (mut place_of_one, mut place_of_two) = (WaitingFor::default(), WaitingFor::default());
    bring(&mut place_of_one, &bell_of_one);
    assert!(admission.park(first, &mut place_of_one).is_none());
    bring(&mut place_of_two, &bell_of_two);
    assert!(admission.park(second, &mut place_of_two).is_none());

    wake(admission.forget(second, worker(2)));
    assert_eq!(bell_of_two.0.load(Ordering::SeqCst), 1);
    assert_eq!(bell_of_one.0.load(Ordering::SeqCst), 0, "its rival is still in flight");
    wake(admission.forget(first, worker(1)));
    assert_eq!(bell_of_one.0.load(Ordering::SeqCst), 1);
    assert!(admission.under_way.is_empty(), "nothing is left of what has ended");
    assert!(admission.keys_under_way.is_empty() && admission.claims_under_way.is_empty());
}

#[test]
fn a_place_in_the_list_of_a_creation_that_ended_is_nobody_elses() {
    let mut admission = Admission::new(1);
    let first = admission.take(worker(1), &request(Some("key"), None), &[]);
    let (here, there) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
    let (mut old, mut new) = (WaitingFor::default(), WaitingFor::default());
    bring(&mut old, &here);
    assert!(admission.park(first, &mut old).is_none());
    wake(admission.forget(first, worker(1)));
    let second = admission.take(worker(2), &request(Some("key"), None), &[]);
    bring(&mut new, &there);
    assert!(admission.park(second, &mut new).is_none());
    assert!(admission.leave(&old).is_none());
    wake(admission.forget(second, worker(2)));
    assert_eq!(there.0.load(Ordering::SeqCst), 1);
}

#[test]
fn who_waits_for_another_creation_is_woken_by_that_one_alone() {
    let mut admission = Admission::new(1);
    let first = admission.take(worker(1), &request(Some("one"), None), &[]);
    let second = admission.take(worker(2), &request(Some("two"), None), &[]);
    let (bell, mut place) = (Arc::new(Bell::default()), WaitingFor::default());
    bring(&mut place, &bell);
    assert!(admission.park(first, &mut place).is_none());
    bring(&mut place, &bell);
    assert!(admission.park(second, &mut place).is_some(), "the waker in the first list");
    wake(admission.forget(first, worker(1)));
    assert_eq!(bell.0.load(Ordering::SeqCst), 0);
    wake(admission.forget(second, worker(2)));
    assert_eq!(bell.0.load(Ordering::SeqCst), 1);
}

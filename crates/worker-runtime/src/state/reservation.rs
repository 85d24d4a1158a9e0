//! Reserves everything that the creation of a Worker needs, or nothing.

use std::{future::poll_fn, sync::Arc, task::Poll};

use parking_lot::Mutex;

use crate::{
    domain::context::{DecisionContext, exhausted},
    error::RuntimeError,
    identity::WorkerId,
    model::ScopeClaim,
    state::{
        admission::{Admission, Conflict, CreationRequest, Rival, WaitingFor},
        core::Core,
        in_flight::{Counted, Work},
    },
    store::{CreateKey, NewKey},
    sync::Wakers,
};

/// The outcome of [`Core::admit`].
#[derive(Debug)]
pub(crate) enum Admitted {
    /// The creation was carried out before, under the same idempotency key.
    Replay(CreateKey),
    /// Another creation in flight has the same key or conflicting claims. The caller waits for the
    /// other one with [`Core::rival_decided`] and calls [`Core::admit`] again.
    Wait(Rival),
    /// Everything that the creation needs is reserved.
    Reserved(Reservation),
}

/// The reservation of everything that a creation needs before its commit: room in the catalogue and
/// for a turn, the key and the claims. Dropping the reservation gives all of them back.
#[derive(Debug)]
pub(crate) struct Reservation {
    core: Arc<Core>,
    worker_id: WorkerId,
    pub(crate) ordinal: u64,
    /// The oldest keys, which are dropped to make room for the key of this creation.
    pub(crate) dropped_keys: Vec<Arc<str>>,
    has_key: bool,
    claims: Arc<[ScopeClaim]>,
    has_place: bool,
    turn: Option<Counted>,
    /// Counts the creation in. It is dropped last, because a Runtime that stops waits for it.
    _creation: Counted,
}

impl Core {
    /// Decides whether a Worker with this id may be created, and reserves everything that it needs,
    /// or nothing.
    pub(crate) fn admit(
        self: &Arc<Self>,
        context: &DecisionContext<'_>,
        worker_id: WorkerId,
        request: &CreationRequest<'_>,
    ) -> Result<Admitted, RuntimeError> {
        let creation = self.in_flight.enter(Work::Creation);
        let mut turn = None;
        let mut admission = self.admission.lock();
        if admission.conflict(request, Rival::Key) != Conflict::None {
            return Ok(Admitted::Wait(Rival::Key));
        }
        if let Some(earlier) = admission.replay(context, request)? {
            return Ok(Admitted::Replay(earlier));
        }
        request.profile.clone()?;
        self.takes_work()?;
        if admission.conflict(request, Rival::Claims) != Conflict::None {
            return Ok(Admitted::Wait(Rival::Claims));
        }
        admission.claims.check(&request.claims, &self.identity)?;
        self.catalogue.has_room()?;
        if request.with_turn {
            turn = Some(self.reserve_turn()?);
        }
        self.catalogue.reserve()?;
        // From here on nothing fails, so that the reservation is complete.
        let dropped_keys = match &request.key {
            Some(new) => admission.pushed_out(&new.key, context),
            None => Vec::new(),
        };
        let ordinal = admission.take(worker_id, request, &dropped_keys);
        Ok(Admitted::Reserved(Reservation {
            core: Arc::clone(self),
            worker_id,
            ordinal,
            dropped_keys,
            has_key: request.key.is_some(),
            claims: request.claims.clone(),
            has_place: true,
            turn,
            _creation: creation,
        }))
    }

    /// Counts one more turn in, or returns an error if the limit is reached.
    pub(crate) fn reserve_turn(&self) -> Result<Counted, RuntimeError> {
        let max = self.limits.turns_in_flight;
        let counted = self.in_flight.enter_below(Work::Turn, max);
        counted.ok_or_else(|| exhausted("turns_in_flight", max))
    }

    /// Waits until no other creation in flight has the same key, or conflicting claims, as `rival`
    /// says.
    ///
    /// # Errors
    ///
    /// The outcome of the other creation's commit is unknown.
    pub(crate) async fn rival_decided(
        &self,
        request: &CreationRequest<'_>,
        rival: Rival,
    ) -> Result<(), RuntimeError> {
        let mut waiting = Waiting { admission: &self.admission, place: WaitingFor::default() };
        poll_fn(|context| {
            waiting.place.bring(context);
            let mut admission = self.admission.lock();
            match admission.conflict(request, rival) {
                Conflict::None => Poll::Ready(Ok(())),
                Conflict::Unsettled => Poll::Ready(Err(RuntimeError::store_refused())),
                Conflict::Pending(ordinal) => {
                    let left = admission.park(ordinal, &mut waiting.place);
                    drop(admission);
                    drop(left);
                    Poll::Pending
                }
            }
        })
        .await
    }
}

/// A creation that waits for another one. Dropping it removes its waker from the list.
struct Waiting<'a> {
    admission: &'a Mutex<Admission>,
    place: WaitingFor,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let waker = self.admission.lock().leave(&self.place);
        drop(waker);
    }
}

impl Reservation {
    /// Whether the admission changes when the creation ends.
    pub(crate) fn is_shared(&self) -> bool {
        self.has_key || !self.claims.is_empty()
    }

    /// Passes the reserved resources to the Worker, because its creation is published, and
    /// remembers the idempotency key. Returns the creations that waited for the outcome.
    ///
    /// The caller passes the admission, under its lock, if the creation [is
    /// shared](Self::is_shared).
    pub(crate) fn redeem(
        &mut self,
        admission: Option<&mut Admission>,
        new_key: Option<NewKey<CreateKey>>,
    ) -> Wakers {
        self.has_place = false;
        self.turn.take().into_iter().for_each(Counted::keep);
        let Some(admission) = admission else { return Wakers::default() };
        self.has_key = false;
        self.claims = Arc::default();
        if let Some(new_key) = new_key {
            admission.keys.forget(&new_key.dropped);
            admission.keys.remember(new_key.key);
        }
        admission.forget(self.ordinal, self.worker_id)
    }

    /// Notes that the outcome of the creation's commit is unknown. Until it is settled, creations
    /// with the same key or conflicting claims are refused.
    pub(crate) fn suspend(&self) {
        let waiting = self.core.admission.lock().suspend(self.ordinal);
        self.core.wake(waiting);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.is_shared() {
            let mut admission = self.core.admission.lock();
            let waiting = admission.forget(self.ordinal, self.worker_id);
            admission.claims.release(self.worker_id, &self.claims);
            drop(admission);
            self.core.wake(waiting);
        }
        if self.has_place {
            self.core.catalogue.free();
        }
    }
}

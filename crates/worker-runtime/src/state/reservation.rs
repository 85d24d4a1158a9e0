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
        places::Place,
        tenant::Tenant,
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
    pub(crate) tenant: Option<Arc<Tenant>>,
    /// The place among the Workers of the tenant.
    place_of_tenant: Option<Place>,
    turn: Option<TurnPlace>,
    /// Counts the creation in. It is dropped last, because a Runtime that stops waits for it.
    _creation: Counted,
}

/// The place of a turn among those in flight, of the Runtime and of the Worker's tenant.
#[derive(Debug)]
#[must_use = "what is dropped is counted out"]
pub(crate) struct TurnPlace {
    counted: Counted,
    of_tenant: Option<Place>,
}

impl TurnPlace {
    /// Leaves the turn counted in. [`Core::count_turn_out`] counts it out.
    pub(crate) fn keep(self) {
        self.counted.keep();
        self.of_tenant.into_iter().for_each(Place::keep);
    }
}

impl Core {
    /// Decides whether a Worker with this id may be created, and reserves everything that it needs,
    /// or nothing.
    pub(crate) fn admit(
        self: &Arc<Self>,
        context: &DecisionContext<'_>,
        worker_id: WorkerId,
        request: &CreationRequest,
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
        admission.check_claims(&self.identity, request)?;
        // Its own quota is what a tenant is told of first.
        let tenant = request.tenant.as_ref();
        let place_of_tenant = tenant.map(|tenant| place_for_worker(tenant)).transpose()?;
        self.catalogue.has_room()?;
        if request.with_turn {
            turn = Some(self.reserve_turn(tenant.map(|it| &**it))?);
        }
        self.catalogue.reserve()?;
        // From here on nothing fails, so that the reservation is complete.
        let dropped_keys = match &request.key {
            Some(new) => admission.pushed_out(tenant, &new.key, context),
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
            tenant: request.tenant.clone(),
            place_of_tenant,
            turn,
            _creation: creation,
        }))
    }

    /// Counts one more turn of a tenant's Worker in, or returns an error if the limit or the quota is
    /// reached.
    pub(crate) fn reserve_turn(&self, tenant: Option<&Tenant>) -> Result<TurnPlace, RuntimeError> {
        let full = |max| exhausted("turns_in_flight", max);
        let of_tenant = tenant.map(|it| it.turns.take().ok_or_else(|| full(it.turns.max())));
        let of_tenant = of_tenant.transpose()?;
        let max = self.limits.turns_in_flight;
        let counted = self.in_flight.enter_below(Work::Turn, max).ok_or_else(|| full(max))?;
        Ok(TurnPlace { counted, of_tenant })
    }

    /// Counts out a turn that was [kept](TurnPlace::keep), under a lock. The caller rings
    /// `in_flight` when no lock is held.
    pub(crate) fn count_turn_out(&self, tenant: Option<&Tenant>) {
        self.in_flight.leave(Work::Turn);
        if let Some(tenant) = tenant {
            tenant.turns.free();
        }
    }

    /// Waits until no other creation in flight has the same key, or conflicting claims, as `rival`
    /// says.
    ///
    /// # Errors
    ///
    /// The outcome of the other creation's commit is unknown.
    pub(crate) async fn rival_decided(
        &self,
        request: &CreationRequest,
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

/// Takes a place among the Workers of a tenant.
pub(crate) fn place_for_worker(tenant: &Tenant) -> Result<Place, RuntimeError> {
    tenant.workers.take().ok_or_else(|| exhausted("workers", tenant.workers.max()))
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
        self.place_of_tenant.take().into_iter().for_each(Place::keep);
        self.turn.take().into_iter().for_each(TurnPlace::keep);
        let Some(admission) = admission else { return Wakers::default() };
        self.has_key = false;
        self.claims = Arc::default();
        if let Some(new_key) = new_key {
            let keys = &mut admission.share_mut(self.tenant_name()).keys;
            keys.forget(&new_key.dropped);
            keys.remember(new_key.key);
        }
        admission.forget(self.ordinal, self.worker_id)
    }

    fn tenant_name(&self) -> Option<Arc<str>> {
        self.tenant.as_ref().map(|tenant| Arc::clone(&tenant.name))
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
            admission.release(self.tenant_name(), self.worker_id, &self.claims);
            drop(admission);
            self.core.wake(waiting);
        }
        if self.has_place {
            self.core.catalogue.free();
        }
    }
}

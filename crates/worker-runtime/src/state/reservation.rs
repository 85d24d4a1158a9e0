//! Admission of a creation: everything that it needs is reserved, or nothing.

use std::{future::poll_fn, sync::Arc, task::Poll};

use parking_lot::Mutex;

use crate::{
    domain::context::{DecisionContext, exhausted},
    error::RuntimeError,
    identity::WorkerId,
    model::ScopeClaim,
    state::{
        admission::{Admission, CreationRequest, Meeting, Rival},
        core::Core,
        in_flight::{Counted, Work},
    },
    store::{CreateKey, NewKey},
    sync::{WakeSlot, contained},
};

/// What comes of asking for admission.
#[derive(Debug)]
pub(crate) enum Admitted {
    /// The creation was carried out before.
    Replay(CreateKey),
    /// Another creation is under way that may stand against this one. Once that is decided, this one may
    /// ask again.
    Wait(Rival),
    /// Everything that the creation needs is reserved.
    Reserved(Reservation),
}

/// Everything that a creation needs before it is committed. Dropping it gives all back.
#[derive(Debug)]
pub(crate) struct Reservation {
    core: Arc<Core>,
    worker_id: WorkerId,
    pub(crate) ordinal: u64,
    /// The keys that the creation's own key pushes out.
    pub(crate) dropped_keys: Vec<Arc<str>>,
    key: Option<Arc<str>>,
    claims: Arc<[ScopeClaim]>,
    has_place: bool,
    turn: Option<Counted>,
    /// Dropped last: a Runtime that stops waits for it.
    _creation: Counted,
}

impl Core {
    /// Decides whether a Worker with this id may be created, and reserves everything that it needs, or
    /// nothing.
    pub(crate) fn admit(
        self: &Arc<Self>,
        context: &DecisionContext<'_>,
        worker_id: WorkerId,
        request: &CreationRequest<'_>,
    ) -> Result<Admitted, RuntimeError> {
        let creation = self.in_flight.enter(Work::Creation);
        let mut turn = None;
        let mut admission = self.admission.lock();
        if admission.meeting(request, Rival::Key) != Meeting::None {
            return Ok(Admitted::Wait(Rival::Key));
        }
        if let Some(earlier) = admission.replay(context, request)? {
            return Ok(Admitted::Replay(earlier));
        }
        request.profile.clone()?;
        self.takes_work()?;
        if admission.meeting(request, Rival::Claims) != Meeting::None {
            return Ok(Admitted::Wait(Rival::Claims));
        }
        admission.claims.check(&request.claims, &self.owner)?;
        self.catalogue.has_room()?;
        if request.with_turn {
            turn = Some(self.reserve_turn()?);
        }
        self.catalogue.reserve()?;
        // Nothing is refused from here on.
        let ordinal = admission.take(worker_id, request);
        let dropped_keys = match &request.key {
            Some(_) => admission.keys.pushed_out(context.now_ms, context.create_keys()),
            None => Vec::new(),
        };
        Ok(Admitted::Reserved(Reservation {
            core: Arc::clone(self),
            worker_id,
            ordinal,
            dropped_keys,
            key: request.key.as_ref().map(|key| Arc::clone(&key.key)),
            claims: request.claims.clone(),
            has_place: true,
            turn,
            _creation: creation,
        }))
    }

    /// Counts one more turn in, if there is room for it.
    pub(crate) fn reserve_turn(&self) -> Result<Counted, RuntimeError> {
        let max = self.limits.turns_in_flight;
        let counted = self.in_flight.enter_below(Work::Turn, max);
        counted.ok_or_else(|| exhausted("turns_in_flight", max))
    }

    /// Waits until no creation is under way that stands against this one.
    pub(crate) async fn rival_decided(
        &self,
        request: &CreationRequest<'_>,
        rival: Rival,
    ) -> Result<(), RuntimeError> {
        let mut waiting = Waiting { admission: &self.admission, slot: WakeSlot::default() };
        poll_fn(|context| {
            let mut admission = self.admission.lock();
            match admission.meeting(request, rival) {
                Meeting::None => Poll::Ready(Ok(())),
                Meeting::Unsettled => Poll::Ready(Err(RuntimeError::store_refused())),
                Meeting::Pending => {
                    admission.waiting.park(&mut waiting.slot, context.waker());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

/// A creation that waits for another one. If it is dropped meanwhile, it leaves no waker behind.
struct Waiting<'a> {
    admission: &'a Mutex<Admission>,
    slot: WakeSlot,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let waker = self.admission.lock().waiting.leave(self.slot);
        drop(waker);
    }
}

impl Reservation {
    /// The creation is committed: what it took is the Worker's, and its key is remembered.
    pub(crate) fn redeem(mut self, new_key: Option<NewKey<CreateKey>>) {
        self.has_place = false;
        self.turn.take().into_iter().for_each(Counted::keep);
        self.claims = Arc::default();
        if let Some(new_key) = new_key {
            let mut admission = self.core.admission.lock();
            admission.keys.forget(&new_key.dropped);
            admission.keys.remember(new_key.key);
        }
    }

    /// The store has not said what became of the creation: whoever meets it is refused meanwhile.
    pub(crate) fn suspend(&self) {
        let mut admission = self.core.admission.lock();
        admission.suspend(self.worker_id, self.key.as_ref(), &self.claims);
        let waiting = admission.waiting.take();
        drop(admission);
        // A waker that panics costs its own task.
        let _ = contained(|| waiting.wake());
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut admission = self.core.admission.lock();
        admission.forget(self.worker_id, self.key.as_ref());
        admission.claims.release(self.worker_id, &self.claims);
        let waiting = admission.waiting.take();
        drop(admission);
        // A waker that panics costs its own task.
        let _ = contained(|| waiting.wake());
        if self.has_place {
            self.core.catalogue.free();
        }
    }
}

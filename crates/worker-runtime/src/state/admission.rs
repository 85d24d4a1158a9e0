//! Who may be created: keys of creations and claims, also of those that are still under way.

use std::{collections::HashSet, future::poll_fn, sync::Arc, task::Poll};

use worker::Profile;

use crate::{
    domain::{
        allocation::Allocation,
        context::{DecisionContext, exhausted},
        idempotency::KeyWindow,
    },
    error::RuntimeError,
    identity::WorkerId,
    model::{ScopeClaim, Shared},
    state::{
        core::Core,
        in_flight::{Counted, Work},
    },
    store::{CreateKey, NewKey},
    sync::{WakeList, WakeSlot, contained},
};

/// What creations share.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) keys: KeyWindow<CreateKey>,
    pub(crate) claims: Allocation,
    /// The ordinal of the next Worker.
    next_ordinal: u64,
    /// Keys of creations that are being committed.
    keys_under_way: HashSet<Arc<str>>,
    /// Workers with claims that are being created.
    claims_under_way: HashSet<WorkerId>,
    /// The same, of which the store has not said what became of them.
    unsettled_keys: HashSet<Arc<str>>,
    unsettled_claims: HashSet<WorkerId>,
    waiting: WakeList,
}

/// A creation as admission sees it. All of this is found out once, before any lock is taken.
#[derive(Debug)]
pub(crate) struct CreationRequest<'a> {
    /// The key, unless it is one that cannot have been remembered.
    pub(crate) key: Option<RequestKey>,
    pub(crate) claims: Shared<[ScopeClaim]>,
    /// Whether a turn begins with the Worker.
    pub(crate) with_turn: bool,
    /// The profile of its turns, or what is wrong with the command. It counts only if the command is not
    /// one that was carried out before.
    pub(crate) profile: Result<&'a Arc<Profile>, RuntimeError>,
}

/// An idempotency key, with the digest of the command that came with it.
#[derive(Clone, Debug)]
pub(crate) struct RequestKey {
    pub(crate) key: Arc<str>,
    pub(crate) digest: [u8; 16],
}

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

/// What another creation that is under way shares with this one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rival {
    Key,
    Claims,
}

/// Whether a creation meets another one that is under way.
enum Meeting {
    None,
    Pending,
    Unsettled,
}

impl Admission {
    /// `next_ordinal` is the ordinal of the next Worker.
    pub(crate) fn new(next_ordinal: u64) -> Self {
        Self {
            keys: KeyWindow::default(),
            claims: Allocation::default(),
            next_ordinal,
            keys_under_way: HashSet::default(),
            claims_under_way: HashSet::default(),
            unsettled_keys: HashSet::default(),
            unsettled_claims: HashSet::default(),
            waiting: WakeList::default(),
        }
    }

    /// Has the next Worker come after the one with this ordinal.
    pub(crate) fn continue_after(&mut self, ordinal: u64) {
        self.next_ordinal = self.next_ordinal.max(ordinal.saturating_add(1));
    }

    /// The creation that was carried out before under the same key.
    fn replay(
        &self,
        context: &DecisionContext<'_>,
        request: &CreationRequest<'_>,
    ) -> Result<Option<CreateKey>, RuntimeError> {
        let Some(RequestKey { key, digest }) = &request.key else { return Ok(None) };
        Ok(self.keys.replay(key, digest, context.now_ms, context.create_keys())?.cloned())
    }

    /// What admission would say, without taking anything: the creation that was carried out before, or
    /// none.
    pub(crate) fn preview(
        &self,
        context: &DecisionContext<'_>,
        request: &CreationRequest<'_>,
    ) -> Result<Option<CreateKey>, RuntimeError> {
        if let Some(earlier) = self.replay(context, request)? {
            return Ok(Some(earlier));
        }
        request.profile.clone()?;
        context.takes_work()?;
        let is_unsettled = |meeting| matches!(meeting, Meeting::Unsettled);
        if is_unsettled(self.meeting_of_key(request))
            || is_unsettled(self.meeting_of_claims(request))
        {
            return Err(RuntimeError::store_refused());
        }
        self.claims.check(&request.claims, context.owner)?;
        Ok(None)
    }

    fn meeting(&self, request: &CreationRequest<'_>, rival: Rival) -> Meeting {
        match rival {
            Rival::Key => self.meeting_of_key(request),
            Rival::Claims => self.meeting_of_claims(request),
        }
    }

    fn meeting_of_key(&self, request: &CreationRequest<'_>) -> Meeting {
        let Some(RequestKey { key, .. }) = &request.key else { return Meeting::None };
        if self.unsettled_keys.contains(key) {
            Meeting::Unsettled
        } else if self.keys_under_way.contains(key) {
            Meeting::Pending
        } else {
            Meeting::None
        }
    }

    fn meeting_of_claims(&self, request: &CreationRequest<'_>) -> Meeting {
        let mut meeting = Meeting::None;
        for holder in request.claims.iter().filter_map(|claim| self.claims.conflict(claim)) {
            if self.unsettled_claims.contains(&holder) {
                return Meeting::Unsettled;
            }
            if self.claims_under_way.contains(&holder) {
                meeting = Meeting::Pending;
            }
        }
        meeting
    }

    /// Takes the key and the claims, which were found to be free.
    fn take(&mut self, worker_id: WorkerId, request: &CreationRequest<'_>) {
        self.claims.insert(worker_id, &request.claims);
        if !request.claims.is_empty() {
            self.claims_under_way.insert(worker_id);
        }
        self.keys_under_way.extend(request.key.iter().map(|key| Arc::clone(&key.key)));
    }

    /// Forgets that a creation was under way.
    fn forget(&mut self, worker_id: WorkerId, key: Option<&Arc<str>>) {
        if let Some(key) = key {
            self.keys_under_way.remove(key);
            self.unsettled_keys.remove(key);
        }
        self.claims_under_way.remove(&worker_id);
        self.unsettled_claims.remove(&worker_id);
    }
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
    claims: Shared<[ScopeClaim]>,
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
        if !matches!(admission.meeting_of_key(request), Meeting::None) {
            return Ok(Admitted::Wait(Rival::Key));
        }
        if let Some(earlier) = admission.replay(context, request)? {
            return Ok(Admitted::Replay(earlier));
        }
        request.profile.clone()?;
        self.takes_work()?;
        if !matches!(admission.meeting_of_claims(request), Meeting::None) {
            return Ok(Admitted::Wait(Rival::Claims));
        }
        admission.claims.check(&request.claims, &self.owner)?;
        self.catalogue.has_room()?;
        if request.with_turn {
            turn = Some(self.reserve_turn()?);
        }
        self.catalogue.reserve()?;
        // Nothing is refused from here on.
        admission.take(worker_id, request);
        let ordinal = admission.next_ordinal;
        admission.continue_after(ordinal);
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
        let mut slot = WakeSlot::default();
        poll_fn(|context| {
            let mut admission = self.admission.lock();
            match admission.meeting(request, rival) {
                Meeting::None => Poll::Ready(Ok(())),
                Meeting::Unsettled => Poll::Ready(Err(RuntimeError::store_refused())),
                Meeting::Pending => {
                    admission.waiting.park(&mut slot, context.waker());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Reservation {
    /// The creation is committed: what it took is the Worker's, and its key is remembered.
    pub(crate) fn redeem(mut self, new_key: Option<NewKey<CreateKey>>) {
        self.has_place = false;
        self.turn.take().into_iter().for_each(Counted::keep);
        self.claims = Shared::usual();
        if let Some(new_key) = new_key {
            let mut admission = self.core.admission.lock();
            admission.keys.forget(&new_key.dropped);
            admission.keys.remember(new_key.key);
        }
    }

    /// The store has not said what became of the creation: whoever meets it is refused meanwhile.
    pub(crate) fn suspend(&self) {
        let mut admission = self.core.admission.lock();
        admission.forget(self.worker_id, self.key.as_ref());
        admission.unsettled_keys.extend(self.key.clone());
        if !self.claims.is_empty() {
            admission.unsettled_claims.insert(self.worker_id);
        }
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

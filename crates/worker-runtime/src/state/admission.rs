//! Who may be created: keys of creations and claims, also of those that are still under way.

use std::{
    future::poll_fn,
    sync::{Arc, atomic::Ordering},
    task::Poll,
};

use hashbrown::HashSet;

use crate::{
    domain::{
        allocation::Allocation,
        context::DecisionContext,
        idempotency::{KeyWindow, is_fresh},
    },
    error::RuntimeError,
    identity::WorkerId,
    model::{ScopeClaim, Shared},
    state::core::Core,
    store::{CreateKey, NewKey},
    sync::{WakeList, WakeSlot},
};

/// What creations share.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    pub(crate) keys: KeyWindow<CreateKey>,
    pub(crate) claims: Allocation,
    /// Keys of creations that are being committed.
    keys_under_way: HashSet<Arc<str>>,
    /// Workers with claims that are being created.
    claims_under_way: HashSet<WorkerId>,
    /// The same, of which the store has not said what became of them.
    unsettled_keys: HashSet<Arc<str>>,
    unsettled_claims: HashSet<WorkerId>,
    waiting: WakeList,
}

/// Whether a creation meets another one that is under way.
enum Meeting {
    None,
    Pending,
    Unsettled,
}

impl Admission {
    fn meeting_of_key(&self, key: &str) -> Meeting {
        if self.unsettled_keys.contains(key) {
            Meeting::Unsettled
        } else if self.keys_under_way.contains(key) {
            Meeting::Pending
        } else {
            Meeting::None
        }
    }

    /// Whether a creation with this key or these claims meets one that is undecided at the store.
    pub(crate) fn meets_unsettled(&self, key: Option<&str>, claims: &[ScopeClaim]) -> bool {
        key.is_some_and(|key| self.unsettled_keys.contains(key))
            || matches!(self.meeting_of_claims(claims), Meeting::Unsettled)
    }

    fn meeting_of_claims(&self, claims: &[ScopeClaim]) -> Meeting {
        let mut meeting = Meeting::None;
        for holder in claims.iter().filter_map(|claim| self.claims.conflict(claim)) {
            if self.unsettled_claims.contains(&holder) {
                return Meeting::Unsettled;
            }
            if self.claims_under_way.contains(&holder) {
                meeting = Meeting::Pending;
            }
        }
        meeting
    }
}

/// Everything that a creation needs before it is committed. Dropping it gives all back.
#[derive(Debug)]
pub(crate) struct Ticket {
    core: Arc<Core>,
    worker_id: WorkerId,
    key: Option<Arc<str>>,
    claims: Shared<[ScopeClaim]>,
    has_place: bool,
    has_turn_room: bool,
}

impl Core {
    /// Waits until no creation with this key is under way.
    pub(crate) async fn key_settled(&self, key: &str) -> Result<(), RuntimeError> {
        self.wait_until(|admission| admission.meeting_of_key(key)).await
    }

    /// Waits until no creation is under way whose claims are in the way.
    pub(crate) async fn claims_settled(&self, claims: &[ScopeClaim]) -> Result<(), RuntimeError> {
        self.wait_until(|admission| admission.meeting_of_claims(claims)).await
    }

    async fn wait_until(&self, meet: impl Fn(&Admission) -> Meeting) -> Result<(), RuntimeError> {
        let mut slot = WakeSlot::default();
        poll_fn(|context| {
            let mut admission = self.admission.lock();
            match meet(&admission) {
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

    /// Whether a creation with this key is under way or undecided.
    pub(crate) fn key_is_under_way(&self, key: &str) -> bool {
        !matches!(self.admission.lock().meeting_of_key(key), Meeting::None)
    }

    /// Whether a creation whose claims are in the way is under way or undecided.
    pub(crate) fn claims_are_under_way(&self, claims: &[ScopeClaim]) -> bool {
        !claims.is_empty()
            && !matches!(self.admission.lock().meeting_of_claims(claims), Meeting::None)
    }

    /// Takes all that a creation needs, or nothing. `None` if another creation came first, so that
    /// everything is to be looked at anew.
    pub(crate) fn admit(
        self: &Arc<Self>,
        context: &DecisionContext<'_>,
        worker_id: WorkerId,
        key: Option<&Arc<str>>,
        claims: &Shared<[ScopeClaim]>,
        with_turn: bool,
    ) -> Result<Option<Ticket>, RuntimeError> {
        // Counted first: a Runtime that stops waits for all creations that it did not refuse.
        self.creations.fetch_add(1, Ordering::AcqRel);
        let mut ticket = Ticket {
            core: Arc::clone(self),
            worker_id,
            key: None,
            claims: Shared::usual(),
            has_place: false,
            has_turn_room: false,
        };
        self.takes_work()?;
        let (now_ms, bounds) = (context.now_ms, context.create_keys());
        if key.is_some() || !claims.is_empty() {
            let mut admission = self.admission.lock();
            let overtaken = key.is_some_and(|key| {
                !matches!(admission.meeting_of_key(key), Meeting::None)
                    || admission.keys.get(key).is_some_and(|it| is_fresh(it, now_ms, bounds))
            });
            if overtaken || !matches!(admission.meeting_of_claims(claims), Meeting::None) {
                return Ok(None);
            }
            admission.claims.take(worker_id, claims, &self.owner)?;
            if !claims.is_empty() {
                ticket.claims = claims.clone();
                admission.claims_under_way.insert(worker_id);
            }
            if let Some(key) = key {
                ticket.key = Some(Arc::clone(key));
                admission.keys_under_way.insert(Arc::clone(key));
            }
        }
        self.catalogue.reserve()?;
        ticket.has_place = true;
        if with_turn {
            self.reserve_turn()?.keep();
            ticket.has_turn_room = true;
        }
        Ok(Some(ticket))
    }
}

impl Ticket {
    /// The creation is committed: what it took is the Worker's, and its key is remembered.
    pub(crate) fn redeem(mut self, key: Option<NewKey<CreateKey>>) {
        self.has_place = false;
        self.has_turn_room = false;
        if self.asks_for_nothing_shared() {
            return;
        }
        let mut admission = self.core.admission.lock();
        self.forget(&mut admission);
        if let Some(it) = key {
            admission.keys.forget(&it.dropped);
            admission.keys.remember(it.key);
        }
        let waiting = admission.waiting.take();
        drop(admission);
        waiting.wake();
        self.key = None;
        self.claims = Shared::usual();
    }

    /// The store has not said what became of the creation: who meets it is refused meanwhile.
    pub(crate) fn suspend(&self) {
        let mut admission = self.core.admission.lock();
        self.forget(&mut admission);
        admission.unsettled_keys.extend(self.key.clone());
        if !self.claims.is_empty() {
            admission.unsettled_claims.insert(self.worker_id);
        }
        let waiting = admission.waiting.take();
        drop(admission);
        waiting.wake();
    }

    /// Whether no other creation can meet this one.
    fn asks_for_nothing_shared(&self) -> bool {
        self.key.is_none() && self.claims.is_empty()
    }

    fn forget(&self, admission: &mut Admission) {
        if let Some(key) = &self.key {
            admission.keys_under_way.remove(key);
            admission.unsettled_keys.remove(key);
        }
        admission.claims_under_way.remove(&self.worker_id);
        admission.unsettled_claims.remove(&self.worker_id);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.asks_for_nothing_shared() {
            let mut admission = self.core.admission.lock();
            self.forget(&mut admission);
            admission.claims.release(self.worker_id, &self.claims);
            let waiting = admission.waiting.take();
            drop(admission);
            waiting.wake();
        }
        if self.has_place {
            self.core.catalogue.free();
        }
        if self.has_turn_room {
            self.core.turns_in_flight.fetch_sub(1, Ordering::Relaxed);
        }
        self.core.creations.fetch_sub(1, Ordering::AcqRel);
        self.core.turn_ended(true);
    }
}

//! The idempotency keys and the claims of creations, including creations in flight.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::Arc,
    task::{Context, Waker},
};

use worker::Profile;

use crate::{
    domain::{allocation::Allocation, context::DecisionContext, idempotency::KeyWindow},
    error::RuntimeError,
    identity::{RuntimeIdentity, WorkerId},
    model::{AllocationSummary, ScopeClaim},
    state::tenant::Tenant,
    store::CreateKey,
    sync::{Foreign, WakeList, WakeSlot, Wakers},
};

/// The state that all creations share: idempotency keys, claims and the next ordinal.
#[derive(Debug)]
pub(crate) struct Admission {
    /// What the creations of each tenant share, and those for no tenant, under `None`.
    shares: BTreeMap<Option<Arc<str>>, Share>,
    /// The ordinal of the next Worker.
    next_ordinal: u64,
    /// The creations in flight that others may have to wait for, by ordinal.
    under_way: BTreeMap<u64, UnderWay>,
    /// The ordinals of the creations in flight, by the key that each remembers and by the older keys
    /// that it drops.
    keys_under_way: BTreeMap<Arc<str>, u64>,
    /// The ordinals of the creations in flight that have claims.
    claims_under_way: BTreeMap<WorkerId, u64>,
}

/// The keys and the claims of one tenant's creations, which never meet those of another tenant.
#[derive(Debug, Default)]
pub(crate) struct Share {
    pub(crate) keys: KeyWindow<CreateKey>,
    pub(crate) claims: Allocation,
}

/// A creation in flight with a key or claims.
#[derive(Debug, Default)]
struct UnderWay {
    /// Whether the outcome of the commit is unknown.
    is_unsettled: bool,
    /// The key that the creation remembers and the older ones that it drops.
    keys: Vec<Arc<str>>,
    /// The creations that wait for the outcome of this one.
    waiting: WakeList,
}

/// The properties of a creation that admission depends on. They are computed once, before any lock
/// is taken.
#[derive(Debug)]
pub(crate) struct CreationRequest {
    /// The tenant that the Worker will belong to, if it will belong to one.
    pub(crate) tenant: Option<Arc<Tenant>>,
    /// The idempotency key, if there is one. An invalid key is left out, because it cannot have
    /// been remembered.
    pub(crate) key: Option<RequestKey>,
    pub(crate) claims: Arc<[ScopeClaim]>,
    /// Whether a turn begins with the creation of the Worker.
    pub(crate) with_turn: bool,
    /// The profile of the Worker's turns, or the error of an invalid command. The error counts only
    /// if the command was not carried out before.
    pub(crate) profile: Result<Arc<Profile>, RuntimeError>,
}

/// An idempotency key, with the digest of the command that came with it.
#[derive(Clone, Debug)]
pub(crate) struct RequestKey {
    /// The key in its [stored form](crate::domain::creation_key).
    pub(crate) key: Arc<str>,
    pub(crate) digest: [u8; 16],
}

/// The reason for which a creation waits for another one: the same key, or conflicting claims.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rival {
    Key,
    Claims,
}

/// Whether another creation has the same key or conflicting claims: none, one in flight, by its
/// ordinal, or one whose commit has an unknown outcome.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Conflict {
    None,
    Pending(u64),
    Unsettled,
}

/// The place of a creation that waits for another one, in the list of that other one.
#[derive(Debug, Default)]
pub(super) struct WaitingFor {
    /// The ordinal of the other one.
    ordinal: Option<u64>,
    slot: WakeSlot,
}

impl WaitingFor {
    /// Takes along the waker of the task that polls. No lock may be held.
    pub(super) fn bring(&mut self, context: &Context<'_>) {
        self.slot.bring(context);
    }
}

impl Admission {
    /// Creates the state without keys and claims. `next_ordinal` is the ordinal of the next Worker.
    pub(crate) fn new(next_ordinal: u64) -> Self {
        Self {
            shares: BTreeMap::new(),
            next_ordinal,
            under_way: BTreeMap::new(),
            keys_under_way: BTreeMap::new(),
            claims_under_way: BTreeMap::new(),
        }
    }

    /// Returns what the creations of a tenant share, if there was one.
    fn share(&self, tenant: Option<&Arc<Tenant>>) -> Option<&Share> {
        self.shares.get(&tenant.map(|tenant| Arc::clone(&tenant.name)))
    }

    /// Returns what the creations of the tenant with this name share, or those for no tenant.
    pub(crate) fn share_mut(&mut self, tenant: Option<Arc<str>>) -> &mut Share {
        self.shares.entry(tenant).or_default()
    }

    /// Releases the claims of a Worker that has ended or that was not created.
    pub(crate) fn release(
        &mut self,
        tenant: Option<Arc<str>>,
        worker_id: WorkerId,
        claims: &[ScopeClaim],
    ) {
        self.share_mut(tenant).claims.release(worker_id, claims);
    }

    /// Returns the claims that the Workers of one tenant hold, or of all.
    pub(crate) fn claims(
        &self,
        tenant: Option<&Arc<Tenant>>,
        identity: &RuntimeIdentity,
    ) -> AllocationSummary {
        let of_tenant = |name: &Option<Arc<str>>| {
            tenant.is_none_or(|tenant| name.as_ref() == Some(&tenant.name))
        };
        let mut summary = AllocationSummary { claims: 0, holders: Vec::new(), more: false };
        for (name, share) in self.shares.iter().filter(|(name, _)| of_tenant(name)) {
            share.claims.summarize(name.as_ref(), identity, &mut summary);
        }
        summary
    }

    /// Makes the ordinal of the next Worker greater than `ordinal`.
    pub(crate) fn continue_after(&mut self, ordinal: u64) {
        self.next_ordinal = self.next_ordinal.max(ordinal.saturating_add(1));
    }

    /// Returns the creation that was carried out before under the same key, if there is one.
    ///
    /// # Errors
    ///
    /// `idempotency_conflict` if the key came with another command.
    pub(super) fn replay(
        &self,
        context: &DecisionContext<'_>,
        request: &CreationRequest,
    ) -> Result<Option<CreateKey>, RuntimeError> {
        let Some(RequestKey { key, digest }) = &request.key else { return Ok(None) };
        let Some(share) = self.share(request.tenant.as_ref()) else { return Ok(None) };
        Ok(share.keys.replay(key, digest, context.now_ms, context.create_keys())?.cloned())
    }

    /// Makes the decision of an admission without taking anything. Returns the creation that was
    /// carried out before under the same key, if there is one.
    ///
    /// Unlike an admission, this does not check the room for Workers and turns, and does not wait
    /// for a creation in flight.
    pub(crate) fn preview(
        &self,
        context: &DecisionContext<'_>,
        request: &CreationRequest,
    ) -> Result<Option<CreateKey>, RuntimeError> {
        if let Some(earlier) = self.replay(context, request)? {
            return Ok(Some(earlier));
        }
        request.profile.clone()?;
        context.takes_work()?;
        let is_unsettled = |conflict| matches!(conflict, Conflict::Unsettled);
        if is_unsettled(self.conflict_of_key(request))
            || is_unsettled(self.conflict_of_claims(request))
        {
            return Err(RuntimeError::store_refused());
        }
        self.check_claims(context.identity, request)?;
        Ok(None)
    }

    /// Returns an error if a claim is in conflict with one that a Worker of the same tenant holds.
    pub(super) fn check_claims(
        &self,
        identity: &RuntimeIdentity,
        request: &CreationRequest,
    ) -> Result<(), RuntimeError> {
        let share = self.share(request.tenant.as_ref());
        share.map_or(Ok(()), |share| share.claims.check(&request.claims, identity))
    }

    pub(super) fn conflict(&self, request: &CreationRequest, rival: Rival) -> Conflict {
        match rival {
            Rival::Key => self.conflict_of_key(request),
            Rival::Claims => self.conflict_of_claims(request),
        }
    }

    fn conflict_of_key(&self, request: &CreationRequest) -> Conflict {
        let ordinal = request.key.as_ref().and_then(|it| self.keys_under_way.get(&it.key));
        ordinal.map_or(Conflict::None, |ordinal| self.conflict_with(*ordinal))
    }

    fn conflict_of_claims(&self, request: &CreationRequest) -> Conflict {
        let mut conflict = Conflict::None;
        let Some(share) = self.share(request.tenant.as_ref()) else { return conflict };
        for holder in request.claims.iter().filter_map(|claim| share.claims.conflict(claim)) {
            let Some(ordinal) = self.claims_under_way.get(&holder) else { continue };
            conflict = self.conflict_with(*ordinal);
            if conflict == Conflict::Unsettled {
                return conflict;
            }
        }
        conflict
    }

    fn conflict_with(&self, ordinal: u64) -> Conflict {
        match self.under_way.get(&ordinal) {
            Some(UnderWay { is_unsettled: true, .. }) => Conflict::Unsettled,
            Some(_) => Conflict::Pending(ordinal),
            None => Conflict::None,
        }
    }

    /// Returns the keys that a creation drops to remember the key `new`. A key that another creation
    /// in flight drops is left to that one.
    pub(super) fn pushed_out(
        &self,
        tenant: Option<&Arc<Tenant>>,
        new: &Arc<str>,
        context: &DecisionContext<'_>,
    ) -> Vec<Arc<str>> {
        let Some(share) = self.share(tenant) else { return Vec::new() };
        let mut dropped = share.keys.pushed_out(new, context.now_ms, context.create_keys());
        dropped.retain(|key| !self.keys_under_way.contains_key(key));
        dropped
    }

    /// Takes the key, with the older ones that are dropped, the claims and the next ordinal. The
    /// caller has checked under the same lock that the keys and the claims are free.
    pub(super) fn take(
        &mut self,
        worker_id: WorkerId,
        request: &CreationRequest,
        dropped: &[Arc<str>],
    ) -> u64 {
        let ordinal = self.next_ordinal;
        self.continue_after(ordinal);
        if !request.claims.is_empty() {
            let tenant = request.tenant.as_ref().map(|tenant| Arc::clone(&tenant.name));
            self.share_mut(tenant).claims.insert(worker_id, &request.claims);
            self.claims_under_way.insert(worker_id, ordinal);
        }
        let new = request.key.as_ref().map(|it| &it.key);
        let keys: Vec<Arc<str>> = new.into_iter().chain(dropped).cloned().collect();
        self.keys_under_way.extend(keys.iter().map(|key| (Arc::clone(key), ordinal)));
        if !keys.is_empty() || !request.claims.is_empty() {
            self.under_way.insert(ordinal, UnderWay { keys, ..UnderWay::default() });
        }
        ordinal
    }

    /// Notes that the outcome of a creation's commit is unknown. Returns the creations that waited
    /// for the outcome.
    pub(super) fn suspend(&mut self, ordinal: u64) -> Wakers {
        let Some(there) = self.under_way.get_mut(&ordinal) else { return Wakers::default() };
        there.is_unsettled = true;
        there.waiting.take()
    }

    /// Removes a creation from those in flight. Returns the creations that waited for the outcome.
    pub(super) fn forget(&mut self, ordinal: u64, worker_id: WorkerId) -> Wakers {
        let Some(mut gone) = self.under_way.remove(&ordinal) else { return Wakers::default() };
        for key in &gone.keys {
            self.keys_under_way.remove(key);
        }
        if self.claims_under_way.get(&worker_id) == Some(&ordinal) {
            self.claims_under_way.remove(&worker_id);
        }
        gone.waiting.take()
    }

    /// Parks a creation, which has [brought](WaitingFor::bring) its waker, until the outcome of the
    /// one with this ordinal is known. Returns a waker that the caller drops outside the lock.
    pub(super) fn park(&mut self, ordinal: u64, place: &mut WaitingFor) -> Option<Foreign<Waker>> {
        let mut left = None;
        if place.ordinal.is_some_and(|other| other != ordinal) {
            left = self.leave(place);
            place.slot.move_on();
        }
        place.ordinal = Some(ordinal);
        if let Some(rival) = self.under_way.get_mut(&ordinal) {
            rival.waiting.park(&mut place.slot);
        }
        left
    }

    /// Removes a creation that waits no more. Returns its waker, which the caller drops outside the
    /// lock.
    pub(super) fn leave(&mut self, place: &WaitingFor) -> Option<Foreign<Waker>> {
        self.under_way.get_mut(&place.ordinal?)?.waiting.leave(&place.slot)
    }
}

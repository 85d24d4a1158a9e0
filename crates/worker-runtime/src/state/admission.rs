//! The idempotency keys and the claims of creations, including creations in flight.

use std::{collections::HashSet, sync::Arc};

use worker::Profile;

use crate::{
    domain::{allocation::Allocation, context::DecisionContext, idempotency::KeyWindow},
    error::RuntimeError,
    identity::WorkerId,
    model::ScopeClaim,
    store::CreateKey,
    sync::WakeList,
};

/// The state that all creations share: idempotency keys, claims and the next ordinal.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) keys: KeyWindow<CreateKey>,
    pub(crate) claims: Allocation,
    /// The ordinal of the next Worker.
    next_ordinal: u64,
    /// The keys of creations in flight.
    keys_under_way: HashSet<Arc<str>>,
    /// The Workers with claims whose creation is in flight.
    claims_under_way: HashSet<WorkerId>,
    /// The keys of creations whose commit has an unknown outcome.
    unsettled_keys: HashSet<Arc<str>>,
    /// The Workers with claims whose creation has a commit with an unknown outcome.
    unsettled_claims: HashSet<WorkerId>,
    /// The wakers of creations that wait for the outcome of another one.
    pub(super) waiting: WakeList,
}

/// The properties of a creation that admission depends on. They are computed once, before any lock
/// is taken.
#[derive(Debug)]
pub(crate) struct CreationRequest<'a> {
    /// The idempotency key, if there is one. An invalid key is left out, because it cannot have
    /// been remembered.
    pub(crate) key: Option<RequestKey>,
    pub(crate) claims: Arc<[ScopeClaim]>,
    /// Whether a turn begins with the creation of the Worker.
    pub(crate) with_turn: bool,
    /// The profile of the Worker's turns, or the error of an invalid command. The error counts only
    /// if the command was not carried out before.
    pub(crate) profile: Result<&'a Arc<Profile>, RuntimeError>,
}

/// An idempotency key, with the digest of the command that came with it.
#[derive(Clone, Debug)]
pub(crate) struct RequestKey {
    pub(crate) key: Arc<str>,
    pub(crate) digest: [u8; 16],
}

/// The reason for which a creation waits for another one: the same key, or conflicting claims.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rival {
    Key,
    Claims,
}

/// Whether another creation has the same key or conflicting claims: none, one in flight, or one
/// whose commit has an unknown outcome.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Conflict {
    None,
    Pending,
    Unsettled,
}

impl Admission {
    /// Creates the state without keys and claims. `next_ordinal` is the ordinal of the next Worker.
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
        request: &CreationRequest<'_>,
    ) -> Result<Option<CreateKey>, RuntimeError> {
        let Some(RequestKey { key, digest }) = &request.key else { return Ok(None) };
        Ok(self.keys.replay(key, digest, context.now_ms, context.create_keys())?.cloned())
    }

    /// Makes the decision of an admission without taking anything. Returns the creation that was
    /// carried out before under the same key, if there is one.
    ///
    /// Unlike an admission, this does not check the room for Workers and turns, and does not wait
    /// for a creation in flight.
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
        let is_unsettled = |conflict| matches!(conflict, Conflict::Unsettled);
        if is_unsettled(self.conflict_of_key(request))
            || is_unsettled(self.conflict_of_claims(request))
        {
            return Err(RuntimeError::store_refused());
        }
        self.claims.check(&request.claims, context.identity)?;
        Ok(None)
    }

    pub(super) fn conflict(&self, request: &CreationRequest<'_>, rival: Rival) -> Conflict {
        match rival {
            Rival::Key => self.conflict_of_key(request),
            Rival::Claims => self.conflict_of_claims(request),
        }
    }

    fn conflict_of_key(&self, request: &CreationRequest<'_>) -> Conflict {
        let Some(RequestKey { key, .. }) = &request.key else { return Conflict::None };
        if self.unsettled_keys.contains(key) {
            Conflict::Unsettled
        } else if self.keys_under_way.contains(key) {
            Conflict::Pending
        } else {
            Conflict::None
        }
    }

    fn conflict_of_claims(&self, request: &CreationRequest<'_>) -> Conflict {
        let mut conflict = Conflict::None;
        for holder in request.claims.iter().filter_map(|claim| self.claims.conflict(claim)) {
            if self.unsettled_claims.contains(&holder) {
                return Conflict::Unsettled;
            }
            if self.claims_under_way.contains(&holder) {
                conflict = Conflict::Pending;
            }
        }
        conflict
    }

    /// Takes the key, the claims and the next ordinal. The caller has checked under the same lock
    /// that the key and the claims are free.
    pub(super) fn take(&mut self, worker_id: WorkerId, request: &CreationRequest<'_>) -> u64 {
        self.claims.insert(worker_id, &request.claims);
        if !request.claims.is_empty() {
            self.claims_under_way.insert(worker_id);
        }
        self.keys_under_way.extend(request.key.iter().map(|key| Arc::clone(&key.key)));
        let ordinal = self.next_ordinal;
        self.continue_after(ordinal);
        ordinal
    }

    /// Notes that the outcome of a creation's commit is unknown.
    pub(super) fn suspend(
        &mut self,
        worker_id: WorkerId,
        key: Option<&Arc<str>>,
        claims: &[ScopeClaim],
    ) {
        self.forget(worker_id, key);
        self.unsettled_keys.extend(key.cloned());
        if !claims.is_empty() {
            self.unsettled_claims.insert(worker_id);
        }
    }

    /// Removes a creation from those in flight and from those with an unknown outcome.
    pub(super) fn forget(&mut self, worker_id: WorkerId, key: Option<&Arc<str>>) {
        if let Some(key) = key {
            self.keys_under_way.remove(key);
            self.unsettled_keys.remove(key);
        }
        self.claims_under_way.remove(&worker_id);
        self.unsettled_claims.remove(&worker_id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Admission, Conflict, CreationRequest, RequestKey, Rival};
    use crate::{
        RuntimeError,
        identity::WorkerId,
        model::{Access, ScopeClaim},
    };

    /// A request with a key and an exclusive claim on a resource, where they are given.
    fn request(key: Option<&str>, resource: Option<&str>) -> CreationRequest<'static> {
        let claim = |resource: &str| ScopeClaim {
            resource: resource.to_owned(),
            access: Access::Exclusive,
        };
        CreationRequest {
            key: key.map(|key| RequestKey { key: key.into(), digest: [0; 16] }),
            claims: resource.map(claim).into_iter().collect(),
            with_turn: false,
            profile: Err(RuntimeError::ProfileNotFound {}),
        }
    }

    #[test]
    fn a_creation_in_flight_is_a_rival_by_what_both_want() {
        let mut admission = Admission::new(1);
        let (worker_id, first) = (WorkerId::NIL, request(Some("key"), Some("/sea")));
        admission.take(worker_id, &first);

        let same_key = request(Some("key"), Some("/land"));
        assert_eq!(admission.conflict(&same_key, Rival::Key), Conflict::Pending);
        assert_eq!(admission.conflict(&same_key, Rival::Claims), Conflict::None);
        let same_claim = request(Some("other"), Some("/sea"));
        assert_eq!(admission.conflict(&same_claim, Rival::Key), Conflict::None);
        assert_eq!(admission.conflict(&same_claim, Rival::Claims), Conflict::Pending);

        let key = first.key.as_ref().map(|key| Arc::clone(&key.key));
        admission.suspend(worker_id, key.as_ref(), &first.claims);
        assert_eq!(admission.conflict(&same_key, Rival::Key), Conflict::Unsettled);
        assert_eq!(admission.conflict(&same_claim, Rival::Claims), Conflict::Unsettled);

        admission.forget(worker_id, key.as_ref());
        assert_eq!(admission.conflict(&same_key, Rival::Key), Conflict::None);
        // The claim is held by a Worker that exists, so nobody waits for it.
        assert_eq!(admission.conflict(&same_claim, Rival::Claims), Conflict::None);
    }
}

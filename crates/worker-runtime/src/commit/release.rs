//! What a commit gives back, so that others can take it.

use std::sync::Arc;

use crate::{
    commit::apply::RecordChange,
    identity::WorkerId,
    model::ScopeClaim,
    state::{admission::Admission, core::Core, reservation::Reservation, tenant::Tenant},
    store::{CreateKey, NewKey},
    sync::Wakers,
};

/// What a commit gives back: the room of a turn and of a Worker, claims, and the right to a key.
///
/// All of it is given back in the hold of the log's lock in which the events are appended: after
/// them, so that in the log the next owner comes later, and before anybody can read them, so that
/// whoever sees that a turn or a Worker has ended finds its room free.
#[derive(Debug, Default)]
pub(super) struct Release<'a> {
    /// The tenant that the Worker belongs to.
    tenant: Option<&'a Tenant>,
    /// Whether a turn has ended that was counted in.
    pub(super) turn: bool,
    /// The claims of the Worker that has ended.
    claims: Option<(WorkerId, &'a [ScopeClaim])>,
    /// Whether the Worker was deleted.
    place: bool,
    /// The reservation of the Worker that was created, and the key that is remembered of it.
    pub(super) reserved: Option<(&'a mut Reservation, Option<NewKey<CreateKey>>)>,
}

impl<'a> Release<'a> {
    /// Returns what the change of a record gives back.
    pub(super) fn of(step: RecordChange<'a>, tenant: Option<&'a Tenant>) -> Self {
        let claims = step.ended().map(|ended| (ended.worker_id, &*ended.spec.scope_claims));
        Self {
            claims: claims.filter(|(_, claims)| !claims.is_empty()),
            place: step.now.is_none(),
            tenant,
            ..Self::default()
        }
    }

    /// Whether [`run`](Self::run) needs the admission.
    pub(super) fn is_of_admission(&self) -> bool {
        let is_shared = self.reserved.as_ref().is_some_and(|(reserved, _)| reserved.is_shared());
        is_shared || self.claims.is_some()
    }

    /// Gives everything back. Returns the creations that waited for this one.
    pub(super) fn run(self, core: &Core, mut admission: Option<&mut Admission>) -> Wakers {
        if self.turn {
            // The count was kept when the turn began.
            core.count_turn_out(self.tenant);
        }
        if self.place {
            core.catalogue.free();
            self.tenant.into_iter().for_each(|tenant| tenant.workers.free());
        }
        if let (Some((worker_id, claims)), Some(admission)) = (self.claims, &mut admission) {
            let tenant = self.tenant.map(|tenant| Arc::clone(&tenant.name));
            admission.release(tenant, worker_id, claims);
        }
        let redeemed = self.reserved.map(|(reserved, key)| reserved.redeem(admission, key));
        redeemed.unwrap_or_default()
    }
}

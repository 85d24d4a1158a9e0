//! The scope claims that Workers hold, and the conflicts between claims.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    iter,
    ops::Bound::{Excluded, Included, Unbounded},
    sync::Arc,
};

use crate::{
    error::RuntimeError,
    identity::{RuntimeIdentity, WorkerId},
    model::{Access, AllocationSummary, ClaimHolder, ScopeClaim},
};

/// The scope claims of Workers that have not ended.
#[derive(Debug, Default)]
pub(crate) struct Allocation {
    /// All claims. An exclusive claim is in conflict with any of them.
    all: Claims,
    /// The exclusive claims. A shared claim is in conflict with any of them.
    exclusive: Claims,
}

/// Claims by resource. The resources below `a/b` follow one another, because they begin with
/// `a/b/`, so nothing needs to walk a tree.
#[derive(Debug, Default)]
struct Claims {
    holders: BTreeMap<Arc<str>, Holders>,
    count: u64,
}

/// The Workers that hold a resource, and how many claims on it each of them has.
type Holders = BTreeMap<WorkerId, u32>;

/// The maximum number of holders in a summary.
const SHOWN: usize = 100;

impl Allocation {
    /// Returns a Worker that holds a claim in conflict with `claim`, if there is one.
    pub(crate) fn conflict(&self, claim: &ScopeClaim) -> Option<WorkerId> {
        match claim.access {
            Access::Exclusive => self.all.related(&claim.resource),
            Access::Shared => self.exclusive.related(&claim.resource),
        }
    }

    /// Takes all claims of a Worker, or none if one is in conflict. The claims of the Worker itself
    /// never conflict with each other, because all are checked before the first is inserted.
    pub(crate) fn take(
        &mut self,
        worker_id: WorkerId,
        claims: &[ScopeClaim],
        identity: &RuntimeIdentity,
    ) -> Result<(), RuntimeError> {
        self.check(claims, identity)?;
        self.insert(worker_id, claims);
        Ok(())
    }

    /// Inserts claims of a Worker that were [checked](Self::check).
    pub(crate) fn insert(&mut self, worker_id: WorkerId, claims: &[ScopeClaim]) {
        for claim in claims {
            let resource: Arc<str> = claim.resource.as_str().into();
            if claim.access == Access::Exclusive {
                self.exclusive.insert(Arc::clone(&resource), worker_id);
            }
            self.all.insert(resource, worker_id);
        }
    }

    /// Returns an error if a claim is in conflict with a claim that is held.
    pub(crate) fn check(
        &self,
        claims: &[ScopeClaim],
        identity: &RuntimeIdentity,
    ) -> Result<(), RuntimeError> {
        for claim in claims {
            if let Some(holder) = self.conflict(claim) {
                return Err(RuntimeError::ScopeConflict {
                    resource: claim.resource.clone(),
                    holder: identity.worker(holder),
                });
            }
        }
        Ok(())
    }

    /// Releases claims that a Worker holds.
    pub(crate) fn release(&mut self, worker_id: WorkerId, claims: &[ScopeClaim]) {
        for claim in claims {
            if claim.access == Access::Exclusive {
                self.exclusive.remove(&claim.resource, worker_id);
            }
            self.all.remove(&claim.resource, worker_id);
        }
    }

    /// Adds the claims of this tenant's Workers to a summary, which names at most `SHOWN` holders.
    pub(crate) fn summarize(
        &self,
        tenant: Option<&Arc<str>>,
        identity: &RuntimeIdentity,
        summary: &mut AllocationSummary,
    ) {
        let holders = self
            .all
            .holders
            .iter()
            .flat_map(|(resource, holders)| {
                let exclusive = self.exclusive.holders.get(resource);
                let shown = move |(worker_id, count): (&WorkerId, &u32)| {
                    let exclusive =
                        exclusive.and_then(|it| it.get(worker_id)).copied().unwrap_or(0);
                    let exclusive_ones = iter::repeat_n(Access::Exclusive, exclusive as usize);
                    let shared_ones =
                        iter::repeat_n(Access::Shared, count.saturating_sub(exclusive) as usize);
                    let worker = identity.worker(*worker_id);
                    exclusive_ones.chain(shared_ones).map(move |access| ClaimHolder {
                        resource: resource.to_string(),
                        access,
                        worker,
                        tenant: tenant.cloned(),
                    })
                };
                holders.iter().flat_map(shown)
            })
            .take(SHOWN - summary.holders.len());
        summary.holders.extend(holders);
        summary.claims += self.all.count;
        summary.more = summary.claims > summary.holders.len() as u64;
    }
}

impl Claims {
    fn insert(&mut self, resource: Arc<str>, worker_id: WorkerId) {
        *self.holders.entry(resource).or_default().entry(worker_id).or_default() += 1;
        self.count += 1;
    }

    fn remove(&mut self, resource: &str, worker_id: WorkerId) {
        let Some(holders) = self.holders.get_mut(resource) else { return };
        let Some(count) = holders.get_mut(&worker_id) else { return };
        self.count -= 1;
        *count -= 1;
        if *count == 0 {
            holders.remove(&worker_id);
        }
        if holders.is_empty() {
            self.holders.remove(resource);
        }
    }

    /// Returns a holder of the resource, of one above it or of one below it.
    fn related(&self, resource: &str) -> Option<WorkerId> {
        let found = self.at_or_above(resource).or_else(|| self.below(resource));
        found.and_then(|holders| holders.keys().next().copied())
    }

    /// Returns the holders of the resource or of one above it.
    ///
    /// A resource above is a prefix of `resource`, and therefore of all that sorts in between. So
    /// the last resource that does not sort after `resource` either is above, or shows how long a
    /// prefix can be at most. There are at most as many steps as segments.
    fn at_or_above(&self, mut resource: &str) -> Option<&Holders> {
        loop {
            let (last, holders) = self.up_to(resource)?;
            if is_at_or_above(last, resource) {
                return Some(holders);
            }
            let common = iter::zip(last.bytes(), resource.bytes()).take_while(|(a, b)| a == b);
            let common = common.count();
            // The separator after the prefix may be the first byte that differs.
            let seen = resource.as_bytes().get(..=common)?;
            let end = seen.iter().rposition(|byte| *byte == b'/')?;
            resource = resource.get(..end)?;
        }
    }

    fn up_to(&self, resource: &str) -> Option<(&Arc<str>, &Holders)> {
        self.holders.range::<str, _>((Unbounded, Included(resource))).next_back()
    }

    /// Returns the holders of the first resource below this one.
    fn below(&self, resource: &str) -> Option<&Holders> {
        let prefix = format!("{resource}/");
        let (first, holders) =
            self.holders.range::<str, _>((Excluded(prefix.as_str()), Unbounded)).next()?;
        first.starts_with(&prefix).then_some(holders)
    }
}

/// Whether a resource is another one, or one above that.
fn is_at_or_above(this: &str, other: &str) -> bool {
    let rest = other.strip_prefix(this);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

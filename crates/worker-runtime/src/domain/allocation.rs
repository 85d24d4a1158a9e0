//! The scope claims that Workers hold, and the conflicts between claims.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    error::RuntimeError,
    identity::{RuntimeIdentity, WorkerId},
    model::{Access, AllocationSummary, ClaimHolder, ScopeClaim},
};

/// The scope claims of Workers that have not ended, as a tree of path segments.
#[derive(Debug, Default)]
pub(crate) struct Allocation {
    root: Node,
    claims: u64,
}

/// A resource and the resources below it.
#[derive(Debug, Default)]
struct Node {
    holders: Vec<(WorkerId, Access)>,
    /// The number of claims on this resource and below. `exclusive` counts the exclusive ones.
    claims: u64,
    exclusive: u64,
    below: BTreeMap<Arc<str>, Node>,
}

/// The maximum number of holders in a summary.
const SHOWN: usize = 100;

impl Allocation {
    /// Returns a Worker that holds a claim in conflict with `claim`, if there is one.
    pub(crate) fn conflict(&self, claim: &ScopeClaim) -> Option<WorkerId> {
        let clashes =
            |theirs: Access| theirs == Access::Exclusive || claim.access == Access::Exclusive;
        let mut node = &self.root;
        for segment in claim.resource.split('/') {
            node = node.below.get(segment)?;
            if let Some((holder, _)) = node.holders.iter().find(|(_, access)| clashes(*access)) {
                return Some(*holder);
            }
        }
        node.any_below(&|access| clashes(access))
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
            let mut node = &mut self.root;
            for segment in claim.resource.split('/') {
                node = node.below.entry(segment.into()).or_default();
                node.claims += 1;
                node.exclusive += u64::from(claim.access == Access::Exclusive);
            }
            node.holders.push((worker_id, claim.access));
        }
        self.claims += claims.len() as u64;
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
            let segments: Vec<&str> = claim.resource.split('/').collect();
            if self.root.release(&segments, worker_id, claim.access) {
                self.claims -= 1;
            }
        }
    }

    /// Returns the number of claims, and at most `SHOWN` of their holders.
    pub(crate) fn summary(&self, identity: &RuntimeIdentity) -> AllocationSummary {
        let mut holders = Vec::new();
        self.root.collect(&mut String::new(), identity, &mut holders);
        let more = self.claims > holders.len() as u64;
        AllocationSummary { claims: self.claims, holders, more }
    }
}

impl Node {
    fn any_below(&self, clashes: &impl Fn(Access) -> bool) -> Option<WorkerId> {
        self.below.values().find_map(|node| {
            let worth_a_look = if clashes(Access::Shared) { node.claims } else { node.exclusive };
            if worth_a_look == 0 {
                return None;
            }
            let here = node.holders.iter().find(|(_, access)| clashes(*access));
            here.map(|(holder, _)| *holder).or_else(|| node.any_below(clashes))
        })
    }

    fn release(&mut self, segments: &[&str], worker_id: WorkerId, access: Access) -> bool {
        let Some((first, rest)) = segments.split_first() else {
            let held = self.holders.iter().position(|it| *it == (worker_id, access));
            return held.map(|place| self.holders.swap_remove(place)).is_some();
        };
        let Some(node) = self.below.get_mut(*first) else { return false };
        if !node.release(rest, worker_id, access) {
            return false;
        }
        node.claims -= 1;
        node.exclusive -= u64::from(access == Access::Exclusive);
        if node.claims == 0 {
            self.below.remove(*first);
        }
        true
    }

    fn collect(&self, path: &mut String, identity: &RuntimeIdentity, into: &mut Vec<ClaimHolder>) {
        for (holder, access) in self.holders.iter().take(SHOWN - into.len().min(SHOWN)) {
            into.push(ClaimHolder {
                resource: path.clone(),
                access: *access,
                worker: identity.worker(*holder),
            });
        }
        for (segment, node) in &self.below {
            if into.len() >= SHOWN {
                return;
            }
            let length = path.len();
            if length > 0 {
                path.push('/');
            }
            path.push_str(segment);
            node.collect(path, identity, into);
            path.truncate(length);
        }
    }
}

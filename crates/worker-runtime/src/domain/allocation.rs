//! Who holds which resource: claims, and the conflicts between them.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    error::RuntimeError,
    identity::{RuntimeIdentity, WorkerId},
    model::{Access, AllocationSummary, ClaimHolder, ScopeClaim},
};

/// What live Workers hold, as a tree of segments.
#[derive(Debug, Default)]
pub(crate) struct Allocation {
    root: Node,
    claims: u64,
}

/// One resource and what lies below it.
#[derive(Debug, Default)]
struct Node {
    holders: Vec<(WorkerId, Access)>,
    /// Claims here and below, and how many of them are exclusive.
    claims: u64,
    exclusive: u64,
    below: BTreeMap<Arc<str>, Node>,
}

/// The most holders that are shown.
const SHOWN: usize = 100;

impl Allocation {
    /// Who is in the way of a claim, if somebody is. A Worker is not in its own way.
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

    /// Takes all claims of a Worker at once, or none.
    pub(crate) fn take(
        &mut self,
        worker_id: WorkerId,
        claims: &[ScopeClaim],
        owner: &RuntimeIdentity,
    ) -> Result<(), RuntimeError> {
        self.check(claims, owner)?;
        self.insert(worker_id, claims);
        Ok(())
    }

    /// Takes claims of a Worker that were [checked](Self::check).
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

    /// Whether all claims could be taken now.
    pub(crate) fn check(
        &self,
        claims: &[ScopeClaim],
        owner: &RuntimeIdentity,
    ) -> Result<(), RuntimeError> {
        for claim in claims {
            if let Some(holder) = self.conflict(claim) {
                return Err(RuntimeError::ScopeConflict {
                    resource: claim.resource.clone(),
                    holder: owner.worker(holder),
                });
            }
        }
        Ok(())
    }

    /// Gives back the claims that a Worker had taken.
    pub(crate) fn release(&mut self, worker_id: WorkerId, claims: &[ScopeClaim]) {
        for claim in claims {
            let segments: Vec<&str> = claim.resource.split('/').collect();
            if self.root.release(&segments, worker_id, claim.access) {
                self.claims -= 1;
            }
        }
    }

    /// What is held, bounded.
    pub(crate) fn summary(&self, owner: &RuntimeIdentity) -> AllocationSummary {
        let mut holders = Vec::new();
        self.root.collect(&mut String::new(), owner, &mut holders);
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

    fn collect(&self, path: &mut String, owner: &RuntimeIdentity, into: &mut Vec<ClaimHolder>) {
        for (holder, access) in self.holders.iter().take(SHOWN - into.len().min(SHOWN)) {
            into.push(ClaimHolder {
                resource: path.clone(),
                access: *access,
                worker: owner.worker(*holder),
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
            node.collect(path, owner, into);
            path.truncate(length);
        }
    }
}

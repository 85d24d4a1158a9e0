//! Gives back the memory of a deleted Worker's texts.

use std::sync::Arc;

use crate::state::{core::Core, sequences::Sequences, tenant::Tenant, worker_cell::WorkerCell};

/// The most commits that are replaced between two points at which other tasks run.
const AT_ONCE: usize = 64;

/// Replaces the events of a deleted Worker by copies without names and texts, which are not shown
/// any more. `last` is the place of the Worker's newest commit in the logs.
///
/// The first commits of each log are replaced at once, and the others by a task, some in each hold of
/// the log's lock. The copies are made and the events are dropped with no lock held.
pub(super) fn erase(core: &Arc<Core>, cell: &WorkerCell, last: Sequences) {
    erase_own(cell);
    erase_in(core, None, last.whole);
    if let Some(tenant) = &cell.tenant {
        erase_in(core, Some(Arc::clone(tenant)), last.tenant);
    }
}

/// Erases the events in the Worker's own log, to which nothing is appended any more.
fn erase_own(cell: &WorkerCell) {
    let kept = cell.lock().log.as_ref().map(|log| log.events.all());
    let Some(kept) = kept else { return };
    let copies = kept.iter().map(|commit| commit.redacted()).collect();
    let replaced = cell.lock().log.as_mut().map(|log| log.events.replace(copies));
    drop((kept, replaced));
}

/// Erases the commits in the log of the Runtime, or of a tenant, from that of the event `sequence`
/// back.
fn erase_in(core: &Arc<Core>, tenant: Option<Arc<Tenant>>, sequence: u64) {
    let Some(mut next) = erase_some(core, tenant.as_deref(), sequence) else { return };
    let there = Arc::downgrade(core);
    core.executor.spawn(async move {
        loop {
            tokio::task::yield_now().await;
            let Some(core) = there.upgrade() else { return };
            let Some(further) = erase_some(&core, tenant.as_deref(), next) else { return };
            next = further;
        }
    });
}

/// Erases some commits of a log, from that of the event `sequence` back. Returns the sequence from
/// which the rest goes on.
fn erase_some(core: &Core, tenant: Option<&Tenant>, sequence: u64) -> Option<u64> {
    let (commits, next) = core.log.lock().part(tenant)?.commits_before(sequence, AT_ONCE);
    let copies = commits.iter().map(|commit| commit.redacted()).collect();
    let replaced = core.log.lock().part_mut(tenant).map(|part| part.events.replace(copies));
    drop((commits, replaced));
    next
}

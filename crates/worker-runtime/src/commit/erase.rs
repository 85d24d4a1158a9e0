//! Gives back the memory of a deleted Worker's texts.

use std::sync::Arc;

use crate::state::{core::Core, worker_cell::WorkerCell};

/// The most commits that are replaced between two points at which other tasks run.
const AT_ONCE: usize = 64;

/// Replaces the events of a deleted Worker by copies without names and texts, which are not shown
/// any more. `last` is the sequence in the Runtime's log of an event of the Worker's newest commit.
///
/// The first commits are replaced at once, and the others by a task, some in each hold of the log's
/// lock. The copies are made and the events are dropped with no lock held.
pub(super) fn erase(core: &Arc<Core>, cell: &WorkerCell, last: u64) {
    erase_own(cell);
    let Some(mut next) = erase_some(core, last) else { return };
    let there = Arc::downgrade(core);
    core.executor.spawn(async move {
        loop {
            tokio::task::yield_now().await;
            let Some(core) = there.upgrade() else { return };
            let Some(further) = erase_some(&core, next) else { return };
            next = further;
        }
    });
}

/// Erases the events in the Worker's own log, to which nothing is appended any more.
fn erase_own(cell: &WorkerCell) {
    let kept = cell.lock().log.as_ref().map(|log| log.events.all());
    let Some(kept) = kept else { return };
    let copies = kept.iter().map(|commit| commit.redacted()).collect();
    let replaced = cell.lock().log.as_mut().map(|log| log.events.replace(copies));
    drop((kept, replaced));
}

/// Erases some commits in the Runtime's log, from that of the event `sequence` back. Returns the
/// sequence from which the rest goes on.
fn erase_some(core: &Core, sequence: u64) -> Option<u64> {
    let (commits, next) = core.log.lock().commits_before(sequence, AT_ONCE);
    let copies = commits.iter().map(|commit| commit.redacted()).collect();
    let replaced = core.log.lock().replace(copies);
    drop((commits, replaced));
    next
}

//! How a Worker comes to be: commit first, then a cell that everybody finds.

use std::sync::{Arc, atomic::Ordering};

use tokio::sync::oneshot;

use crate::{
    commit::{
        apply::After,
        change::{Answer, Verdict},
        settle::{self, Settled},
    },
    domain::draft::Draft,
    model::Severity,
    state::{admission::Ticket, core::Core, worker_cell::Cell},
    store::{Batch, Change},
};

/// A creation that was decided and admitted.
#[derive(Debug)]
pub(crate) struct Creation {
    draft: Draft,
    ticket: Ticket,
}

impl Creation {
    pub(crate) fn new(draft: Draft, ticket: Ticket) -> Self {
        Self { draft, ticket }
    }

    /// Has the store take the creation, and publishes the Worker once it has.
    pub(crate) fn commit(self, core: &Arc<Core>) -> Answer {
        let Self { draft, ticket } = self;
        let batch = draft.into_batch(core.lease);
        match core.send(&batch).into_ready() {
            Ok(answer) => {
                let verdict = core.judge(answer);
                Answer::Now(conclude(core, ticket, batch, verdict))
            }
            Err(answer) => {
                let (tell, told) = oneshot::channel();
                let core_there = Arc::clone(core);
                core.handle.spawn(async move {
                    let verdict = core_there.wait_for(answer).await;
                    let verdict = conclude(&core_there, ticket, batch, verdict);
                    // The caller may be gone; the Worker is there all the same.
                    let _ = tell.send(verdict);
                });
                Answer::Later(told)
            }
        }
    }
}

fn conclude(core: &Arc<Core>, ticket: Ticket, batch: Batch, verdict: Verdict) -> Verdict {
    let verdict = match verdict {
        Verdict::Committed if core.is_closed() => Verdict::Unknown,
        verdict => verdict,
    };
    match verdict {
        Verdict::Committed => publish(core, ticket, batch),
        Verdict::Refused => {}
        Verdict::LeaseLost => core.lose_lease(),
        Verdict::Unknown => {
            ticket.suspend();
            core.unsettled.fetch_add(1, Ordering::Relaxed);
            let message = "the store did not say whether it took a creation; asking it again";
            core.note(Severity::Warning, message, Some(batch.worker_id), None);
            let core = Arc::clone(core);
            core.handle.clone().spawn(async move {
                let settled = settle::ask(&core, &batch).await;
                core.unsettled.fetch_sub(1, Ordering::Relaxed);
                match settled {
                    Settled::Committed => publish(&core, ticket, batch),
                    // Dropping the ticket gives back what the creation had taken.
                    Settled::Never | Settled::Abandoned => drop(ticket),
                }
            });
        }
    }
    verdict
}

/// Shows the Worker: a cell that is locked before anybody finds it, and released with its events.
fn publish(core: &Arc<Core>, ticket: Ticket, mut batch: Batch) {
    let Change::Put(record) = &batch.change else { return };
    let cell = Arc::new(Cell::new(Arc::clone(record)));
    let mut after = After::default();
    let mut state = cell.lock();
    core.catalogue.insert(Arc::clone(&cell));
    if core.is_closed() {
        // What is committed after the Runtime has closed is for the next owner of the store to show.
        drop(state);
        core.catalogue.remove(cell.worker_id);
        return ticket.redeem(None);
    }
    let key = batch.create_key.take();
    core.apply(&cell, &mut state, batch, &mut after);
    drop(state);
    ticket.redeem(key);
    after.run(core, &cell);
}

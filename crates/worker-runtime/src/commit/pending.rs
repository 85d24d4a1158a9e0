//! A pending commit: sent to the store, concluded by the store's answer, and settled later if the
//! outcome is unknown.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    commit::{
        outcome::{CommitOutcome, SentCommit},
        seal::SealedTurn,
    },
    domain::draft::Draft,
    model::Severity,
    state::{
        core::Core,
        in_flight::{Counted, Work},
        reservation::{Reservation, TurnPlace},
        station::Station,
        worker_cell::{Permit, WorkerCell},
    },
    store::{Batch, Change, Settlement, StoreError},
    sync::{Backoff, reply},
};

/// A change or a creation that was decided, with all that it holds until the commit is concluded.
///
/// Dropping it releases the seal, the count, the permit or the reservation that it holds.
#[derive(Debug)]
pub(crate) struct PendingCommit {
    batch: Batch,
    cancel_at: Option<Instant>,
    target: Target,
}

/// The Worker that a commit changes or creates, with what the commit holds.
#[derive(Debug)]
enum Target {
    Worker(HeldWorker),
    NewWorker(Reservation),
}

/// A Worker that is being changed, with what the commit holds. The fields are dropped from top to
/// bottom, so that the text is unsealed before the permit is passed on. In the other order,
/// unsealing would break the seal of the next change.
#[derive(Debug)]
pub(super) struct HeldWorker {
    pub(super) cell: Arc<WorkerCell>,
    /// The sealed turn that the commit ends.
    pub(super) sealed: Option<SealedTurn>,
    /// The count of the turn that the commit begins.
    pub(super) begun: Option<TurnPlace>,
    /// Absent while the commit is being settled.
    pub(super) permit: Option<Permit>,
    /// The count of the commit. It is dropped last, because a Runtime that stops waits for it.
    pub(super) _counted: Counted,
}

impl PendingCommit {
    /// Creates the pending commit of a change.
    pub(super) fn change(batch: Batch, cancel_at: Option<Instant>, held: HeldWorker) -> Self {
        Self { batch, cancel_at, target: Target::Worker(held) }
    }

    /// Creates the pending commit of a creation that was decided and admitted.
    pub(crate) fn creation(core: &Core, draft: Draft, reservation: Reservation) -> Self {
        let batch = draft.into_batch(core.store.lease());
        Self { batch, cancel_at: None, target: Target::NewWorker(reservation) }
    }

    /// Sends the batch to the store, and concludes the commit with the store's answer: at once if
    /// the answer is ready, otherwise in a task of its own, so that the commit is concluded even if
    /// the caller goes away.
    pub(crate) fn send(self, core: &Arc<Core>) -> SentCommit {
        match core.store.commit(&self.batch).into_ready() {
            Ok(answer) => SentCommit::Concluded(self.conclude(core, answer)),
            Err(answer) => {
                let (tell, told) = reply(&core.executor);
                let core_there = Arc::clone(core);
                core.executor.spawn(async move {
                    // The caller may be gone. The commit is concluded all the same.
                    tell.send(self.conclude(&core_there, answer.await));
                });
                SentCommit::Waiting(told)
            }
        }
    }

    /// Publishes, suspends or drops the commit, as the store's answer says.
    fn conclude(self, core: &Arc<Core>, answer: Result<(), StoreError>) -> CommitOutcome {
        match answer {
            Ok(()) => {
                core.stations.pass(Station::Committed, self.batch.worker_id);
                let shows = self.publish(core);
                // A change that is committed after the Runtime has closed is not published here.
                // The next owner of the store finds it there.
                if shows { CommitOutcome::Committed } else { CommitOutcome::Unknown }
            }
            Err(error) => {
                core.store.commit_failed(&error);
                match error {
                    StoreError::Refused(_) => CommitOutcome::Refused,
                    StoreError::Unknown(_) => {
                        self.suspend(core);
                        CommitOutcome::Unknown
                    }
                    StoreError::LeaseLost => {
                        drop(self);
                        core.lose_lease();
                        CommitOutcome::LeaseLost
                    }
                }
            }
        }
    }

    /// Applies and publishes the committed batch. Returns `false` if the Runtime has closed.
    fn publish(self, core: &Arc<Core>) -> bool {
        let Self { batch, cancel_at, target } = self;
        match target {
            Target::Worker(held) => held.publish(core, batch, cancel_at),
            Target::NewWorker(reservation) => publish_new(core, reservation, batch),
        }
    }

    /// Keeps what the commit holds, except for the permit, and starts the task that settles the
    /// commit.
    fn suspend(mut self, core: &Arc<Core>) {
        let counted = core.in_flight.enter(Work::UnsettledCommit);
        // It is told before the task starts, which may tell the end of the matter at once.
        match &mut self.target {
            Target::Worker(held) => {
                held.suspend();
                let message = "the store did not say whether it took a change; asking it again";
                core.note(Severity::Warning, message, &*held.cell, None);
            }
            Target::NewWorker(reservation) => {
                reservation.suspend();
                let message = "the store did not say whether it took a creation; asking it again";
                core.note(Severity::Warning, message, Some(self.batch.worker_id), None);
            }
        }
        core.executor.spawn(self.settle(Arc::clone(core), counted));
    }

    /// Asks the store for the outcome until the store knows it, concludes the commit accordingly,
    /// and counts the commit out.
    async fn settle(self, core: Arc<Core>, _counted: Counted) {
        let settlement = core.unless_ended(settlement(&core, &self.batch)).await.flatten();
        let Some(settlement) = settlement else { return };
        // The outcome is told first, because the change may be the deletion of the Worker, or let
        // others delete it.
        match settlement {
            Settlement::Committed => {
                self.tell_settled(&core, "the store took the change after all");
                self.publish(&core);
            }
            Settlement::NotApplied => {
                self.tell_settled(&core, "the store did not take the change");
                self.withdraw();
            }
        }
    }

    /// Tells the outcome of a change that was settled, unless the Runtime has closed.
    fn tell_settled(&self, core: &Core, message: &str) {
        match &self.target {
            Target::Worker(held) if !core.shutdown.is_closed() => {
                core.note(Severity::Info, message, &*held.cell, None);
            }
            Target::Worker(_) | Target::NewWorker(_) => {}
        }
    }

    /// Releases what the commit holds, because the store did not take the change.
    fn withdraw(self) {
        match self.target {
            Target::Worker(held) => held.withdraw(),
            Target::NewWorker(reservation) => drop(reservation),
        }
    }
}

impl HeldWorker {
    fn publish(self, core: &Arc<Core>, batch: Batch, cancel_at: Option<Instant>) -> bool {
        let Self { cell, sealed, begun, permit, _counted } = self;
        let mut state = cell.lock();
        let Some(open) = core.shutdown.publishing() else {
            state.unsettled = true;
            return false;
        };
        state.unsettled = false;
        begun.into_iter().for_each(TurnPlace::keep);
        let mut effects = core.apply(&cell, &mut state, batch, None, &open);
        drop(open);
        effects.permit = permit;
        effects.cancel_at = cancel_at;
        drop(state);
        effects.run(core, &cell);
        // The sealed turn is over, so that dropping the seal changes nothing.
        drop(sealed);
        true
    }

    /// Passes the permit on. Until the commit is settled, other requests may read the Worker, but
    /// their changes are refused.
    fn suspend(&mut self) {
        self.cell.lock().unsettled = true;
        self.permit = None;
    }

    fn withdraw(self) {
        let Self { cell, sealed, begun, permit, _counted } = self;
        // The text is unsealed first, so that no later change finds it sealed by this one.
        drop(sealed);
        cell.lock().unsettled = false;
        drop((begun, permit));
    }
}

/// Adds a new Worker to the catalogue and publishes its events. The cell is locked before other
/// tasks can find it, and is unlocked once its events are published. Returns `false` if the Runtime
/// has closed.
fn publish_new(core: &Arc<Core>, mut reservation: Reservation, batch: Batch) -> bool {
    let Change::Put(record) = &batch.change else { return false };
    let cell = Arc::new(WorkerCell::new(Arc::clone(record), reservation.tenant.clone()));
    let mut state = cell.lock();
    let Some(open) = core.shutdown.publishing() else { return false };
    core.catalogue.insert(Arc::clone(&cell));
    let effects = core.apply(&cell, &mut state, batch, Some(&mut reservation), &open);
    drop(open);
    drop(state);
    effects.run(core, &cell);
    true
}

/// Asks the store for the outcome of a batch until the store knows it. Returns `None` if the
/// Runtime has lost its lease.
async fn settlement(core: &Arc<Core>, batch: &Batch) -> Option<Settlement> {
    let mut backoff = Backoff::of_store();
    loop {
        match core.store.settle(batch.worker_id, batch.expected_version + 1).await {
            Ok(settlement) => return Some(settlement),
            Err(StoreError::LeaseLost) => {
                core.lose_lease();
                return None;
            }
            Err(StoreError::Refused(_) | StoreError::Unknown(_)) => {}
        }
        core.executor.pause(&mut backoff).await;
    }
}

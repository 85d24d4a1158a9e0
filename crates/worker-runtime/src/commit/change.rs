//! Changes a Worker: waits for the permit, makes the decision and commits the change.

use std::sync::Arc;

use crate::{
    commit::{
        outcome::{CommitOutcome, SentCommit},
        pending::{HeldWorker, PendingCommit},
        seal::{Seal, SealedTurn},
    },
    domain::{
        context::DecisionContext,
        draft::Draft,
        snapshot::{PartialAnswer, Snapshot},
    },
    error::RuntimeError,
    state::{
        core::Core,
        worker_cell::{Permit, WorkerCell},
    },
    store::Change,
};

/// The decision that a command's `decide` returns.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a draft moves once; boxing it would cost more")]
pub(crate) enum Decision<R> {
    /// The Worker stays as it is, and this is the reply.
    Keep(R),
    /// The draft is committed. The reply is valid only once the commit has succeeded.
    Change(Draft, R),
}

impl Core {
    /// Changes a Worker as `decide` says, and returns the reply once the change is committed.
    ///
    /// The decision is made once, under the Worker's lock, when no other change of the Worker is
    /// under way. `seal` is whether the decision may end the running turn. `repeatable` is whether
    /// the request may be sent again without acting twice, which the error reports if the outcome
    /// of the commit is unknown.
    pub(crate) async fn change<R>(
        self: &Arc<Self>,
        cell: &Arc<WorkerCell>,
        seal: Seal,
        repeatable: bool,
        decide: impl FnOnce(&DecisionContext<'_>, &Snapshot<'_>) -> Result<Decision<R>, RuntimeError>,
    ) -> Result<R, RuntimeError> {
        let permit = cell.permit().await;
        let (reply, sent) = self.attempt(permit, seal, decide)?;
        sent.committed(repeatable).await.map(|()| reply)
    }

    /// Decides a change and sends it to the store.
    fn attempt<R>(
        self: &Arc<Self>,
        permit: Permit,
        seal: Seal,
        decide: impl FnOnce(&DecisionContext<'_>, &Snapshot<'_>) -> Result<Decision<R>, RuntimeError>,
    ) -> Result<(R, SentCommit), RuntimeError> {
        // These are declared before the guard of the Worker's lock, so that they are dropped after
        // it wherever this function returns or panics. Dropping the seal, the count of the turn or
        // the permit wakes other tasks, and dropping the permit takes the lock.
        let cell = Arc::clone(permit.cell());
        let (mut sealed, mut begun) = (None, None);
        let counted;
        let state = cell.lock();
        state.present()?;
        let mut answer = PartialAnswer::default();
        if seal == Seal::Yes {
            (sealed, answer) = SealedTurn::of(&state);
        }
        let (draft, reply) = match decide(&self.context(), &state.snapshot(answer))? {
            Decision::Change(draft, reply) => (draft, reply),
            Decision::Keep(reply) => {
                return Ok((reply, SentCommit::Concluded(CommitOutcome::Committed)));
            }
        };
        draft.check_range()?;
        let cancel_within = draft.cancel_within;
        let batch = draft.into_batch(self.store.lease());
        counted = self.begin_commit()?;
        let runs = match &batch.change {
            Change::Put(record) => record.running_turn().is_some(),
            Change::Delete => false,
        };
        if runs && state.record.running_turn().is_none() {
            // The turn is counted before the Runtime's state is read, because a Runtime that stops
            // waits for the turns that are counted and refuses the others.
            begun = Some(self.reserve_turn()?);
            self.takes_work()?;
        }
        if state.unsettled {
            return Err(RuntimeError::store_refused());
        }
        drop(state);
        // If a turn runs after the change, the seal is dropped here, and the text grows again
        // before the change is committed.
        let sealed = sealed.filter(|_| !runs);
        let held = HeldWorker { cell, sealed, begun, permit, _counted: counted };
        Ok((reply, PendingCommit::change(batch, cancel_within, held).send(self)))
    }
}

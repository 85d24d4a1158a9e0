//! How a Worker changes: the permit, the decision, and the commit of what was decided.

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
        worker_cell::{Cell, Permit},
    },
    store::Change,
};

/// What the `decide` of a command gives.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a draft moves once; boxing it would cost more")]
pub(crate) enum Decision<R> {
    /// Nothing changes; this is the reply.
    Keep(R),
    /// This changes; the reply counts once it is committed.
    Change(Draft, R),
}

impl Core {
    /// Changes a Worker as `decide` says.
    ///
    /// The decision is made once, under the Worker's lock, when no other change of the Worker is under
    /// way. `seal` says whether it may end the running turn. An uncertain failure says whether the request
    /// is `repeatable`.
    pub(crate) async fn change<R>(
        self: &Arc<Self>,
        cell: &Arc<Cell>,
        seal: Seal,
        repeatable: bool,
        decide: impl FnOnce(&DecisionContext<'_>, &Snapshot<'_>) -> Result<Decision<R>, RuntimeError>,
    ) -> Result<R, RuntimeError> {
        let permit = cell.permit().await;
        let (reply, sent) = self.attempt(permit, seal, decide)?;
        sent.committed(repeatable).await.map(|()| reply)
    }

    /// Decides a change and hands it to the store.
    fn attempt<R>(
        self: &Arc<Self>,
        permit: Permit,
        seal: Seal,
        decide: impl FnOnce(&DecisionContext<'_>, &Snapshot<'_>) -> Result<Decision<R>, RuntimeError>,
    ) -> Result<(R, SentCommit), RuntimeError> {
        // These come before the Worker's lock, so that they are dropped after it wherever this returns or
        // panics: all of them wake others, and the permit takes the lock.
        let cell = Arc::clone(permit.cell());
        let (mut sealed, mut begun) = (None, None);
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
        let cancel_within = draft.cancel_within;
        let batch = draft.into_batch(self.store.lease());
        self.can_change()?;
        let runs = match &batch.change {
            Change::Put(record) => record.running_turn().is_some(),
            Change::Delete => false,
        };
        if runs && state.record.running_turn().is_none() {
            // Counted first: a Runtime that stops waits for all turns that it did not refuse.
            begun = Some(self.reserve_turn()?);
            self.takes_work()?;
        }
        if state.unsettled {
            return Err(RuntimeError::store_refused());
        }
        drop(state);
        // A change that leaves the turn running lets the text grow again before it is committed.
        let sealed = sealed.filter(|_| !runs);
        let held = HeldWorker { cell, sealed, begun, permit };
        Ok((reply, PendingCommit::change(batch, cancel_within, held).send(self)))
    }
}

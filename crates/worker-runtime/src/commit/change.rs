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
        worker_cell::{Permit, Ticket, WorkerCell},
    },
    store::Change,
    sync::{Told, contained, reply},
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

/// The reply to a change, and its commit; or the reason why there is none.
type Attempted<R> = Result<(R, SentCommit), RuntimeError>;

/// A change that was decided, or that waits in the queue of its Worker.
enum Begun<R> {
    Now(Attempted<R>),
    Waits(Told<Attempted<R>>, Ticket),
}

/// Who asks for a change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cause {
    /// A request. If the Backend's clock panics, the request fails and nothing has happened.
    Request {
        /// Whether the request may be sent again without acting twice, which the error reports if
        /// the outcome of the commit is unknown.
        repeatable: bool,
    },
    /// The Runtime itself, which goes on if the Backend's clock panics.
    Runtime,
}

impl Cause {
    /// A request that may be sent again.
    pub(crate) const REPEATABLE: Self = Self::Request { repeatable: true };
}

impl Core {
    /// Changes a Worker as `decide` says, and returns the reply once the change is committed.
    ///
    /// The decision is made once, under the Worker's lock, when no other change of the Worker is
    /// under way: at the first poll, or by a job in the queue of the Worker. If the future is
    /// dropped before the decision, nothing happens. `seal` is whether the decision may end the
    /// running turn.
    pub(crate) async fn change<R: Send + 'static>(
        self: &Arc<Self>,
        cell: &Arc<WorkerCell>,
        seal: Seal,
        cause: Cause,
        decide: impl FnOnce(&DecisionContext<'_>, &Snapshot<'_>) -> Result<Decision<R>, RuntimeError>
        + Send
        + 'static,
    ) -> Result<R, RuntimeError> {
        // The clock is asked while the permit is free for others, whom a clock that blocks would hold
        // up.
        let asked_ms = match cause {
            Cause::Request { .. } => self.asked_ms(),
            Cause::Runtime => self.now_ms(),
        };
        let (reply, sent) = match self.begin(cell, seal, asked_ms, decide) {
            Begun::Now(attempted) => attempted?,
            Begun::Waits(told, _withdrawn_if_dropped) => {
                // A job that does not run was dropped with the tokio runtime that it needed.
                told.await.unwrap_or(Err(RuntimeError::RuntimeStopped {}))?
            }
        };
        let repeatable = match cause {
            Cause::Request { repeatable } => repeatable,
            Cause::Runtime => true,
        };
        sent.committed(repeatable).await.map(|()| reply)
    }

    /// Decides a change and sends it to the store, now or in a job when it is its turn.
    fn begin<R: Send + 'static>(
        self: &Arc<Self>,
        cell: &Arc<WorkerCell>,
        seal: Seal,
        asked_ms: u64,
        decide: impl FnOnce(&DecisionContext<'_>, &Snapshot<'_>) -> Result<Decision<R>, RuntimeError>
        + Send
        + 'static,
    ) -> Begun<R> {
        let place = match cell.enter(&self.executor) {
            Ok(permit) => return Begun::Now(self.attempt(permit, seal, asked_ms, decide)),
            Err(place) => place,
        };
        let (tell, told) = reply(&self.executor);
        let (core, about) = (Arc::clone(self), cell.tenant_name());
        let ticket = place.wait(Box::new(move |permit| {
            let attempted = contained(|| core.attempt(permit, seal, asked_ms, decide));
            tell.send(attempted.unwrap_or_else(|| Err(core.panicked(about.as_ref()))));
        }));
        Begun::Waits(told, ticket)
    }

    /// Decides a change and sends it to the store. `asked_ms` is the time at which it was asked for.
    fn attempt<R>(
        self: &Arc<Self>,
        permit: Permit,
        seal: Seal,
        asked_ms: u64,
        decide: impl FnOnce(&DecisionContext<'_>, &Snapshot<'_>) -> Result<Decision<R>, RuntimeError>,
    ) -> Attempted<R> {
        // These are declared before the guard of the Worker's lock, so that they are dropped after
        // it wherever this function returns or panics. Dropping the seal, the count of the turn or
        // the permit wakes other tasks, and dropping the permit takes the lock.
        let cell = Arc::clone(permit.cell());
        let (mut sealed, mut begun) = (None, None);
        let counted;
        let state = cell.lock();
        state.present()?;
        // A change that was asked for later may have been decided before, and the times of one Worker
        // do not go back.
        let now_ms = asked_ms.max(state.record.active_at_ms);
        let mut answer = PartialAnswer::default();
        if seal == Seal::Yes {
            (sealed, answer) = SealedTurn::of(&state, &self.executor);
        }
        let (draft, reply) = match decide(&self.context(now_ms), &state.snapshot(answer))? {
            Decision::Change(draft, reply) => (draft, reply),
            Decision::Keep(reply) => {
                return Ok((reply, SentCommit::Concluded(CommitOutcome::Committed)));
            }
        };
        draft.check_range()?;
        let cancel_at = draft.cancel_at;
        let batch = draft.into_batch(self.store.lease());
        counted = self.begin_commit()?;
        let runs = match &batch.change {
            Change::Put(record) => record.running_turn().is_some(),
            Change::Delete => false,
        };
        if runs && state.record.running_turn().is_none() {
            // The turn is counted before the Runtime's state is read, because a Runtime that stops
            // waits for the turns that are counted and refuses the others.
            begun = Some(self.reserve_turn(cell.tenant.as_deref())?);
            self.takes_work()?;
        }
        if state.unsettled {
            return Err(RuntimeError::store_refused());
        }
        drop(state);
        // If a turn runs after the change, the seal is dropped here, and the text grows again
        // before the change is committed.
        let sealed = sealed.filter(|_| !runs);
        let held = HeldWorker { cell, sealed, begun, permit: Some(permit), _counted: counted };
        Ok((reply, PendingCommit::change(batch, cancel_at, held).send(self)))
    }
}

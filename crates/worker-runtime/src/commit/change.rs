//! How a Worker changes: permit, decide, commit, apply, publish.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{
    commit::{
        apply::After,
        seal::{Seal, SealedTurn},
        settle,
    },
    domain::{
        context::DecisionContext,
        draft::Draft,
        snapshot::{PartialAnswer, Snapshot},
    },
    error::RuntimeError,
    model::{RuntimeState, Severity},
    state::{
        core::{Core, TurnRoom},
        worker_cell::{Cell, CellState, Permit},
    },
    store::{Batch, Change, StoreError, StoreFuture, WorkerRecord},
};

/// What a rule decided.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a draft moves once; boxing it would cost more")]
pub(crate) enum Decision<R> {
    /// Nothing changes; this is the reply.
    Keep(R),
    /// This changes; the reply counts once it is committed.
    Change(Draft, R),
}

/// A change on its way to the store.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) batch: Batch,
    /// When the turn that runs is cancelled, once this is committed.
    pub(crate) cancel_within: Option<Duration>,
    /// The turn that this ends.
    pub(crate) sealed: Option<SealedTurn>,
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Committed,
    Refused,
    Unknown,
    LeaseLost,
}

/// What the store said of a commit, or when it will have.
#[derive(Debug)]
pub(crate) enum Answer {
    Now(Verdict),
    Later(oneshot::Receiver<Verdict>),
}

impl Answer {
    /// Waits until it is sure that the commit took place, or fails. An uncertain failure says whether
    /// the request is `repeatable`.
    pub(crate) async fn committed(self, repeatable: bool) -> Result<(), RuntimeError> {
        let verdict = match self {
            Self::Now(verdict) => verdict,
            Self::Later(told) => told.await.unwrap_or(Verdict::Unknown),
        };
        match verdict {
            Verdict::Committed => Ok(()),
            Verdict::Refused => Err(RuntimeError::store_refused()),
            Verdict::Unknown => Err(RuntimeError::store_unknown(repeatable)),
            Verdict::LeaseLost => Err(RuntimeError::RuntimeStopped {}),
        }
    }
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
        let (reply, answer) = self.attempt(permit, seal, decide)?;
        answer.committed(repeatable).await.map(|()| reply)
    }

    /// Decides a change and hands it to the store.
    fn attempt<R>(
        self: &Arc<Self>,
        permit: Permit,
        seal: Seal,
        decide: impl FnOnce(&DecisionContext<'_>, &Snapshot<'_>) -> Result<Decision<R>, RuntimeError>,
    ) -> Result<(R, Answer), RuntimeError> {
        // These come before the Worker's lock, so that they are dropped after it wherever this returns or
        // panics: both wake others, and the permit takes the lock.
        let cell = Arc::clone(permit.cell());
        let mut sealed = None;
        let state = cell.lock();
        state.present()?;
        let mut answer = PartialAnswer::default();
        if seal == Seal::Yes {
            (sealed, answer) = SealedTurn::of(&state);
        }
        let (draft, reply) = match decide(&self.context(), &state.snapshot(answer))? {
            Decision::Change(draft, reply) => (draft, reply),
            Decision::Keep(reply) => return Ok((reply, Answer::Now(Verdict::Committed))),
        };
        let cancel_within = draft.cancel_within;
        let batch = draft.into_batch(self.lease);
        if self.state() == RuntimeState::Stopped {
            return Err(RuntimeError::RuntimeStopped {});
        }
        let mut room = None;
        if begins_turn(&state, &batch) {
            // Counted first: a Runtime that stops waits for all turns that it did not refuse.
            room = Some(self.reserve_turn()?);
            self.takes_work()?;
        }
        if state.unsettled {
            return Err(RuntimeError::store_refused());
        }
        drop(state);
        room.into_iter().for_each(TurnRoom::keep);
        // A change that leaves the turn running lets the text grow again before it is committed.
        let sealed = sealed.filter(|_| running(&batch.change).is_none());
        Ok((reply, self.commit(permit, Outgoing { batch, cancel_within, sealed })))
    }

    /// Has the store take a change, and brings the Worker in line with what became of it.
    fn commit(self: &Arc<Self>, permit: Permit, change: Outgoing) -> Answer {
        match self.send(&change.batch).into_ready() {
            Ok(answer) => {
                let verdict = self.judge(answer);
                Answer::Now(self.conclude(permit, change, verdict))
            }
            Err(answer) => {
                let (tell, told) = oneshot::channel();
                let core = Arc::clone(self);
                self.handle.spawn(async move {
                    let verdict = core.wait_for(answer).await;
                    let verdict = core.conclude(permit, change, verdict);
                    // The caller may be gone; the change is done all the same.
                    let _ = tell.send(verdict);
                });
                Answer::Later(told)
            }
        }
    }

    /// Hands a batch to the store; a panic is an unknown outcome.
    pub(crate) fn send(&self, batch: &Batch) -> StoreFuture<Result<(), StoreError>> {
        catch_unwind(AssertUnwindSafe(|| self.store.commit(batch))).unwrap_or_else(|_| {
            StoreFuture::ready(Err(StoreError::Unknown("the store panicked".to_owned())))
        })
    }

    /// Waits for the store's answer as long as a commit may take.
    pub(crate) async fn wait_for(
        &self,
        answer: impl Future<Output = Result<(), StoreError>> + Send + 'static,
    ) -> Verdict {
        let bound = Duration::from_millis(self.limits.commit_ms);
        // A task of its own, so that a panic stays in it and a late answer is dropped with it.
        let task = self.handle.spawn(answer);
        let abort = task.abort_handle();
        let answer = match tokio::time::timeout(bound, task).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::Unknown("the store panicked".to_owned())),
            Err(_) => {
                abort.abort();
                Err(no_answer())
            }
        };
        self.judge(answer)
    }

    pub(crate) fn judge(&self, answer: Result<(), StoreError>) -> Verdict {
        let error = match answer {
            Ok(()) => return Verdict::Committed,
            Err(error) => error,
        };
        self.store_failures.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(error = ?error, "a commit failed");
        match error {
            StoreError::Refused(_) => Verdict::Refused,
            StoreError::Unknown(_) => Verdict::Unknown,
            StoreError::LeaseLost => Verdict::LeaseLost,
        }
    }

    /// Brings a Worker in line with what became of its commit, and lets the next change begin.
    fn conclude(
        self: &Arc<Self>,
        mut permit: Permit,
        change: Outgoing,
        verdict: Verdict,
    ) -> Verdict {
        let cell = &Arc::clone(permit.cell());
        let mut state = cell.lock();
        // What is committed after the Runtime has closed is for the next owner of the store to show.
        let verdict = match verdict {
            Verdict::Committed if self.is_closed() => Verdict::Unknown,
            verdict => verdict,
        };
        match verdict {
            Verdict::Committed => {
                let Outgoing { batch, cancel_within, sealed } = change;
                let mut after = After::cancelling(cancel_within);
                self.apply(cell, &mut state, batch, &mut after);
                let handover = permit.release(&mut state);
                drop(state);
                handover.send();
                after.run(self, cell);
                drop(sealed);
            }
            Verdict::Refused | Verdict::LeaseLost => {
                self.give_back_room(&state, &change.batch);
                drop(state);
                drop(change);
                drop(permit);
                if verdict == Verdict::LeaseLost {
                    self.lose_lease();
                }
            }
            Verdict::Unknown => {
                state.unsettled = true;
                drop(state);
                drop(permit);
                self.unsettled.fetch_add(1, Ordering::Relaxed);
                let worker_id = Some(cell.worker_id);
                let message = "the store did not say whether it took a change; asking it again";
                self.note(Severity::Warning, message, worker_id, None);
                self.handle.spawn(settle::settle(Arc::clone(self), Arc::clone(cell), change));
            }
        }
        verdict
    }

    /// The turn that was about to begin will not.
    pub(crate) fn give_back_room(&self, state: &CellState, batch: &Batch) {
        if begins_turn(state, batch) {
            self.turns_in_flight.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Whether a batch begins a turn in the state before it.
fn begins_turn(state: &CellState, batch: &Batch) -> bool {
    state.record.running_turn().is_none() && running(&batch.change).is_some()
}

fn running(change: &Change) -> Option<&Arc<crate::model::TurnDetail>> {
    match change {
        Change::Put(record) => WorkerRecord::running_turn(record),
        Change::Delete => None,
    }
}

fn no_answer() -> StoreError {
    StoreError::Unknown("the store did not answer in time".to_owned())
}

//! How a Worker changes: permit, decide, commit, apply, publish.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use parking_lot::MutexGuard;
use tokio::sync::oneshot;

use crate::{
    commit::{apply::After, settle},
    domain::{context::Rules, draft::Draft},
    error::RuntimeError,
    model::{RuntimeState, Severity},
    state::{
        core::{Core, TurnRoom},
        worker_cell::{Cell, CellState, Permit},
    },
    store::{Batch, Change, StoreError, StoreFuture, WorkerRecord},
    sync::Wakers,
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
    /// Changes a Worker by a rule.
    ///
    /// The rule runs once, under the Worker's lock, when no other change of it is under way. An
    /// uncertain failure says whether the request is `repeatable`.
    pub(crate) async fn change<R>(
        self: &Arc<Self>,
        cell: &Arc<Cell>,
        repeatable: bool,
        decide: impl FnOnce(&Rules<'_>, &CellState) -> Result<Decision<R>, RuntimeError>,
    ) -> Result<R, RuntimeError> {
        let sent = match cell.enter() {
            Ok((permit, state)) => Ok(self.attempt(cell, permit, state, decide)?),
            Err(queued) => Err((queued, decide)),
        };
        let (reply, answer) = match sent {
            Ok(sent) => sent,
            Err((queued, decide)) => {
                let permit = queued.permit(cell).await;
                self.attempt(cell, permit, cell.lock(), decide)?
            }
        };
        answer.committed(repeatable).await.map(|()| reply)
    }

    /// Decides a change and hands it to the store. Apart from [`change`](Self::change), so that its
    /// future is small: a turn holds one as long as it runs.
    fn attempt<R>(
        self: &Arc<Self>,
        cell: &Arc<Cell>,
        permit: Permit<&Arc<Cell>>,
        state: MutexGuard<'_, CellState>,
        decide: impl FnOnce(&Rules<'_>, &CellState) -> Result<Decision<R>, RuntimeError>,
    ) -> Result<(R, Answer), RuntimeError> {
        let decided = state.present().and_then(|state| decide(&self.rules(), state));
        let (draft, reply) = match decided {
            Ok(Decision::Change(draft, reply)) => (draft, reply),
            Ok(Decision::Keep(reply)) => {
                return Ok(end(state, permit, (reply, Answer::Now(Verdict::Committed))));
            }
            Err(error) => return Err(end(state, permit, error)),
        };
        let cancel_within = draft.cancel_within;
        let batch = draft.into_batch(self.lease);
        if self.state() == RuntimeState::Stopped {
            return Err(end(state, permit, RuntimeError::RuntimeStopped {}));
        }
        let admitted = if begins_turn(&state, &batch) {
            // Counted first: a Runtime that stops waits for all turns that it did not refuse.
            self.reserve_turn().and_then(|room| self.takes_work().map(|()| Some(room)))
        } else {
            Ok(None)
        };
        let room = match admitted {
            Ok(_) if state.unsettled => Err(RuntimeError::store_refused()),
            other => other,
        };
        match room {
            Ok(room) => room.into_iter().for_each(TurnRoom::keep),
            Err(error) => {
                let waiting = thaw(&state, &batch);
                let error = end(state, permit, error);
                waiting.wake();
                return Err(error);
            }
        }
        drop(state);
        let change = Outgoing { batch, cancel_within };
        Ok((reply, self.commit(cell, permit, change)))
    }

    /// Has the store take a change, and brings the Worker in line with what became of it.
    fn commit(
        self: &Arc<Self>,
        cell: &Arc<Cell>,
        permit: Permit<&Arc<Cell>>,
        change: Outgoing,
    ) -> Answer {
        match self.send(&change.batch).into_ready() {
            Ok(answer) => {
                let verdict = self.judge(answer);
                Answer::Now(self.conclude(cell, permit, change, verdict))
            }
            Err(answer) => {
                let (tell, told) = oneshot::channel();
                let core = Arc::clone(self);
                let permit = permit.with(Arc::clone(cell));
                let cell = Arc::clone(cell);
                self.handle.spawn(async move {
                    let verdict = core.wait_for(answer).await;
                    let verdict = core.conclude(&cell, permit.with(&cell), change, verdict);
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
        cell: &Arc<Cell>,
        permit: Permit<&Arc<Cell>>,
        change: Outgoing,
        verdict: Verdict,
    ) -> Verdict {
        let mut state = cell.lock();
        // What is committed after the Runtime has closed is for the next owner of the store to show.
        let verdict = match verdict {
            Verdict::Committed if self.is_closed() => Verdict::Unknown,
            verdict => verdict,
        };
        match verdict {
            Verdict::Committed => {
                let mut after = After::cancelling(change.cancel_within);
                self.apply(cell, &mut state, change.batch, &mut after);
                let handover = permit.release(&mut state);
                drop(state);
                handover.send();
                after.run(self, cell);
            }
            Verdict::Refused | Verdict::LeaseLost => {
                self.give_back_room(&state, &change.batch);
                let waiting = thaw(&state, &change.batch);
                end(state, permit, ());
                waiting.wake();
                if verdict == Verdict::LeaseLost {
                    self.lose_lease();
                }
            }
            Verdict::Unknown => {
                state.unsettled = true;
                end(state, permit, ());
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

/// Lets the running turn go on, if the batch was to end it. One whose end is unknown stays as it is.
/// Gives everybody who waited for that, to be woken outside the lock.
fn thaw(state: &CellState, batch: &Batch) -> Wakers {
    match &state.live {
        Some(live) if running(&batch.change).is_none() && !state.unsettled => live.thaw(),
        Some(_) | None => Wakers::default(),
    }
}

fn running(change: &Change) -> Option<&Arc<crate::model::TurnDetail>> {
    match change {
        Change::Put(record) => WorkerRecord::running_turn(record),
        Change::Delete => None,
    }
}

/// Releases lock and permit.
fn end<T>(mut state: MutexGuard<'_, CellState>, permit: Permit<&Arc<Cell>>, result: T) -> T {
    let handover = permit.release(&mut state);
    drop(state);
    handover.send();
    result
}

fn no_answer() -> StoreError {
    StoreError::Unknown("the store did not answer in time".to_owned())
}

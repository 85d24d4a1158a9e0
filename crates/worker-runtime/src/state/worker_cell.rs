//! One Worker's live state behind its lock, and the permit to change it.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Context,
};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;
use worker::TokenEstimate;

use crate::{
    domain::{
        idempotency::KeyWindow,
        snapshot::{PartialAnswer, Snapshot},
    },
    error::RuntimeError,
    identity::{RuntimeIdentity, TurnId, WorkerId},
    log::{Erased, WorkerLog},
    model::{TurnDetail, WorkerDetail},
    state::live::Live,
    store::{InputKey, WorkerRecord},
    sync::WakeSlot,
};

/// One Worker of the Runtime: its identity, and its state behind a lock.
#[derive(Debug)]
pub(crate) struct WorkerCell {
    pub(crate) worker_id: WorkerId,
    pub(crate) ordinal: u64,
    /// Whether the Worker was deleted, which all of its events share.
    pub(crate) erased: Arc<Erased>,
    state: Mutex<CellState>,
}

/// The state of a Worker that its lock guards.
#[derive(Debug)]
pub(crate) struct CellState {
    pub(crate) record: Arc<WorkerRecord>,
    /// The turn in flight.
    pub(crate) live: Option<Arc<Live>>,
    /// The previous turn in flight, if its engine might still give text when the turn ended, and
    /// its count of late deltas. It is kept until the next turn begins.
    pub(crate) late: Option<Box<(TurnId, Arc<AtomicU64>)>>,
    /// The estimate of the bytes in a token, from the prompt of the last turn. It is kept in memory
    /// only.
    pub(crate) token_estimate: TokenEstimate,
    pub(crate) keys: Option<Box<KeyWindow<InputKey>>>,
    pub(crate) log: Option<Box<WorkerLog>>,
    /// The sequence in the Runtime's log of the first event of the Worker's newest commit; 0 if
    /// there is none.
    pub(crate) runtime_sequence: u64,
    /// Whether the outcome of a commit is unknown. Every change is refused until the store has
    /// settled the commit.
    pub(crate) unsettled: bool,
    pub(crate) deleted: bool,
    committing: bool,
    /// The callers that wait for the permit, in order; `None` if nobody waits.
    queue: Option<Box<Queue>>,
}

type Queue = VecDeque<oneshot::Sender<Permit>>;

/// The right to change a Worker, which one caller at a time holds while it decides and commits.
///
/// Dropping the permit passes it on to the next caller in the queue, so that a caller that goes
/// away blocks nobody. The drop takes the Worker's lock, so the caller must not hold that lock.
#[derive(Debug)]
pub(crate) struct Permit {
    cell: Arc<WorkerCell>,
    armed: bool,
}

/// A permit that is to be sent to the next caller in the queue, outside the Worker's lock.
#[derive(Debug, Default)]
#[must_use = "the next in the queue waits for it"]
pub(crate) struct Handover(Option<(oneshot::Sender<Permit>, Permit)>);

impl Handover {
    pub(crate) fn send(self) {
        if let Some((next, permit)) = self.0 {
            // If the next caller is gone, `send` returns the permit, and its drop passes it on.
            drop(next.send(permit));
        }
    }
}

impl WorkerCell {
    pub(crate) fn new(record: Arc<WorkerRecord>) -> Self {
        Self {
            worker_id: record.worker_id,
            ordinal: record.ordinal,
            erased: Arc::default(),
            state: Mutex::new(CellState {
                record,
                live: None,
                late: None,
                token_estimate: TokenEstimate::default(),
                keys: None,
                log: None,
                runtime_sequence: 0,
                unsettled: false,
                deleted: false,
                committing: false,
                queue: None,
            }),
        }
    }

    /// Returns the owner of the Worker's events, as they name it.
    pub(crate) fn owner(&self) -> (WorkerId, Arc<Erased>) {
        (self.worker_id, Arc::clone(&self.erased))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, CellState> {
        self.state.lock()
    }

    /// Returns the record, or an error if the Worker was deleted.
    pub(crate) fn record(&self) -> Result<Arc<WorkerRecord>, RuntimeError> {
        self.lock().present().map(|state| Arc::clone(&state.record))
    }

    /// Waits for the permit to change the Worker. Callers get the permit in the order of their
    /// calls.
    pub(crate) async fn permit(self: &Arc<Self>) -> Permit {
        match self.try_permit() {
            Ok(permit) => permit,
            // A sender is not dropped while its receiver waits, because the queue drops it only
            // with the cell, which `self` keeps alive.
            Err(queued) => {
                queued.await.unwrap_or_else(|_| Permit { cell: Arc::clone(self), armed: false })
            }
        }
    }

    /// Takes the permit if it is free, or else a place in the queue.
    fn try_permit(self: &Arc<Self>) -> Result<Permit, oneshot::Receiver<Permit>> {
        let mut state = self.lock();
        if state.committing {
            let (sender, receiver) = oneshot::channel();
            state.queue.get_or_insert_default().push_back(sender);
            return Err(receiver);
        }
        state.committing = true;
        Ok(Permit { cell: Arc::clone(self), armed: true })
    }

    /// Registers a reader of the Worker's log that waits for a condition.
    pub(crate) fn wait(self: &Arc<Self>) -> Waiting {
        self.lock().log_mut().readers += 1;
        Waiting { cell: Arc::clone(self), slot: WakeSlot::default() }
    }

    /// Removes a reader of the log. The last reader's removal drops the log, because the store has
    /// all of its events.
    pub(crate) fn leave(&self, slot: WakeSlot) {
        let mut state = self.lock();
        let Some(log) = &mut state.log else { return };
        let waker = log.waiting.leave(slot);
        log.readers -= 1;
        let unread = log.readers == 0;
        let log = if unread { state.log.take() } else { None };
        drop(state);
        drop((waker, log));
    }
}

/// A reader that waits for a condition of a Worker. Dropping it removes the reader.
#[derive(Debug)]
pub(crate) struct Waiting {
    cell: Arc<WorkerCell>,
    slot: WakeSlot,
}

impl Waiting {
    /// Returns whether `done` is true or the Worker is deleted, and parks the waker otherwise.
    pub(crate) fn poll(
        &mut self,
        context: &Context<'_>,
        done: impl Fn(&CellState) -> bool,
    ) -> bool {
        let mut state = self.cell.lock();
        if state.deleted || done(&state) {
            return true;
        }
        state.log_mut().waiting.park(&mut self.slot, context.waker());
        false
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.cell.leave(self.slot);
    }
}

impl CellState {
    /// Whether a caller holds the permit, or the outcome of a commit is unknown.
    pub(crate) fn is_changing(&self) -> bool {
        self.committing || self.unsettled
    }

    /// Returns the state, or an error if the Worker was deleted.
    pub(crate) fn present(&self) -> Result<&Self, RuntimeError> {
        if self.deleted { Err(RuntimeError::WorkerNotFound {}) } else { Ok(self) }
    }

    /// Returns the Worker's own log. If there is none, creates one that begins after the newest
    /// event.
    pub(crate) fn log_mut(&mut self) -> &mut WorkerLog {
        let last = self.record.worker_sequence;
        self.log.get_or_insert_with(|| Box::new(WorkerLog::after_head(last)))
    }

    /// Returns the Worker for a decision, with the `answer` of the running turn if the decision may
    /// end the turn.
    pub(crate) fn snapshot(&self, answer: PartialAnswer) -> Snapshot<'_> {
        let latest = self.record.turn.as_ref();
        Snapshot {
            record: &self.record,
            answer,
            keys: self.keys.as_deref(),
            late_dropped: latest.and_then(|turn| self.late_dropped(turn.turn_id)).unwrap_or(0),
        }
    }

    /// Returns the Worker as replies show it.
    pub(crate) fn detail(&self, identity: &RuntimeIdentity) -> WorkerDetail {
        self.snapshot(PartialAnswer::default()).detail(identity)
    }

    /// Sets `late_dropped` of a turn, which the record does not have, because it changes without a
    /// commit.
    pub(crate) fn add_late(&self, turn: &mut Arc<TurnDetail>) {
        if let Some(late) = self.late_dropped(turn.turn_id) {
            Arc::make_mut(turn).late_dropped = late;
        }
    }

    /// Returns the number of deltas that came after this turn was over, if there are any.
    fn late_dropped(&self, turn_id: TurnId) -> Option<u64> {
        let (_, late) = self.late.as_deref().filter(|(of, _)| *of == turn_id)?;
        Some(late.load(Ordering::Relaxed)).filter(|late| *late > 0)
    }
}

impl Permit {
    /// The Worker that may be changed.
    pub(crate) fn cell(&self) -> &Arc<WorkerCell> {
        &self.cell
    }

    /// Gives the permit back under the Worker's lock, which the caller holds. Dropping the permit
    /// then does nothing.
    pub(crate) fn release(&mut self, state: &mut CellState) -> Handover {
        if !std::mem::take(&mut self.armed) {
            return Handover(None);
        }
        // Callers that have gone away are skipped here, because sending each of them the permit
        // would recurse: the permit comes back, and its drop releases it again.
        let next = state.queue.as_mut().and_then(|queue| {
            std::iter::from_fn(|| queue.pop_front()).find(|next| !next.is_closed())
        });
        if state.queue.as_ref().is_some_and(|queue| queue.is_empty()) {
            state.queue = None;
        }
        state.committing = next.is_some();
        let permit = || Permit { cell: Arc::clone(&self.cell), armed: true };
        Handover(next.map(|next| (next, permit())))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.armed {
            let cell = Arc::clone(&self.cell);
            let handover = self.release(&mut cell.lock());
            handover.send();
        }
    }
}

#[cfg(test)]
impl WorkerCell {
    /// Creates a Worker that is idle and has done nothing, with this ordinal.
    pub(crate) fn at(ordinal: u64) -> Arc<Self> {
        let worker_id = WorkerId::from_uuid(uuid::Uuid::from_u128(ordinal.into()));
        let record = WorkerRecord::new(worker_id, ordinal, 7);
        Arc::new(Self::new(Arc::new(record)))
    }
}

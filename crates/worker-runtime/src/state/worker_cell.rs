//! One Worker's live state behind its lock, and the permit to change it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Context,
};

use parking_lot::{Mutex, MutexGuard};
use worker::TokenEstimate;

use crate::{
    domain::{
        idempotency::KeyWindow,
        snapshot::{PartialAnswer, Snapshot},
    },
    error::RuntimeError,
    identity::{RuntimeIdentity, TurnId, WorkerId},
    log::{Erased, EventOwner, WorkerLog},
    model::{TurnDetail, WorkerDetail},
    state::{live::Live, sequences::Sequences, tenant::Tenant},
    store::{ComplaintsMade, InputKey, WorkerRecord},
    sync::{Executor, WakeSlot},
};

/// One Worker of the Runtime: its identity, and its state behind a lock.
#[derive(Debug)]
pub(crate) struct WorkerCell {
    pub(crate) worker_id: WorkerId,
    pub(crate) ordinal: u64,
    /// The tenant that the Worker belongs to, if it belongs to one.
    pub(crate) tenant: Option<Arc<Tenant>>,
    /// Whether the Worker was deleted, which all of its events share.
    pub(crate) erased: Arc<Erased>,
    /// The complaints that were made about what the store holds of the Worker.
    pub(crate) complaints: ComplaintsMade,
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
    /// The place of the Worker's newest commit in the log of the Runtime and in that of its tenant.
    pub(crate) sequences: Sequences,
    /// Whether the outcome of a commit is unknown. Every change is refused until the store has
    /// settled the commit.
    pub(crate) unsettled: bool,
    pub(crate) deleted: bool,
    /// Whether the permit is held, or on its way to the next job in the queue.
    committing: bool,
    queue: Queue,
}

/// The jobs that wait for the permit, in the order in which they came, by ticket.
///
/// The queue holds jobs and not the callers who wait for them. A caller is foreign code: a caller
/// that is neither polled nor dropped would keep a permit for good.
#[derive(Default)]
struct Queue {
    jobs: BTreeMap<u64, Job>,
    next_ticket: u64,
}

/// Changes the Worker with the permit, without waiting for anybody. A job must not panic.
pub(crate) type Job = Box<dyn FnOnce(Permit) + Send>;

/// The place at the end of a Worker's queue. The Worker's lock is held, so that the permit is not
/// given back meanwhile.
#[derive(Debug)]
#[must_use = "the place is for a job"]
pub(crate) struct Place<'a> {
    cell: &'a Arc<WorkerCell>,
    state: MutexGuard<'a, CellState>,
}

/// A job in the queue of a Worker. Dropping the ticket withdraws the job, unless the job has begun.
#[derive(Debug)]
#[must_use = "dropping the ticket withdraws the job"]
pub(crate) struct Ticket {
    cell: Arc<WorkerCell>,
    number: u64,
}

/// The right to change a Worker, which one change at a time holds while it is decided and
/// committed.
///
/// Dropping the permit passes it on to the next job in the queue, which runs in a task of its own.
/// The drop takes the Worker's lock, so the caller must not hold that lock.
#[derive(Debug)]
pub(crate) struct Permit {
    cell: Arc<WorkerCell>,
    executor: Executor,
}

/// The permit on its way to the next job in the queue.
struct Passing {
    cell: Arc<WorkerCell>,
    executor: Executor,
    arrived: bool,
}

impl WorkerCell {
    /// Creates the Worker of a record. `tenant` is the tenant that the record names.
    pub(crate) fn new(record: Arc<WorkerRecord>, tenant: Option<Arc<Tenant>>) -> Self {
        Self {
            worker_id: record.worker_id,
            ordinal: record.ordinal,
            tenant,
            erased: Arc::default(),
            complaints: ComplaintsMade::default(),
            state: Mutex::new(CellState {
                record,
                live: None,
                late: None,
                token_estimate: TokenEstimate::default(),
                keys: None,
                log: None,
                sequences: Sequences::default(),
                unsettled: false,
                deleted: false,
                committing: false,
                queue: Queue::default(),
            }),
        }
    }

    /// Returns the owner of the Worker's events, as they name it.
    pub(crate) fn owner(&self) -> EventOwner {
        let (worker_id, tenant) = (self.worker_id, self.tenant_name());
        EventOwner { worker_id, tenant, erased: Arc::clone(&self.erased) }
    }

    pub(crate) fn tenant_name(&self) -> Option<Arc<str>> {
        self.tenant.as_ref().map(|tenant| Arc::clone(&tenant.name))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, CellState> {
        self.state.lock()
    }

    /// Returns the record, or an error if the Worker was deleted.
    pub(crate) fn record(&self) -> Result<Arc<WorkerRecord>, RuntimeError> {
        self.lock().present().map(|state| Arc::clone(&state.record))
    }

    /// Takes the permit if it is free, or else returns the place at the end of the queue.
    pub(crate) fn enter<'a>(self: &'a Arc<Self>, executor: &Executor) -> Result<Permit, Place<'a>> {
        let mut state = self.lock();
        if state.committing {
            return Err(Place { cell: self, state });
        }
        state.committing = true;
        Ok(Permit { cell: Arc::clone(self), executor: executor.clone() })
    }

    /// Registers a reader of the Worker's log that waits for a condition.
    pub(crate) fn wait(self: &Arc<Self>) -> Waiting {
        self.lock().log_mut().readers += 1;
        Waiting { cell: Arc::clone(self), slot: WakeSlot::default() }
    }

    /// Removes a reader of the log. The last reader's removal drops the log, because the store has
    /// all of its events.
    pub(crate) fn leave(&self, slot: &WakeSlot) {
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
        self.slot.bring(context);
        let mut state = self.cell.lock();
        if state.deleted || done(&state) {
            return true;
        }
        state.log_mut().waiting.park(&mut self.slot);
        false
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.cell.leave(&self.slot);
    }
}

impl CellState {
    /// Whether a change holds the permit, or the outcome of a commit is unknown.
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

    /// Returns the latest turn as replies show it.
    pub(crate) fn shown_turn(&self) -> Option<Arc<TurnDetail>> {
        let turn = self.record.turn.as_ref()?;
        Some(Arc::new(turn.shown(self.late_dropped(turn.turn_id).unwrap_or(0))))
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
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.cell.lock();
        // A job that is waited for stays in the queue, where it can still be withdrawn, until the
        // permit has come to it.
        state.committing = !state.queue.jobs.is_empty();
        let is_waited_for = state.committing;
        drop(state);
        if is_waited_for {
            let (cell, executor) = (Arc::clone(&self.cell), self.executor.clone());
            let passing = Passing { cell, executor, arrived: false };
            self.executor.spawn(async move { passing.arrive() });
        }
    }
}

impl Passing {
    /// Begins the next job.
    fn arrive(mut self) {
        self.arrived = true;
        let next = {
            let mut state = self.cell.lock();
            let next = state.queue.jobs.pop_first();
            state.committing = next.is_some();
            next
        };
        if let Some((_, job)) = next {
            job(Permit { cell: Arc::clone(&self.cell), executor: self.executor.clone() });
        }
    }
}

impl Drop for Passing {
    /// Withdraws all jobs if the executor is gone, so that the permit cannot arrive.
    fn drop(&mut self) {
        if !self.arrived {
            let mut state = self.cell.lock();
            let jobs = std::mem::take(&mut state.queue.jobs);
            state.committing = false;
            drop(state);
            drop(jobs);
        }
    }
}

impl Place<'_> {
    /// Leaves a job in the place.
    pub(crate) fn wait(mut self, job: Job) -> Ticket {
        let queue = &mut self.state.queue;
        let number = queue.next_ticket;
        queue.next_ticket += 1;
        queue.jobs.insert(number, job);
        Ticket { cell: Arc::clone(self.cell), number }
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.jobs.keys()).finish()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let job = self.cell.lock().queue.jobs.remove(&self.number);
        drop(job);
    }
}

#[cfg(test)]
impl WorkerCell {
    /// Creates a Worker that is idle and has done nothing, with this ordinal.
    pub(crate) fn at(ordinal: u64) -> Arc<Self> {
        let worker_id = WorkerId::from_uuid(uuid::Uuid::from_u128(ordinal.into()));
        let record = WorkerRecord::new(worker_id, ordinal, 7);
        Arc::new(Self::new(Arc::new(record), None))
    }
}

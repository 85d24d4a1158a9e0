//! What a Runtime is made of, and what its parts share.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{runtime::Handle, sync::Notify, task::AbortHandle};

use crate::{
    clock::{Clock, IdSource},
    domain::{
        context::{DecisionContext, exhausted, takes_work},
        profiles::Profiles,
    },
    error::RuntimeError,
    identity::{Epoch, Owner, TurnId, WorkerId, WorkerRef},
    log::{Presenter, RuntimeFact, RuntimeSource},
    model::{Cursor, Diagnostic, Limits, LogId, RuntimeState, Severity, Shared, Tags},
    state::{
        admission::Admission,
        board::{Board, Figures},
        catalogue::Catalogue,
        diagnostics::Diagnostics,
        ended_workers::Pruner,
        shutdown::Drain,
        worker_cell::{Cell, CellState},
    },
    store::{Lease, Store, StoreError, StoreFuture, StoreInfo, guarded},
    sync::{Padded, Relay, Wakers},
};

/// The inside of a Runtime.
///
/// Locks are taken in this order: a Worker's cell; under it, one at a time, the turn's text, an
/// index (catalogue, admission) or the Runtime's log; under that a group of its readers;
/// nothing after those. A glance at a Worker has its shard of the catalogue first, and only tries to
/// have its cell: nobody waits for a cell under an index. No engine, store, waker
/// or `Drop` of the Backend's runs under any of them.
pub struct Core {
    pub(crate) owner: Owner,
    pub(crate) presenter: Presenter,
    pub(crate) epoch: Epoch,
    pub(crate) started_at_ms: u64,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) limits: Limits,
    pub(crate) profiles: Profiles,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) store_info: StoreInfo,
    pub(crate) lease: Lease,
    /// The task that renews the lease, which the Runtime's end must not leave asleep.
    pub(crate) lease_keeper: OnceLock<AbortHandle>,
    pub(crate) catalogue: Catalogue,
    pub(crate) admission: Padded<Mutex<Admission>>,
    pub(crate) log: Padded<Mutex<Board>>,
    pub(crate) diagnostics: Mutex<Diagnostics>,
    pub(crate) relay: Arc<Relay>,
    /// The Runtime's state, as the log has it: read without the log's lock.
    pub(crate) stage: Stage,
    pub(crate) drain: Mutex<Drain>,
    pub(crate) pruner: Arc<Pruner>,
    pub(crate) next_ordinal: Padded<AtomicU64>,
    /// Turns that run or are about to.
    pub(crate) turns_in_flight: Padded<AtomicU64>,
    pub(crate) subscriptions: AtomicU64,
    pub(crate) store_failures: AtomicU64,
    pub(crate) unsettled: AtomicU64,
    /// Creations that were admitted and are not there yet.
    pub(crate) creations: Padded<AtomicU64>,
    /// Deletions so far: whoever copied events before the last one looks at them anew.
    pub(crate) deletions: AtomicU64,
    pub(crate) watching: AtomicBool,
    /// Rings when a turn, a creation or an unknown commit is over while the Runtime stops.
    pub(crate) something_ended: Notify,
    /// Where commits, deadlines and the drain run.
    pub(crate) handle: Handle,
    /// Where engines run.
    pub(crate) turn_handle: Handle,
}

/// A Runtime's state in one byte. It is written under the log's lock, together with the log's own.
#[derive(Debug, Default)]
pub(crate) struct Stage(AtomicU8);

impl Stage {
    const STOPPING: u8 = 1;
    const STOPPED: u8 = 2;
    const CLOSED: u8 = 3;

    pub(crate) fn set(&self, state: RuntimeState, closed: bool) {
        let byte = match state {
            RuntimeState::Running => 0,
            RuntimeState::Stopping => Self::STOPPING,
            RuntimeState::Stopped if closed => Self::CLOSED,
            RuntimeState::Stopped => Self::STOPPED,
        };
        self.0.store(byte, Ordering::Release);
    }

    fn get(&self) -> RuntimeState {
        match self.0.load(Ordering::Acquire) {
            0 => RuntimeState::Running,
            Self::STOPPING => RuntimeState::Stopping,
            _ => RuntimeState::Stopped,
        }
    }

    fn is_closed(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::CLOSED
    }
}

/// Room for one turn in flight.
#[derive(Debug)]
pub(crate) struct TurnRoom<'a>(&'a AtomicU64);

impl TurnRoom<'_> {
    /// Keeps the room: the turn runs.
    pub(crate) fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for TurnRoom<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Core {
    /// Finds a Worker by its authority.
    pub(crate) fn find(&self, worker: WorkerRef) -> Result<Arc<Cell>, RuntimeError> {
        self.check_runtime(worker)?;
        self.catalogue.get(worker.worker_id).ok_or(RuntimeError::WorkerNotFound {})
    }

    /// Looks at a Worker under its lock, and mostly that of its shard: briefly, and taking no lock.
    pub(crate) fn glance<T>(
        &self,
        worker: WorkerRef,
        look: impl FnOnce(&CellState) -> T,
    ) -> Result<T, RuntimeError> {
        self.check_runtime(worker)?;
        let look = |state: &CellState| state.present().map(look);
        let Some(seen) = self.catalogue.glance(worker.worker_id, look) else {
            return Err(RuntimeError::WorkerNotFound {});
        };
        seen
    }

    pub(crate) fn check_runtime(&self, worker: WorkerRef) -> Result<(), RuntimeError> {
        if worker.runtime_id == self.owner.runtime_id {
            Ok(())
        } else {
            Err(RuntimeError::WrongRuntime {})
        }
    }

    pub(crate) fn worker_cursor(&self, worker_id: WorkerId, sequence: u64) -> Cursor {
        self.presenter.cursor(LogId::Worker(worker_id), sequence)
    }

    pub(crate) fn runtime_cursor(&self, sequence: u64) -> Cursor {
        self.presenter.cursor(LogId::Runtime(self.epoch), sequence)
    }

    pub(crate) fn state(&self) -> RuntimeState {
        self.stage.get()
    }

    /// Makes room for one more subscription.
    pub(crate) fn reserve_subscription(&self) -> Result<(), RuntimeError> {
        let max = self.limits.subscriptions;
        let take = |taken: u64| (taken < max).then_some(taken + 1);
        let order = Ordering::Relaxed;
        let taken = self.subscriptions.fetch_update(order, order, take);
        taken.map(drop).map_err(|_| exhausted("subscriptions", max))
    }

    /// What decisions may know now.
    pub(crate) fn context(&self) -> DecisionContext<'_> {
        DecisionContext {
            owner: &self.owner,
            limits: &self.limits,
            profiles: &self.profiles,
            now_ms: self.clock.now_ms(),
            state: self.state(),
        }
    }

    /// Whether new work is taken now.
    pub(crate) fn takes_work(&self) -> Result<(), RuntimeError> {
        takes_work(self.state())
    }

    /// Whether there is room for one more turn.
    pub(crate) fn has_room_for_turn(&self) -> Result<(), RuntimeError> {
        let max = self.limits.turns_in_flight;
        if self.turns_in_flight.load(Ordering::Relaxed) < max {
            Ok(())
        } else {
            Err(exhausted("turns_in_flight", max))
        }
    }

    /// Takes room for one more turn.
    pub(crate) fn reserve_turn(&self) -> Result<TurnRoom<'_>, RuntimeError> {
        let take = |taken: u64| (taken < self.limits.turns_in_flight).then_some(taken + 1);
        let order = Ordering::Relaxed;
        let taken = self.turns_in_flight.fetch_update(order, order, take);
        taken
            .map(|_| TurnRoom(&self.turns_in_flight))
            .map_err(|_| exhausted("turns_in_flight", self.limits.turns_in_flight))
    }

    /// Records that something was noticed, and says so in the Runtime's log.
    pub(crate) fn note(
        &self,
        severity: Severity,
        message: impl Into<String>,
        worker_id: Option<WorkerId>,
        turn_id: Option<TurnId>,
    ) -> Arc<Diagnostic> {
        let at_ms = self.clock.now_ms();
        let diagnostic = Arc::new(Diagnostic {
            diagnostic_id: crate::identity::DiagnosticId::from_uuid(self.ids.next(at_ms)),
            severity,
            message: message.into(),
            at_ms,
            worker: worker_id.map(|it| self.owner.worker(it)),
            turn_id,
        });
        tracing::info!(
            diagnostic_id = %diagnostic.diagnostic_id,
            severity = ?severity,
            "diagnostic"
        );
        let fallen = self.diagnostics.lock().add(Arc::clone(&diagnostic));
        self.tell(Shared::usual(), RuntimeFact::Diagnostic(Arc::clone(&diagnostic)), |_| {});
        drop(fallen);
        diagnostic
    }

    /// Appends an event about the Runtime itself, with a change of its figures; gives the sequence
    /// before it.
    pub(crate) fn tell(
        &self,
        tags: Shared<Tags>,
        fact: RuntimeFact,
        change: impl FnOnce(&mut Figures),
    ) -> u64 {
        let at_ms = self.clock.now_ms();
        let mut board = self.log.lock();
        let before = board.head();
        change(&mut board.figures);
        let evicted = board.append_own(RuntimeSource { at_ms, tags, fact });
        self.stage.set(board.figures.runtime, board.figures.closed);
        let waiting = board.take_waiting();
        drop(board);
        drop(evicted);
        self.wake(waiting);
        before
    }

    /// Asks the store, which must answer in the time that a commit may take.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Store) -> StoreFuture<Result<T, StoreError>>,
    ) -> StoreFuture<Result<T, StoreError>> {
        self.ask_within(Duration::from_millis(self.limits.commit_ms), ask)
    }

    /// Asks the store, which must answer in time.
    pub(crate) fn ask_within<T: Send + 'static>(
        &self,
        within: Duration,
        ask: impl FnOnce(&dyn Store) -> StoreFuture<Result<T, StoreError>>,
    ) -> StoreFuture<Result<T, StoreError>> {
        guarded(&self.handle, within, StoreError::Unknown, || ask(&*self.store))
    }

    /// Whether the Runtime has ended and takes no answer any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.stage.is_closed()
    }

    /// Wakes readers, with no lock held.
    pub(crate) fn wake(&self, wakers: Wakers) {
        self.relay.wake(wakers);
    }

    /// Lets a Runtime that stops look again at what still runs. One that begins to stop just now
    /// looks again by itself.
    pub(crate) fn turn_ended(&self, ended: bool) {
        if ended && self.state() != RuntimeState::Running {
            self.something_ended.notify_waiters();
        }
    }

    /// Wakes every reader of every log, because streams may end now.
    pub(crate) fn wake_all(&self) {
        let waiting = self.log.lock().take_waiting();
        waiting.wake();
        for cell in self.catalogue.all() {
            let mut state = cell.lock();
            let waiting = state.log.as_mut().map(|log| log.waiting.take());
            drop(state);
            waiting.into_iter().for_each(Wakers::wake);
        }
    }

    /// Ends at once: no event is written, every turn is dropped, streams end.
    pub(crate) fn abandon(&self) {
        let mut board = self.log.lock();
        board.figures.runtime = RuntimeState::Stopped;
        board.figures.closed = true;
        self.stage.set(board.figures.runtime, true);
        drop(board);
        self.relay.end();
        self.pruner.end();
        self.lease_keeper.get().inspect(|keeper| keeper.abort());
        for cell in self.catalogue.all() {
            let live = cell.lock().live.take();
            if let Some(live) = live {
                self.turns_in_flight.fetch_sub(1, Ordering::Relaxed);
                let mut closed = live.close();
                std::mem::take(&mut closed.wakers).wake();
                closed.leave();
            }
        }
        self.wake_all();
    }

    /// Another Runtime owns the store: this one has ended.
    pub(crate) fn lose_lease(&self) {
        if self.state() == RuntimeState::Stopped {
            return;
        }
        let message = "another Runtime owns the store now; this one has stopped";
        self.note(Severity::Error, message, None, None);
        self.abandon();
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("owner", &self.owner).finish_non_exhaustive()
    }
}

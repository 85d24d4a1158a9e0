//! The state of a Runtime that its handlers, streams and tasks share.

use std::{
    collections::BTreeMap,
    fmt,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use parking_lot::Mutex;
use tokio::{sync::Notify, task::AbortHandle};
use uuid::Uuid;

use crate::{
    clock::Sources,
    domain::{
        context::{DecisionContext, exhausted, takes_work},
        profiles::Profiles,
    },
    error::RuntimeError,
    identity::{Epoch, RuntimeIdentity, WorkerId, WorkerRef},
    log::{Presenter, RuntimeFact, RuntimeSource},
    model::{Cursor, Limits, LogId, Retention, RuntimeState, Severity, TenantQuotas},
    state::{
        about::{About, ComplaintsTo},
        admission::Admission,
        board::{Aftermath, Board, Figures},
        catalogue::Catalogue,
        diagnostics::Diagnostics,
        ended_workers::EndedWorkers,
        in_flight::{Counted, InFlight, Work},
        places::Places,
        shutdown::{Shutdown, Stage},
        station::Stations,
        tenant::Tenant,
        turn_host::TurnHost,
    },
    store::{CommandMetadata, StoreClient, Totals},
    sync::{Executor, Wakers},
};

/// The state of a Runtime, shared by its handlers, its streams and its tasks.
///
/// Locks are taken in this order: a Worker's cell; under the cell, one at a time, the text of the
/// turn, an index (catalogue, admission, ended Workers) or the Runtime's log; and no lock under
/// those, except that a commit which gives back claims or a key takes the log under the admission.
/// A commit that is applied also holds the right to publish (`Publishing`), which it takes under the
/// cell and before any of the other locks. No engine, no store, no wake-up and no foreign `Drop`
/// runs under a lock.
pub(crate) struct Core {
    pub(crate) identity: RuntimeIdentity,
    pub(crate) presenter: Presenter,
    pub(crate) epoch: Epoch,
    pub(super) started_at_ms: u64,
    pub(super) sources: Sources,
    pub(crate) limits: Limits,
    quotas: Quotas,
    pub(crate) profiles: Profiles,
    pub(crate) store: StoreClient,
    /// The secret with which page tokens of tenants are sealed. Each start has another one.
    pub(crate) token_secret: Uuid,
    /// The task that renews the lease. The end of the Runtime aborts the task, which would
    /// otherwise sleep on.
    lease_keeper: OnceLock<AbortHandle>,
    pub(crate) catalogue: Catalogue,
    pub(crate) admission: Mutex<Admission>,
    pub(crate) log: Mutex<Board>,
    pub(super) diagnostics: Mutex<Diagnostics>,
    /// Notified when the Runtime has ended.
    ended: Notify,
    cut_off: AtomicBool,
    /// A copy of the Runtime's state in the figures, which is read without the log's lock.
    pub(crate) stage: Stage,
    pub(crate) shutdown: Shutdown,
    pub(crate) in_flight: Arc<InFlight>,
    pub(crate) ended_workers: Arc<EndedWorkers>,
    pub(crate) subscriptions: Places,
    /// The queries that wait for an event or for the end of a turn. Their number is not limited here.
    pub(crate) waiting_queries: Places,
    /// Runs the tasks of the Runtime, such as commits, deadlines and the drain.
    pub(crate) executor: Executor,
    pub(crate) turns: Box<dyn TurnHost>,
    pub(crate) stations: Stations,
}

/// The quotas of tenants.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    /// Those of each tenant that has none of its own.
    pub(crate) of_each: TenantQuotas,
    /// Those of single tenants.
    pub(crate) of_some: BTreeMap<Arc<str>, TenantQuotas>,
}

/// The arguments of [`Core::new`].
pub(crate) struct Parts {
    pub(crate) identity: RuntimeIdentity,
    pub(crate) epoch: Epoch,
    pub(crate) started_at_ms: u64,
    pub(crate) sources: Sources,
    pub(crate) limits: Limits,
    pub(crate) quotas: Quotas,
    pub(crate) profiles: Profiles,
    pub(crate) retention: Retention,
    pub(crate) store: StoreClient,
    /// The sums that the store reported when it was opened.
    pub(crate) totals: Totals,
    pub(crate) executor: Executor,
    pub(crate) turns: Box<dyn TurnHost>,
    pub(crate) stations: Stations,
}

impl Core {
    /// Creates a Runtime without Workers.
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        let Parts { identity, epoch, limits, totals, .. } = parts;
        let figures =
            Figures { turns_in_flight: 0, outcomes: totals.outcomes, usage: totals.usage };
        let core = Arc::new(Self {
            presenter: Presenter { identity: identity.clone(), epoch },
            identity,
            epoch,
            started_at_ms: parts.started_at_ms,
            sources: parts.sources,
            profiles: parts.profiles,
            store: parts.store,
            token_secret: Uuid::new_v4(),
            quotas: parts.quotas,
            lease_keeper: OnceLock::new(),
            catalogue: Catalogue::new(limits.workers),
            admission: Mutex::new(Admission::new(totals.created.saturating_add(1))),
            log: Mutex::new(Board::new(limits.events_runtime, figures)),
            diagnostics: Mutex::new(Diagnostics::new(limits.diagnostics)),
            ended: Notify::new(),
            cut_off: AtomicBool::new(false),
            stage: Stage::default(),
            shutdown: Shutdown::default(),
            in_flight: InFlight::new(parts.executor.clone()),
            ended_workers: EndedWorkers::new(parts.retention),
            subscriptions: Places::new(limits.subscriptions),
            waiting_queries: Places::new(u64::MAX),
            limits,
            turns: parts.turns,
            stations: parts.stations,
            executor: parts.executor,
        });
        core.store.complaints().report_to(ComplaintsTo(Arc::downgrade(&core)));
        core
    }

    /// Sets the task that renews the lease, to be aborted when the Runtime ends.
    pub(crate) fn set_lease_keeper(&self, keeper: AbortHandle) {
        self.lease_keeper.get_or_init(|| keeper);
    }

    /// Returns the time for a request. A Backend's clock that panics ends the request, so this comes
    /// before anything is changed, and with no lock held.
    pub(crate) fn asked_ms(&self) -> u64 {
        self.sources.asked_ms()
    }

    /// Returns the time for what the Runtime does by itself, even if the Backend's clock panics.
    pub(crate) fn now_ms(&self) -> u64 {
        self.sources.or_last_ms()
    }

    /// Takes a new UUID for a request from the Backend's source of ids, for the time `now_ms`. As
    /// with [`asked_ms`](Self::asked_ms), a panic ends the request.
    pub(crate) fn asked_id(&self, now_ms: u64) -> Uuid {
        self.sources.asked_id(now_ms)
    }

    /// Returns the tenant with this name, which the Runtime knows from then on.
    pub(crate) fn tenant(&self, name: &Arc<str>) -> Arc<Tenant> {
        let mut board = self.log.lock();
        if let Some(known) = board.tenant(name) {
            return Arc::clone(known);
        }
        let tenant = Arc::new(self.new_tenant(name));
        board.add(&tenant);
        tenant
    }

    /// Returns the tenant with this name, or one that has nothing if the Runtime knows none.
    pub(crate) fn known_tenant(&self, name: &Arc<str>) -> Arc<Tenant> {
        let known = self.log.lock().tenant(name).cloned();
        known.unwrap_or_else(|| Arc::new(self.new_tenant(name)))
    }

    fn new_tenant(&self, name: &Arc<str>) -> Tenant {
        let quotas = self.quotas.of_some.get(name).copied().unwrap_or(self.quotas.of_each);
        Tenant::new(Arc::clone(name), quotas, &self.limits)
    }

    pub(crate) fn check_runtime(&self, worker: WorkerRef) -> Result<(), RuntimeError> {
        if worker.runtime_id == self.identity.runtime_id {
            Ok(())
        } else {
            Err(RuntimeError::WrongRuntime {})
        }
    }

    pub(crate) fn worker_cursor(&self, worker_id: WorkerId, sequence: u64) -> Cursor {
        self.presenter.cursor(LogId::Worker(worker_id), sequence)
    }

    pub(crate) fn state(&self) -> RuntimeState {
        self.stage.get()
    }

    /// Returns the part of the Runtime that a decision may depend on, with the time `now_ms`.
    pub(crate) fn context(&self, now_ms: u64) -> DecisionContext<'_> {
        DecisionContext {
            identity: &self.identity,
            limits: &self.limits,
            profiles: &self.profiles,
            now_ms,
            state: self.state(),
        }
    }

    /// Counts a commit in, or returns an error if the Runtime takes no changes any more.
    pub(crate) fn begin_commit(&self) -> Result<Counted, RuntimeError> {
        // The commit is counted before the check, because a Runtime that stops refuses further
        // changes first and then waits for those that are counted.
        let counted = self.in_flight.enter(Work::Commit);
        self.takes_changes().map(|()| counted)
    }

    /// Returns an error if the Runtime takes no changes any more. It is stopping until its last
    /// event says that it has stopped.
    pub(crate) fn takes_changes(&self) -> Result<(), RuntimeError> {
        if self.shutdown.takes_changes() {
            return Ok(());
        }
        Err(match self.state() {
            RuntimeState::Running | RuntimeState::Stopping => RuntimeError::RuntimeStopping {},
            RuntimeState::Stopped => RuntimeError::RuntimeStopped {},
        })
    }

    /// Returns an error if the Runtime takes no new work, because it is stopping or has stopped.
    pub(crate) fn takes_work(&self) -> Result<(), RuntimeError> {
        takes_work(self.state())
    }

    /// Returns an error if as many turns are in flight as the limit allows, or the quota of the tenant.
    pub(crate) fn has_room_for_turn(&self, tenant: Option<&Tenant>) -> Result<(), RuntimeError> {
        let quota = tenant.map(|tenant| &tenant.turns);
        if let Some(full) = quota.filter(|places| !places.has_room()) {
            return Err(exhausted("turns_in_flight", full.max()));
        }
        let max = self.limits.turns_in_flight;
        let is_full = self.in_flight.count(Work::Turn) >= max;
        if is_full { Err(exhausted("turns_in_flight", max)) } else { Ok(()) }
    }

    /// Appends an event about the Runtime itself, and sets its state to the one that the event tells
    /// of, in one hold of the log's lock. Once the Runtime has stopped, neither is done.
    pub(crate) fn tell(&self, metadata: Option<Arc<CommandMetadata>>, fact: RuntimeFact) {
        self.tell_as(metadata, || fact);
    }

    /// Does what [`tell`](Self::tell) does, with a fact that is made under the log's lock.
    pub(super) fn tell_as(
        &self,
        metadata: Option<Arc<CommandMetadata>>,
        fact: impl FnOnce() -> RuntimeFact,
    ) {
        let at_ms = self.now_ms();
        let mut board = self.log.lock();
        if board.runtime == RuntimeState::Stopped {
            // The event of the stop is the last event of the log.
            return;
        }
        let fact = fact();
        board.runtime = fact.state().unwrap_or(board.runtime);
        let aftermath = board.append_own(RuntimeSource { at_ms, metadata, fact });
        self.stage.set(board.runtime, board.closed);
        drop(board);
        self.settle_log(aftermath);
    }

    /// Drops what a log no longer keeps, and wakes readers. The caller holds no lock.
    pub(crate) fn settle_log(&self, aftermath: Aftermath) {
        let Aftermath { evicted, waiting } = aftermath;
        drop(evicted);
        for wakers in waiting {
            self.wake(wakers);
        }
    }

    /// Whether the Runtime has ended, so that its streams and its background tasks end too.
    pub(crate) fn is_closed(&self) -> bool {
        self.stage.is_closed()
    }

    /// Wakes readers soon. The caller holds no lock.
    pub(crate) fn wake(&self, wakers: Wakers) {
        self.executor.wake(wakers);
    }

    /// Returns the error for a request whose handling panicked, in the Backend's code or because of
    /// a defect in this crate.
    pub(crate) fn panicked(&self, tenant: Option<&Arc<str>>) -> RuntimeError {
        let message = "handling a request panicked; the host's panic hook has said more";
        let about = tenant.map_or(About::Nobody, About::Tenant);
        let diagnostic_id = self.note(Severity::Error, message, about, None).diagnostic_id;
        RuntimeError::Internal { diagnostic_id }
    }

    /// Waits for a future. Returns `None` as soon as the Runtime has ended.
    pub(crate) async fn unless_ended<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut ended = pin!(self.ended.notified());
        ended.as_mut().enable();
        let mut future = pin!(future);
        poll_fn(|context| {
            if self.is_closed() || ended.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            future.as_mut().poll(context).map(Some)
        })
        .await
    }

    /// Wakes every reader of every log, so that streams see that the Runtime has ended.
    pub(crate) fn wake_all(&self) {
        let waiting = self.log.lock().take_waiting();
        for wakers in waiting {
            self.wake(wakers);
        }
        for cell in self.catalogue.all() {
            let mut state = cell.lock();
            let waiting = state.log.as_mut().map(|log| log.waiting.take());
            drop(state);
            self.wake(waiting.unwrap_or_default());
        }
    }

    /// Ends the Runtime at once, without an event: every turn is dropped and every stream ends, even
    /// one that waits for the store.
    pub(crate) fn abandon(&self) {
        self.cut_off.store(true, Ordering::Release);
        self.end();
    }

    /// Whether the Runtime has ended other than by a stop that was carried through.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.cut_off.load(Ordering::Acquire)
    }

    /// Ends the Runtime after its last event. Turns that still run are dropped, and streams end
    /// once they have delivered every event.
    pub(crate) fn end(&self) {
        self.shutdown.close();
        let mut board = self.log.lock();
        board.runtime = RuntimeState::Stopped;
        board.closed = true;
        self.stage.set(board.runtime, true);
        drop(board);
        self.ended.notify_waiters();
        self.ended_workers.end();
        self.lease_keeper.get().inspect(|keeper| keeper.abort());
        for cell in self.catalogue.all() {
            let live = cell.lock().live.take();
            if let Some(live) = live {
                let mut closed = live.close();
                self.wake(std::mem::take(&mut closed.wakers));
                closed.leave();
                drop(self.in_flight.resume(Work::Turn));
            }
        }
        self.wake_all();
        self.in_flight.ring();
        self.executor.offer();
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("identity", &self.identity).finish_non_exhaustive()
    }
}

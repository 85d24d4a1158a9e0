//! A view of the Runtime for queries, without any operation that changes the Runtime.

mod events;
mod page_budget;
mod stride;
mod waiting;

use std::{
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use serde::Serialize;
use tokio::time::Instant;

use crate::{
    domain::{context::DecisionContext, page_token::ListId},
    error::RuntimeError,
    identity::{Epoch, RuntimeIdentity, TurnId, WorkerRef},
    model::{
        AllocationSummary, Cursor, Diagnostic, InProgress, Limits, OpenSummary, RuntimeState,
        Scope, Severity, StateCounts, StoreSummary, TurnDetail, WorkerDetail, WorkerSummary,
    },
    state::{
        board::Figures,
        caller::Caller,
        core::Core,
        in_flight::Work,
        listing::{Activity, Bounds, Listing, ListingFilter, Page},
        reservation::place_for_worker,
        tenant::Tenant,
        worker_cell::{CellState, WorkerCell},
    },
    store::{Complaint, FoundTurn, StoredEntry, StoredTurn, TurnLookup, WorkerRecord},
};

pub(crate) use page_budget::PageBudget;
pub(crate) use stride::Stride;

/// A view of the Runtime for queries, which cannot change the Runtime.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    pub(crate) caller: &'a Caller,
    /// The time after which the store is not waited for; `None` if only the time limit of each call
    /// counts.
    until: Option<Instant>,
}

/// The time that the store has for a request whose time to wait is up.
const PATIENCE: Duration = Duration::from_millis(250);

/// The state of a Worker at one moment, read under one hold of its lock.
#[derive(Debug)]
pub(crate) struct Moment {
    pub(crate) record: Arc<WorkerRecord>,
    /// The latest turn, with its current `late_dropped`, which the record does not have.
    pub(crate) turn: Option<Arc<TurnDetail>>,
    pub(crate) cursor: Cursor,
}

/// The figures that a caller sees at one moment, read under one hold of the log's lock.
#[derive(Debug)]
pub(crate) struct FiguresSnapshot {
    pub(crate) runtime: RuntimeState,
    pub(crate) figures: Figures,
    pub(crate) workers: StateCounts,
    /// The position at the end of the log that the caller sees.
    pub(crate) cursor: Cursor,
}

impl<'a> Reader<'a> {
    pub(crate) fn of(caller: &'a Caller) -> Self {
        Self { caller, until: None }
    }

    fn core(self) -> &'a Arc<Core> {
        &self.caller.core
    }

    pub(crate) fn limits(self) -> &'a Limits {
        &self.core().limits
    }

    pub(crate) fn identity(self) -> &'a RuntimeIdentity {
        &self.core().identity
    }

    pub(crate) fn epoch(self) -> Epoch {
        self.core().epoch
    }

    pub(crate) fn started_at_ms(self) -> u64 {
        self.core().started_at_ms
    }

    /// Whether the Runtime has ended, so that no further event comes.
    pub(crate) fn is_closed(self) -> bool {
        self.core().is_closed()
    }

    /// Returns a reader that waits for the store no longer than until the time `at`, and a little
    /// more, so that a request whose wait is short can be answered at all.
    pub(crate) fn until(self, at: Instant) -> Self {
        Self { until: Some(at + PATIENCE), ..self }
    }

    /// Waits for an answer of the store about a Worker, but no longer than the request may take. If
    /// the Worker was deleted meanwhile, that is the error, whatever the store says.
    async fn in_time<T, E: Into<RuntimeError>>(
        self,
        cell: &WorkerCell,
        answer: Pin<&mut (impl Future<Output = Result<T, E>> + ?Sized)>,
    ) -> Result<T, RuntimeError> {
        let answer = self.core().executor.within(self.until, answer).await;
        cell.record()?;
        answer.map_or_else(
            || {
                tracing::warn!("the store did not answer within the time of a request");
                Err(RuntimeError::store_refused())
            },
            |answer| answer.map_err(Into::into),
        )
    }

    /// Returns the time after `wait` from now.
    pub(crate) fn after(self, wait: Duration) -> Instant {
        self.core().executor.now() + wait
    }

    pub(crate) fn is_past(self, until: Instant) -> bool {
        self.core().executor.now() >= until
    }

    /// Returns what a decision may depend on, now. The caller holds no lock.
    pub(crate) fn context(self) -> DecisionContext<'a> {
        self.core().context(self.core().asked_ms())
    }

    pub(crate) fn figures(self) -> FiguresSnapshot {
        let board = self.core().log.lock();
        let runtime = board.runtime;
        let part = board.part(self.caller.tenant.as_deref());
        let (figures, workers, head) = part.map_or_else(Default::default, |part| {
            (part.figures.clone(), part.listing.counts(), part.events.head())
        });
        drop(board);
        FiguresSnapshot { runtime, figures, workers, cursor: self.caller.runtime_cursor(head) }
    }

    /// Returns the summary of the store, whose figures are the whole Runtime's and not a tenant's.
    pub(crate) fn store(self) -> StoreSummary {
        let store = &self.core().store;
        let of_all = |figure: u64| if self.caller.tenant.is_none() { figure } else { 0 };
        StoreSummary {
            kind: store.info().kind.clone(),
            durable: store.info().durable,
            failures: of_all(store.failures()),
            pending: of_all(self.core().in_flight.count(Work::UnsettledCommit)),
        }
    }

    pub(crate) fn open(self) -> OpenSummary {
        OpenSummary {
            subscriptions: self.caller.subscriptions().taken(),
            waiting_queries: self.caller.waiting_queries().taken(),
        }
    }

    pub(crate) fn allocation(self) -> AllocationSummary {
        let core = self.core();
        core.admission.lock().claims(self.caller.tenant.as_ref(), &core.identity)
    }

    /// Calls `look` with the list of the Workers that the caller sees.
    fn list<T>(self, look: impl FnOnce(&Listing) -> T) -> T {
        let board = self.core().log.lock();
        match board.part(self.caller.tenant.as_deref()) {
            Some(part) => look(&part.listing),
            None => look(&Listing::default()),
        }
    }

    /// Returns a list by which page tokens are made and read. Those of a tenant are sealed, because
    /// they name positions among the Workers and diagnostics of all.
    pub(crate) fn list_id(self, list: &impl Serialize) -> ListId {
        match &self.caller.tenant {
            None => ListId::of(list),
            Some(tenant) => ListId::sealed(&(list, &tenant.name), self.core().token_secret),
        }
    }

    /// Calls `look` with the state of a Worker, under the Worker's lock.
    pub(crate) fn look<T>(
        self,
        worker: WorkerRef,
        look: impl FnOnce(&CellState) -> T,
    ) -> Result<T, RuntimeError> {
        let cell = self.caller.find(worker)?;
        let state = cell.lock();
        state.present().map(look)
    }

    /// Returns a Worker as replies show it.
    pub(crate) fn detail(self, worker: WorkerRef) -> Result<WorkerDetail, RuntimeError> {
        self.look(worker, |state| state.detail(self.identity()))
    }

    /// Returns the present state of a Worker.
    pub(crate) fn moment(self, worker: WorkerRef) -> Result<Moment, RuntimeError> {
        self.look(worker, |state| self.moment_of(state))
    }

    /// Returns the present state of a Worker with the answer that the running turn is writing,
    /// which may be large.
    pub(crate) fn moment_with_answer(
        self,
        worker: WorkerRef,
    ) -> Result<(Moment, Option<InProgress>), RuntimeError> {
        self.look(worker, |state| {
            let in_progress = state.record.running_turn().map(|running| InProgress {
                turn_id: running.turn_id,
                text: state.live.as_ref().map(|live| live.written()).unwrap_or_default(),
                started_at_ms: running.began_at_ms(),
            });
            (self.moment_of(state), in_progress)
        })
    }

    fn moment_of(self, state: &CellState) -> Moment {
        let turn = state.shown_turn();
        let WorkerRecord { worker_id, worker_sequence, .. } = *state.record;
        let cursor = self.core().worker_cursor(worker_id, worker_sequence);
        Moment { record: Arc::clone(&state.record), turn, cursor }
    }

    /// Returns the turn that the input with this idempotency key began, if the key is still
    /// remembered.
    pub(crate) fn turn_of_key(
        self,
        worker: WorkerRef,
        key: &str,
    ) -> Result<Option<TurnId>, RuntimeError> {
        self.look(worker, |state| Some(state.keys.as_ref()?.get(key)?.turn_id))
    }

    /// Reads the `count` entries from the sequence `first` on, which are in the transcript.
    pub(crate) async fn entries(
        self,
        worker: WorkerRef,
        first: u64,
        count: usize,
    ) -> Result<Vec<Arc<StoredEntry>>, RuntimeError> {
        let cell = self.caller.find(worker)?;
        let entries = pin!(self.core().store.entries(&*cell, first, count));
        self.in_time(&cell, entries).await
    }

    /// Reads the `count` turns from the ordinal `first` on, which the Worker has.
    pub(crate) async fn turns(
        self,
        worker: WorkerRef,
        first: u64,
        count: usize,
    ) -> Result<Vec<Arc<StoredTurn>>, RuntimeError> {
        let cell = self.caller.find(worker)?;
        let turns = pin!(self.core().store.turns(&*cell, first, count));
        self.in_time(&cell, turns).await
    }

    /// Reads one turn with its input and its answer. Returns `None` if the store does not have it.
    pub(crate) async fn turn(
        self,
        worker: WorkerRef,
        wanted: TurnLookup,
    ) -> Result<Option<FoundTurn>, RuntimeError> {
        let cell = self.caller.find(worker)?;
        let turn = pin!(self.core().store.turn(&*cell, wanted));
        self.in_time(&cell, turn).await
    }

    /// Reports that what the store holds of a Worker contradicts itself, and returns the error of
    /// the query.
    pub(crate) fn contradiction(self, worker: WorkerRef, complaint: Complaint) -> RuntimeError {
        self.core().store.complain(complaint, worker.worker_id).into()
    }

    pub(crate) fn oldest_workers(
        self,
        after: u64,
        wanted: &ListingFilter<'_>,
        bounds: Bounds,
    ) -> Page<u64> {
        self.list(|listing| listing.oldest(after, wanted, bounds))
    }

    pub(crate) fn newest_workers(
        self,
        before: u64,
        wanted: &ListingFilter<'_>,
        bounds: Bounds,
    ) -> Page<u64> {
        self.list(|listing| listing.newest(before, wanted, bounds))
    }

    /// Returns a page of Workers, those that were active last first.
    pub(crate) fn active_workers(
        self,
        before: Option<Activity>,
        wanted: &ListingFilter<'_>,
        bounds: Bounds,
    ) -> Page<Activity> {
        self.list(|listing| listing.active(before, wanted, bounds))
    }

    /// Returns the summary of a listed Worker, unless the Worker was deleted since or is not `wanted`
    /// any more.
    pub(crate) fn summary(
        self,
        cell: &WorkerCell,
        wanted: impl Fn(&CellState) -> bool,
    ) -> Option<WorkerSummary> {
        let state = cell.lock();
        let is_shown = state.present().is_ok_and(wanted);
        is_shown.then(|| state.record.summary(&self.core().identity))
    }

    pub(crate) fn diagnostics(
        self,
        before: Option<u64>,
        at_least: Severity,
        limit: usize,
    ) -> (Vec<(Arc<Diagnostic>, u64)>, bool) {
        let tenant = self.caller.tenant.as_ref().map(|tenant| &*tenant.name);
        self.core().diagnostics.lock().newest(before, at_least, tenant, limit)
    }

    pub(crate) fn profiles(self) -> Vec<crate::model::AvailableProfile> {
        self.core().profiles.available()
    }

    /// Calls `look` with the state that creations share, under its lock.
    pub(crate) fn with_admission<T>(
        self,
        look: impl FnOnce(&crate::state::admission::Admission) -> T,
    ) -> T {
        look(&self.core().admission.lock())
    }

    /// Returns an error if the Runtime takes no changes any more.
    pub(crate) fn takes_changes(self) -> Result<(), RuntimeError> {
        self.core().takes_changes()
    }

    pub(crate) fn has_room_for_worker(self, tenant: Option<&Tenant>) -> Result<(), RuntimeError> {
        // The place is given back at once.
        tenant.map(place_for_worker).transpose()?;
        self.core().catalogue.has_room()
    }

    pub(crate) fn has_room_for_turn(self, tenant: Option<&Tenant>) -> Result<(), RuntimeError> {
        self.core().has_room_for_turn(tenant)
    }

    /// Reads the turn `turn_id` from the store. Returns `None` if no turn is named, if the turn is
    /// the Worker's latest, or if the store does not have the turn.
    pub(crate) async fn earlier_turn(
        self,
        worker: WorkerRef,
        turn_id: Option<TurnId>,
    ) -> Result<Option<Arc<StoredTurn>>, RuntimeError> {
        let cell = self.caller.find(worker)?;
        self.core().earlier_turn(&cell, turn_id).await
    }

    pub(crate) fn cursor(self, scope: Scope, sequence: u64) -> Cursor {
        match scope {
            Scope::Runtime(_) => self.caller.runtime_cursor(sequence),
            Scope::Worker(it) => self.core().worker_cursor(it.worker.worker_id, sequence),
        }
    }
}

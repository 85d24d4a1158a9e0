//! Restores the Workers of the store when a Runtime is built.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::open_turns::OpenTurn;
use crate::{
    domain::{creation_key, idempotency::KeyWindow},
    error::RuntimeError,
    model::{ScopeClaim, Severity},
    state::{core::Core, worker_cell::WorkerCell},
    store::{CorruptWorker, CreateKey, ListingError, StoredWorker, Totals, WorkerRecord},
};

/// How far a Runtime that is being built has restored what its store holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RestoreProgress {
    /// The number of Workers that were read so far.
    pub workers: u64,
    /// The number of Workers that were ever created, which is at least as many as there are.
    pub created: u64,
    /// The number of turns found so far that the last owner of the store left open. They are ended
    /// when all Workers are read, many at once.
    pub open_turns: u64,
}

/// The reason for which the Workers of the store could not be restored.
#[derive(Debug)]
pub(crate) enum RestoreError {
    /// The keys of creations or the Workers could not be listed.
    Listing(ListingError),
    /// The lease was lost before all was restored.
    LeaseLost(RuntimeError),
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listing(error) => error.fmt(f),
            Self::LeaseLost(error) => error.fmt(f),
        }
    }
}

/// What the restored Workers have added to the totals: to those of all, and to those of each tenant.
#[derive(Debug, Default)]
struct Sums {
    whole: Totals,
    of_tenants: BTreeMap<Arc<str>, Totals>,
}

impl Sums {
    fn add(&mut self, record: &WorkerRecord) {
        let part = part_in_totals(record);
        self.whole.add(&part);
        if let Some(tenant) = &record.tenant {
            self.of_tenants.entry(Arc::clone(tenant)).or_default().add(&part);
        }
    }
}

/// Returns what a Worker has added to the totals, as far as its record tells: of the outcomes, that
/// of the last turn.
fn part_in_totals(record: &WorkerRecord) -> Totals {
    let mut part = Totals { usage: record.usage, ..Totals::default() };
    if let Some(outcome) = record.last_outcome {
        *part.outcomes.get_mut(outcome) = 1;
    }
    part
}

impl Core {
    /// Restores every Worker of a store in which `created` Workers were ever created, and ends the
    /// turns that the store's last owner left open.
    pub(crate) async fn restore(
        self: &Arc<Self>,
        created: u64,
        tell: impl Fn(RestoreProgress),
    ) -> Result<(), RestoreError> {
        self.restore_tenants().await.map_err(RestoreError::Listing)?;
        let keys = self.store.create_keys().await.map_err(RestoreError::Listing)?;
        let (mut open, mut sums) = (Vec::new(), Sums::default());
        let mut pages = self.store.worker_pages(created);
        while let Some(page) = pages.next().await.map_err(RestoreError::Listing)? {
            for listed in page {
                sums.whole.created += 1;
                match listed {
                    Ok(worker) => {
                        sums.add(&worker.record);
                        let running = worker.record.running_turn().map(|turn| turn.turn_id);
                        let cell = self.bring_back(worker);
                        open.extend(running.map(|turn_id| OpenTurn { cell, turn_id }));
                    }
                    Err(unreadable) => self.note_unreadable(&unreadable),
                }
            }
            let open_turns = open.len() as u64;
            tell(RestoreProgress { workers: sums.whole.created, created, open_turns });
        }
        let last = pages.last_ordinal();
        self.store.restored_until(last);
        self.admission.lock().continue_after(last);
        self.remember_creations(keys);
        self.raise_totals(created, &sums);
        self.lose_turns(open).await.map_err(RestoreError::LeaseLost)
    }

    fn bring_back(&self, worker: StoredWorker) -> Arc<WorkerCell> {
        let StoredWorker { record, keys } = worker;
        let tenant = record.tenant.as_ref().map(|name| self.tenant(name));
        if let Some(tenant) = &tenant {
            tenant.workers.occupy();
        }
        let cell = Arc::new(WorkerCell::new(Arc::clone(&record), tenant));
        if !keys.is_empty() {
            let mut window = KeyWindow::default();
            for key in keys {
                window.remember(key);
            }
            cell.lock().keys = Some(Box::new(window));
        }
        let claims = &record.spec.scope_claims;
        if !record.state.is_terminal()
            && !claims.is_empty()
            && self.take_claims(&cell, claims).is_err()
        {
            let message = "the claims of a restored worker conflict with those of another";
            self.note(Severity::Error, message, &*cell, None);
        }
        if record.state.is_terminal() {
            self.ended_workers.note(&record);
        }
        self.catalogue.restore(Arc::clone(&cell));
        let mut board = self.log.lock();
        for part in board.parts_of(cell.tenant.as_deref()) {
            part.listing.insert(Arc::clone(&cell), (&*record).into());
            part.figures.turns_in_flight += u64::from(record.running_turn().is_some());
        }
        drop(board);
        cell
    }

    fn take_claims(&self, cell: &WorkerCell, claims: &[ScopeClaim]) -> Result<(), RuntimeError> {
        let mut admission = self.admission.lock();
        let share = admission.share_mut(cell.tenant_name());
        share.claims.take(cell.worker_id, claims, &self.identity)
    }

    /// Brings back every tenant that the store has totals of, with those totals.
    async fn restore_tenants(&self) -> Result<(), ListingError> {
        let mut last = None;
        while let Some(page) = self.store.tenant_totals(last.take()).await? {
            for of_tenant in &page {
                self.tenant(&of_tenant.tenant);
                self.log.lock().set_totals(of_tenant);
            }
            last = page.last().map(|it| Arc::clone(&it.tenant));
        }
        Ok(())
    }

    /// Remembers the keys of creations, each without a receipt that the Worker contradicts.
    fn remember_creations(&self, keys: Vec<CreateKey>) {
        for mut key in keys {
            // The key of a Worker that was deleted is still remembered.
            if let Some(cell) = self.catalogue.get(key.worker_id) {
                let record = Arc::clone(&cell.lock().record);
                self.store.check_receipt(&mut key, &record);
            }
            let tenant = creation_key::tenant_of(&key.key).map(Arc::from);
            self.admission.lock().share_mut(tenant).keys.remember(key);
        }
    }

    /// Raises the sums over all Workers to what the restored Workers add up to, at least, so that a
    /// part is never greater than the whole.
    fn raise_totals(&self, created: u64, least: &Sums) {
        let mut board = self.log.lock();
        let mut are_less = created < least.whole.created;
        are_less |= board.whole.figures.raise_to(&least.whole);
        for (tenant, least) in &least.of_tenants {
            let tenant = board.tenant(tenant).cloned();
            let part = board.part_mut(tenant.as_deref());
            are_less |= part.is_some_and(|part| part.figures.raise_to(least));
        }
        drop(board);
        if are_less {
            self.store.totals_are_less();
        }
    }

    fn note_unreadable(&self, unreadable: &CorruptWorker) {
        let message = format!("a worker's record could not be read: {}", unreadable.problem);
        self.note(Severity::Error, message, unreadable.worker_id, None);
    }
}

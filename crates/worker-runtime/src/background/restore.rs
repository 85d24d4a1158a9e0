//! What a Runtime finds in its store when it is built.

use std::sync::{Arc, atomic::Ordering};

use llm_engine::TokenUsage;

use crate::{
    commit::{change::Decision, seal::Seal},
    domain::{draft::TurnEnd, idempotency::KeyWindow},
    error::RuntimeError,
    model::{Severity, TurnOutcome},
    runtime::BuildError,
    state::{core::Core, worker_cell::Cell},
    store::{Store, StoredWorker, Unreadable},
    turn,
};

/// Workers that are read from the store at once.
const PAGE: usize = 512;

impl Core {
    /// Brings every Worker of the store back, and ends the turns that its last owner left open.
    pub(crate) async fn restore(self: &Arc<Self>) -> Result<(), BuildError> {
        let failed = |error: crate::store::StoreError| BuildError::StoreFailed(error.to_string());
        let keys = self.ask(Store::create_keys).await.map_err(failed)?;
        for key in keys {
            self.admission.lock().keys.remember(key);
        }
        let mut open = Vec::new();
        let mut after = 0;
        loop {
            let page = self.ask(|it| it.workers(after, PAGE)).await.map_err(failed)?;
            let is_last = page.len() < PAGE;
            for found in page {
                after = match found {
                    Ok(worker) => {
                        let ordinal = worker.record.ordinal;
                        let cell = self.bring_back(worker);
                        if cell.lock().record.running_turn().is_some() {
                            open.push(cell);
                        }
                        ordinal
                    }
                    Err(unreadable) => {
                        self.note_unreadable(&unreadable);
                        unreadable.ordinal
                    }
                };
            }
            if is_last {
                break;
            }
        }
        self.next_ordinal.fetch_max(after + 1, Ordering::Relaxed);
        for cell in open {
            self.lose_turn(&cell).await?;
        }
        Ok(())
    }

    fn bring_back(&self, worker: StoredWorker) -> Arc<Cell> {
        let StoredWorker { record, keys } = worker;
        let cell = Arc::new(Cell::new(Arc::clone(&record)));
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
            && self.admission.lock().claims.take(record.worker_id, claims, &self.owner).is_err()
        {
            let message = "the claims of a restored worker conflict with those of another";
            self.note(Severity::Error, message, Some(record.worker_id), None);
        }
        if record.state.is_terminal() {
            self.pruner.note(&record);
        }
        self.catalogue.restore(Arc::clone(&cell));
        let at_ms = record.active_at_ms;
        let mut board = self.log.lock();
        board.listing.insert(Arc::clone(&cell), record.state, &record.labels, at_ms);
        board.figures.turns_in_flight += u64::from(record.running_turn().is_some());
        drop(board);
        cell
    }

    fn note_unreadable(&self, unreadable: &Unreadable) {
        let message = format!("a worker's record could not be read: {}", unreadable.problem);
        self.note(Severity::Error, message, unreadable.worker_id, None);
    }

    /// Ends a turn that was open when its Runtime died. Nothing is executed again.
    async fn lose_turn(self: &Arc<Self>, cell: &Arc<Cell>) -> Result<(), BuildError> {
        let lost = self.change(cell, Seal::No, true, |context, worker| {
            let Some(running) = worker.record.running_turn() else { return Ok(Decision::Keep(())) };
            let end = TurnEnd {
                outcome: TurnOutcome::Lost,
                text: Arc::from(""),
                usage: TokenUsage::default(),
                stop_reason: None,
                error: None,
                reason: None,
            };
            let draft = turn::turn_ends(worker.record, running, end, context.now_ms);
            Ok(Decision::Change(draft, ()))
        });
        lost.await.map_err(|error: RuntimeError| BuildError::StoreFailed(error.to_string()))
    }
}

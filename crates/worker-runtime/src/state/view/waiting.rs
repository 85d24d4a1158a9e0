//! Waits for events and for the end of a turn, for queries.

use std::{future::poll_fn, sync::Arc, task::Poll};

use tokio::time::Instant;

use super::Reader;
use crate::{
    error::RuntimeError,
    identity::{TurnId, WorkerRef},
    model::Scope,
    state::{
        caller::Caller,
        worker_cell::{CellState, WorkerCell},
    },
    sync::WakeSlot,
};

/// A query that waits for the Runtime's next event. Dropping it removes its waker from the list.
struct WaitingInRuntime<'a> {
    caller: &'a Caller,
    slot: WakeSlot,
}

impl Drop for WaitingInRuntime<'_> {
    fn drop(&mut self) {
        let mut board = self.caller.core.log.lock();
        let part = board.part_mut(self.caller.tenant.as_deref());
        let waker = part.and_then(|part| part.waiting.leave(&self.slot));
        drop(board);
        drop(waker);
    }
}

impl Reader<'_> {
    /// Waits until the log has an event after the sequence `after`, the time is up, the Runtime has
    /// ended or the Worker is deleted.
    pub(crate) async fn wait_behind(
        self,
        scope: Scope,
        after: u64,
        until: Instant,
    ) -> Result<(), RuntimeError> {
        match scope {
            Scope::Runtime(_) => self.wait_in_runtime(after, Some(until)).await,
            Scope::Worker(it) => {
                let cell = self.caller.find(it.worker)?;
                self.wait_in_worker(&cell, until, |state| state.record.worker_sequence > after)
                    .await;
            }
        }
        Ok(())
    }

    /// Waits until the turn is over, the time is up, the Runtime has ended or the Worker is deleted.
    pub(crate) async fn wait_for_turn(
        self,
        worker: WorkerRef,
        turn_id: TurnId,
        until: Instant,
    ) -> Result<(), RuntimeError> {
        let cell = self.caller.find(worker)?;
        let over = |state: &CellState| {
            state.record.running_turn().is_none_or(|turn| turn.turn_id != turn_id)
        };
        self.wait_in_worker(&cell, until, over).await;
        Ok(())
    }

    /// Waits until the Runtime has ended.
    pub(crate) async fn wait_for_end(self) {
        // No event comes after the largest sequence.
        self.wait_in_runtime(u64::MAX, None).await;
    }

    async fn wait_in_runtime(self, after: u64, until: Option<Instant>) {
        let _place = self.caller.waiting_queries().take();
        let mut waiting = WaitingInRuntime { caller: self.caller, slot: WakeSlot::default() };
        let moved = poll_fn(|context| {
            waiting.slot.bring(context);
            let mut board = self.core().log.lock();
            let closed = board.closed;
            match board.part_mut(self.caller.tenant.as_deref()) {
                Some(part) if part.events.head() <= after && !closed => {
                    part.waiting.park(&mut waiting.slot);
                    Poll::Pending
                }
                Some(_) | None => Poll::Ready(()),
            }
        });
        // The caller reads the log again in either case, so the reason for waking does not matter.
        let _ = self.core().executor.within(until, moved).await;
    }

    async fn wait_in_worker(
        self,
        cell: &Arc<WorkerCell>,
        until: Instant,
        done: impl Fn(&CellState) -> bool,
    ) {
        let _place = self.caller.waiting_queries().take();
        let mut waiting = cell.wait();
        let done = poll_fn(|context| {
            if waiting.poll(context, &done) || self.core().is_closed() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        // The caller looks again in either case, so the reason for waking does not matter.
        let _ = self.core().executor.within(Some(until), done).await;
    }
}

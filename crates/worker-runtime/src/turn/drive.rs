//! Drives one turn: moves the engine's text into the Worker's live text and commits the turn's end.

use std::{
    future::poll_fn,
    mem,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use worker::HistoryTurn;

use super::{
    ending::{Ending, finish},
    gather::gather,
    next_step::{Step, next_step},
    unusual::take_unusual,
};
use crate::{
    model::TurnError,
    state::{core::Core, live::Live, worker_cell::WorkerCell},
};

/// A turn that a task drives. If the task goes away before the turn is over, because it panics or
/// because its tokio runtime is gone, the turn is ended as failed.
#[derive(Debug)]
pub(super) struct Driven {
    core: Arc<Core>,
    cell: Arc<WorkerCell>,
    live: Arc<Live>,
}

impl Driven {
    pub(super) fn new(core: &Arc<Core>, cell: &Arc<WorkerCell>, live: Arc<Live>) -> Self {
        Self { core: Arc::clone(core), cell: Arc::clone(cell), live }
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        if self.live.is_over() || self.core.is_closed() {
            return;
        }
        self.live.engine_ended();
        let (core, cell) = (Arc::clone(&self.core), Arc::clone(&self.cell));
        let (live, error) = (Arc::clone(&self.live), TurnError::abandoned());
        self.core.executor.spawn(async move {
            finish(&core, &cell, &live, Ending::failed(error)).await;
        });
    }
}

/// Runs one turn: gathers its history, moves the engine's text into `live` and commits the end,
/// unless a command or the watch ends the turn first.
pub(super) async fn drive(driven: Driven) {
    let Driven { core, cell, live } = &driven;
    let Some((mut worker, history)) = unless_over(live, pin!(gather(core, cell, live))).await
    else {
        return;
    };
    let ending = {
        let mut turn = worker.turn_over(history);
        unless_over(live, pin!(follow(core, cell, live, &mut turn))).await
    };
    cell.lock().token_estimate = worker.token_estimate();
    let Some(ending) = ending else { return };
    live.engine_ended();
    finish(core, cell, live, ending).await;
}

/// Polls `driving` until it is ready or the turn is over. The end of the turn wakes this task,
/// which then returns `None`. The caller drops `driving`, and the engine with it.
///
/// `driving` is borrowed, like the turn of [`follow`]: an argument that is moved into an async
/// function takes its memory twice.
async fn unless_over<T>(
    live: &Live,
    mut driving: Pin<&mut impl Future<Output = Option<T>>>,
) -> Option<T> {
    let mut is_known = false;
    poll_fn(|context| {
        let wakes = mem::replace(&mut is_known, true) || live.wakes_at_end(context.waker());
        if !wakes || live.is_over() {
            return Poll::Ready(None);
        }
        driving.as_mut().poll(context)
    })
    .await
}

/// Moves the engine's text into the live turn until the turn ends. Returns `None` if the turn was
/// not ended by its engine.
async fn follow(
    core: &Arc<Core>,
    cell: &Arc<WorkerCell>,
    live: &Live,
    turn: &mut HistoryTurn<'_>,
) -> Option<Ending> {
    loop {
        match next_step(core, live, turn).await {
            Step::Ended(ending) => return Some(ending),
            Step::Over => return None,
            Step::Unusual(unusual) => {
                // Boxed, because few turns need the memory of this future.
                if !Box::pin(take_unusual(core, cell, live, unusual)).await {
                    return None;
                }
            }
        }
    }
}

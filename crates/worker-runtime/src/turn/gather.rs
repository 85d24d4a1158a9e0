//! Reads the part of a Worker's transcript that the model is given.

use std::sync::Arc;

use llm_engine::{Message, Role};
use worker::Worker;

use crate::{
    model::TurnError,
    state::{core::Core, live::Live, worker_cell::WorkerCell},
    sync::fair,
    turn::ending::{Ending, finish},
};

/// The maximum number of entries that are read from the store in one request.
const HISTORY_PAGE: u64 = 128;

/// Returns the `Worker` that runs the turn, and the newest part of the transcript that fits into
/// its history budget. Returns `None` if the turn is over. If the transcript cannot be read, the
/// turn is ended as failed.
pub(super) async fn gather(
    core: &Arc<Core>,
    cell: &Arc<WorkerCell>,
    live: &Live,
) -> Option<(Worker, Vec<Message>)> {
    match read(core, cell, live).await {
        Ok(gathered) => gathered,
        Err(error) => {
            Box::pin(finish(core, cell, live, Ending::failed(error))).await;
            None
        }
    }
}

async fn read(
    core: &Core,
    cell: &WorkerCell,
    live: &Live,
) -> Result<Option<(Worker, Vec<Message>)>, TurnError> {
    let (mut end, worker) = {
        let state = cell.lock();
        let is_current = state.live.as_ref().is_some_and(|current| current.turn_id == live.turn_id);
        if !is_current {
            return Ok(None);
        }
        let worker = Worker::new(Arc::clone(&live.profile))
            .with_instructions(state.record.spec.instructions.clone())
            .with_token_estimate(state.token_estimate);
        (state.record.entries, worker)
    };
    let mut selection = worker.history_selection();
    let most = live.profile.history.max_messages.max(1);
    let page_size = u64::try_from(most).map_or(HISTORY_PAGE, |most| most.min(HISTORY_PAGE));
    let mut history: Vec<Message> = Vec::new();
    'pages: while end > 0 {
        let first = end.saturating_sub(page_size) + 1;
        let limit = usize::try_from(end + 1 - first).unwrap_or(usize::MAX);
        let page = core.store.history(cell, first, limit).await.map_err(|error| {
            tracing::warn!(?error, "the history could not be read");
            TurnError::store("the store did not give the history")
        })?;
        // The history is held as long as the turn runs, and most conversations are short, so that
        // room for at most four messages is reserved for a page.
        history.reserve_exact(page.len().min(4));
        for entry in page.iter().rev() {
            let message = Message::new(entry.role, Arc::clone(&entry.text));
            if message.text.is_empty() || history.last().is_some_and(|it| repeats(it, &message)) {
                continue;
            }
            if !selection.offer(&message) {
                break 'pages;
            }
            history.push(message);
        }
        if history.len() >= most {
            break;
        }
        end = first - 1;
        fair().await;
    }
    history.reverse();
    Ok(Some((worker, history)))
}

/// Returns whether an input was sent again word for word because it got no answer. The model is
/// given it once.
fn repeats(newer: &Message, message: &Message) -> bool {
    message.role == Role::User && newer == message
}

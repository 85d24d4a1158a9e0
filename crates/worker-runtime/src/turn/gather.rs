//! What of a conversation the model is given.

use std::sync::Arc;

use llm_engine::{Message, ModelRequest, TokenUsage};

use crate::{
    model::TurnError,
    state::{core::Core, live::Live, worker_cell::Cell},
    turn::ending::{Ending, finish},
};

/// The most entries that are read from the store at once.
const HISTORY_PAGE: u64 = 128;

/// What the model is asked: by the Worker's profile, with the newest part of its transcript. `None`
/// if the turn is over, be it because that could not be read.
pub(super) async fn gather(
    core: &Arc<Core>,
    cell: &Arc<Cell>,
    live: &Live,
) -> Option<Arc<ModelRequest>> {
    match read(core, cell, live).await {
        Ok(request) => request,
        Err(error) => {
            let ending = Ending::failed(error, TokenUsage::default());
            Box::pin(finish(core, cell, live, ending)).await;
            None
        }
    }
}

async fn read(
    core: &Core,
    cell: &Cell,
    live: &Live,
) -> Result<Option<Arc<ModelRequest>>, TurnError> {
    let (mut end, own_instructions) = {
        let state = cell.lock();
        let is_current = state.live.as_ref().is_some_and(|it| it.turn_id == live.turn_id);
        if !is_current {
            return Ok(None);
        }
        (state.record.entries, state.record.spec.instructions.clone())
    };
    let mut selection = live.profile.history.selector();
    let most = live.profile.history.max_messages.max(1);
    let page_size = u64::try_from(most).map_or(HISTORY_PAGE, |most| most.min(HISTORY_PAGE));
    let mut history: Vec<Message> = Vec::new();
    'pages: while end > 0 {
        let first = end.saturating_sub(page_size) + 1;
        let limit = usize::try_from(end + 1 - first).unwrap_or(usize::MAX);
        let page =
            core.ask(|it| it.entries(cell.worker_id, first, limit)).await.map_err(|error| {
                tracing::warn!(%error, "the history could not be read");
                TurnError::store("the store did not give the history")
            })?;
        // Most conversations are short, and the history is held as long as the turn runs.
        history.reserve_exact(page.len().min(4));
        for entry in page.iter().rev() {
            let message = Message { role: entry.role, text: Arc::clone(&entry.text) };
            if message.text.is_empty() {
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
    }
    history.reverse();
    let profile = &live.profile;
    let instructions = own_instructions.or_else(|| profile.instructions.clone());
    Ok(Some(Arc::new(profile.request(instructions, history))))
}

//! What few turns see: words while an end is being committed, a retry, a shortened history.

use std::{sync::Arc, time::Duration};

use llm_engine::EngineError;
use tokio::time::Instant;

use crate::{
    commit::change::Decision,
    domain::{context::Rules, draft::Draft},
    model::Severity,
    state::{
        core::Core,
        live::{Live, Refusal},
        worker_cell::{Cell, CellState},
    },
    store::{StoredEventBody, StoredRetry},
    turn::current,
};

/// Something that few turns see.
#[derive(Debug)]
pub(super) enum Unusual {
    /// An end is being committed by somebody else; this waits for it.
    Frozen(Delta),
    /// A call failed and is made again.
    Retrying { attempt: u32, delay: Duration, error: EngineError },
    /// The model's context was too small, and it is asked again with less of the conversation.
    Shortened { dropped: usize, kept: usize },
}

/// More of what the model says.
#[derive(Debug)]
pub(super) enum Delta {
    Text(String),
    Reasoning(String),
}

impl Delta {
    /// Adds it to the live turn.
    pub(super) fn add_to(&self, live: &Live) -> Result<(), Refusal> {
        match self {
            Self::Text(text) => live.push(text),
            Self::Reasoning(text) => live.reason(text),
        }
    }
}

/// Takes what few turns see; whether the turn goes on.
pub(super) async fn take_unusual(
    core: &Arc<Core>,
    cell: &Arc<Cell>,
    live: &Live,
    unusual: Unusual,
) -> bool {
    match unusual {
        Unusual::Frozen(delta) => {
            let goes_on = take_once_thawed(live, &delta).await;
            if goes_on {
                core.wake(live.progressed());
            }
            goes_on
        }
        Unusual::Retrying { attempt, delay, error } => {
            live.begins_anew(Instant::now() + delay);
            let retry = StoredRetry {
                attempt,
                delay_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
                error: error.into(),
            };
            // A commit of its own; if it fails, the event is left out.
            let _ = core
                .change(cell, true, |rules, state| Ok(retrying(rules, state, live, retry)))
                .await;
            true
        }
        Unusual::Shortened { dropped, kept } => {
            live.begins_anew(Instant::now());
            let message = format!(
                "the conversation did not fit into the model's context: tried again with the \
                 newest {kept} messages, without {dropped}"
            );
            core.note(Severity::Warning, message, Some(cell.worker_id), Some(live.turn_id));
            true
        }
    }
}

/// Takes a delta that came while an end was being committed, if that end does not come about.
async fn take_once_thawed(live: &Live, delta: &Delta) -> bool {
    loop {
        live.thawed().await;
        match delta.add_to(live) {
            Ok(()) => return true,
            Err(Refusal::Frozen) => {}
            Err(Refusal::Over) => return false,
        }
    }
}

fn retrying(rules: &Rules<'_>, state: &CellState, live: &Live, retry: StoredRetry) -> Decision<()> {
    let Some(running) = current(&state.record, live) else { return Decision::Keep(()) };
    let mut draft = Draft::of(&state.record, rules.now_ms, running.tags.clone());
    let retry = Arc::new(retry);
    draft.event(Some(live.turn_id), StoredEventBody::TurnRetrying { retry });
    Decision::Change(draft, ())
}

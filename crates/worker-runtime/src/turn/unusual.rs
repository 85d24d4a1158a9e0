//! Handles the events that few turns have: text during the commit of an end, a retry, and a
//! shortened history.

use std::{sync::Arc, time::Duration};

use llm_engine::{EngineError, TokenUsage};

use crate::{
    commit::{
        change::{Cause, Decision},
        seal::Seal,
    },
    domain::{context::DecisionContext, draft::Draft, snapshot::Snapshot},
    identity::TurnId,
    model::{Severity, wire},
    state::{
        core::Core,
        live::{Live, Refusal},
        worker_cell::WorkerCell,
    },
    store::{CommandMetadata, StoredEventBody, StoredRetry},
    sync::after,
    turn::ending::current,
};

/// An event that few turns have.
#[derive(Debug)]
pub(super) enum Unusual {
    /// Text that came while an end is being committed. The text is added if that commit fails.
    Sealed(Delta),
    /// A call failed and is made again.
    Retrying { attempt: u32, delay: Duration, error: EngineError },
    /// The conversation did not fit into the model's context. The turn runs again with fewer
    /// messages.
    Shortened { dropped: usize, kept: usize },
}

/// More text or reasoning.
#[derive(Debug)]
pub(super) enum Delta {
    Text(String),
    Reasoning(String),
}

impl Delta {
    /// Adds the delta to the live turn.
    pub(super) fn add_to(&self, live: &Live) -> Result<(), Refusal> {
        match self {
            Self::Text(text) => live.push(text),
            Self::Reasoning(text) => live.reason(text),
        }
    }
}

/// Handles the event. Returns `false` if the turn is over.
pub(super) async fn take_unusual(
    core: &Arc<Core>,
    cell: &Arc<WorkerCell>,
    live: &Live,
    unusual: Unusual,
) -> bool {
    match unusual {
        Unusual::Sealed(delta) => {
            let goes_on = take_once_unsealed(live, &delta).await;
            if goes_on {
                core.wake(live.progressed());
            }
            goes_on
        }
        Unusual::Retrying { attempt, delay, error } => {
            live.begins_anew(after(core.executor.now(), delay));
            let retry =
                StoredRetry { attempt, delay_ms: wire::milliseconds(delay), error: error.into() };
            let (turn_id, tokens) = (live.turn_id, live.usage());
            let retrying = core.change(cell, Seal::No, Cause::Runtime, move |context, worker| {
                Ok(retrying(context, worker, (turn_id, tokens), retry))
            });
            // If the commit fails, the event is left out and the turn goes on.
            let _ = retrying.await;
            true
        }
        Unusual::Shortened { dropped, kept } => {
            live.begins_anew(core.executor.now());
            let message = format!(
                "the conversation did not fit into the model's context: tried again with the \
                 newest {kept} messages, without {dropped}"
            );
            core.note(Severity::Warning, message, &**cell, Some(live.turn_id));
            true
        }
    }
}

/// Adds a delta that came while an end was being committed, once that commit has failed. Returns
/// `false` if the commit succeeded.
async fn take_once_unsealed(live: &Live, delta: &Delta) -> bool {
    loop {
        live.unsealed().await;
        match delta.add_to(live) {
            Ok(()) => return true,
            Err(Refusal::Sealed) => {}
            Err(Refusal::Over) => return false,
        }
    }
}

fn retrying(
    context: &DecisionContext<'_>,
    worker: &Snapshot<'_>,
    (turn_id, tokens): (TurnId, TokenUsage),
    retry: StoredRetry,
) -> Decision<()> {
    let Some(running) = current(worker.record, turn_id) else { return Decision::Keep(()) };
    let mut draft = Draft::of(worker.record, context.now_ms, CommandMetadata::of_turn(running));
    draft.keep_tokens(running, tokens);
    let retry = Arc::new(retry);
    draft.event(Some(turn_id), StoredEventBody::TurnRetrying { retry });
    Decision::Change(draft, ())
}

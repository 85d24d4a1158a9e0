//! Moves the engine's text and tokens into the live turn.

use std::{future::poll_fn, pin::Pin, task::Poll};

use futures_core::Stream;
use llm_engine::TurnEvent;
use worker::{HistoryTurn, WorkerEvent};

use crate::{
    state::{
        core::Core,
        live::{Live, Refusal},
    },
    turn::{
        ending::Ending,
        unusual::{Delta, Unusual},
    },
};

/// An event of a turn that is neither text nor tokens.
#[derive(Debug)]
pub(super) enum Step {
    /// The engine's stream has ended.
    Ended(Ending),
    /// The turn was ended by something other than its engine.
    Over,
    /// An event that few turns have.
    Unusual(Unusual),
}

/// Moves text and token counts into the live turn until another event comes. Deltas that are ready
/// together wake the readers once.
pub(super) fn next_step(
    core: &Core,
    live: &Live,
    turn: &mut HistoryTurn<'_>,
) -> impl Future<Output = Step> {
    poll_fn(|context| {
        let mut moved = false;
        let step = loop {
            let taken = match Pin::new(&mut *turn).poll_next(context) {
                Poll::Ready(Some(event)) => take(live, event),
                Poll::Ready(None) => Err(Step::Over),
                Poll::Pending => break Poll::Pending,
            };
            match taken {
                Ok(more) => moved |= more,
                Err(step) => break Poll::Ready(step),
            }
        };
        // A call that fails may have reported tokens just before, without a separate usage event.
        live.set_usage(turn.usage());
        if moved {
            core.wake(live.progressed());
        }
        step
    })
}

/// Adds an event of text or tokens to the live turn. Returns whether the event was text, or the
/// step that the caller must handle.
fn take(live: &Live, event: WorkerEvent) -> Result<bool, Step> {
    let delta = match event {
        WorkerEvent::Turn(TurnEvent::TextDelta(text)) => Delta::Text(text),
        WorkerEvent::Turn(TurnEvent::ReasoningDelta(text)) => Delta::Reasoning(text),
        WorkerEvent::Turn(TurnEvent::Usage(usage)) => {
            // Set at once, because the engine may block its thread in the next poll.
            live.set_usage(usage);
            return Ok(false);
        }
        WorkerEvent::Turn(TurnEvent::Retrying { attempt, delay, error }) => {
            return Err(Step::Unusual(Unusual::Retrying { attempt, delay, error }));
        }
        WorkerEvent::Turn(TurnEvent::Completed { stop_reason, .. }) => {
            return Err(Step::Ended(Ending::completed(stop_reason)));
        }
        WorkerEvent::Turn(TurnEvent::Cancelled { .. }) => {
            return Err(Step::Ended(Ending::cancelled(None)));
        }
        WorkerEvent::Turn(TurnEvent::Failed { error, .. }) => {
            return Err(Step::Ended(Ending::failed(error.into())));
        }
        WorkerEvent::HistoryShortened { dropped, kept } => {
            return Err(Step::Unusual(Unusual::Shortened { dropped, kept }));
        }
        // An event that this crate does not know yet is neither text nor the end of the turn.
        WorkerEvent::Turn(TurnEvent::Started | _) | _ => return Ok(false),
    };
    delta.add_to(live).map(|()| true).map_err(|refusal| refused(refusal, || delta))
}

fn refused(refusal: Refusal, delta: impl FnOnce() -> Delta) -> Step {
    match refusal {
        Refusal::Sealed => Step::Unusual(Unusual::Sealed(delta())),
        Refusal::Over => Step::Over,
    }
}

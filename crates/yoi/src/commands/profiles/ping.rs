//! A short turn that checks whether a profile works.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use llm_engine::{EngineError, Message, TurnEvent};
use worker::{Profile, Worker, WorkerEvent};

use crate::provider_words;

/// The deadline of the turn, long enough for a model that must be loaded first.
const MAX_TURN: Duration = Duration::from_mins(5);

/// The largest number of tokens in the answer, which bounds its cost.
const MAX_TOKENS: u32 = 64;

/// Sends a short prompt to the model. Returns a text with the time that the answer took, or the
/// problem.
pub(super) async fn ping(mut profile: Profile) -> Result<String, String> {
    let turn = &mut Arc::make_mut(&mut profile.policy).deadlines.turn;
    *turn = MAX_TURN.min(*turn);
    let tokens = &mut Arc::make_mut(&mut profile.sampling).max_output_tokens;
    *tokens = Some(tokens.map_or(MAX_TOKENS, |tokens| tokens.min(MAX_TOKENS)));

    let began = Instant::now();
    let mut worker = Worker::new(Arc::new(profile));
    let mut turn = worker.turn(Message::user("Say hello."));
    while let Some(event) = turn.next().await {
        match event {
            WorkerEvent::Turn(TurnEvent::Completed { .. }) => {
                let ms = began.elapsed().as_secs_f64() * 1000.0;
                return Ok(format!("ok, answered within {:.0} ms", ms + 1.0));
            }
            WorkerEvent::Turn(TurnEvent::Failed { error, .. }) => return Err(problem(error)),
            WorkerEvent::Turn(
                TurnEvent::Cancelled { .. }
                | TurnEvent::Started
                | TurnEvent::TextDelta(_)
                | TurnEvent::ReasoningDelta(_)
                | TurnEvent::Usage(_)
                | TurnEvent::Retrying { .. }
                | _,
            )
            | WorkerEvent::HistoryShortened { .. }
            | _ => {}
        }
    }
    Err("the turn ended before its end".to_owned())
}

fn problem(error: EngineError) -> String {
    let said = error.provider.and_then(|said| provider_words::line(&(*said).into()));
    said.map_or_else(|| error.message.to_string(), |said| format!("{}; {said}", error.message))
}

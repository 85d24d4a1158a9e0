//! A tiny turn, to see whether a profile works.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use llm_engine::{Message, TurnEvent};
use worker::{Profile, Worker, WorkerEvent};

/// Enough for any model to answer, however slowly it loads.
const LONGEST_TURN: Duration = Duration::from_mins(5);

/// As much as an answer may cost.
const MOST_TOKENS: u32 = 64;

/// Has the model say a few words, and tells how long it took or what went wrong.
pub(super) async fn ping(mut profile: Profile) -> Result<String, String> {
    let turn = &mut Arc::make_mut(&mut profile.policy).deadlines.turn;
    *turn = LONGEST_TURN.min(*turn);
    let tokens = &mut Arc::make_mut(&mut profile.sampling).max_output_tokens;
    *tokens = Some(tokens.map_or(MOST_TOKENS, |tokens| tokens.min(MOST_TOKENS)));

    let began = Instant::now();
    let mut worker = Worker::new(Arc::new(profile));
    let mut turn = worker.turn(Message::user("Say hello."));
    while let Some(event) = turn.next().await {
        match event {
            WorkerEvent::Turn(TurnEvent::Completed { .. }) => {
                return Ok(format!("ok, answered within {} ms", began.elapsed().as_millis() + 1));
            }
            WorkerEvent::Turn(TurnEvent::Failed { error, .. }) => return Err(error.message),
            WorkerEvent::Turn(
                TurnEvent::Cancelled { .. }
                | TurnEvent::Started
                | TurnEvent::TextDelta(_)
                | TurnEvent::ReasoningDelta(_)
                | TurnEvent::Retrying { .. },
            )
            | WorkerEvent::HistoryShortened { .. } => {}
        }
    }
    Err("the turn ended before its end".to_owned())
}

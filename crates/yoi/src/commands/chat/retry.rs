//! `/retry`: sends a message again whose turn did not complete.

use worker_runtime::{
    RuntimeError,
    model::TurnOutcome,
    queries::{GetTranscript, GetWorker, TranscriptFrom},
};

use super::{outcome::Outcome, workers::Workers};

/// Sends the last message again, unless it was answered.
pub(super) async fn retry(workers: &mut Workers) -> Result<Outcome, RuntimeError> {
    let worker = workers.current();
    let detail = workers.runtime.handle(GetWorker { worker }).await?.detail;
    let Some(turn) = detail.last_turn else {
        return Ok(refused("nothing was said yet"));
    };
    let Some(sequence) = turn.input_sequence.filter(|_| detail.turn_id.is_none()) else {
        return Ok(refused("a turn runs: /cancel ends it"));
    };
    if turn.outcome == Some(TurnOutcome::Completed) {
        return Ok(refused("the last message was answered; send it again for another answer"));
    }
    let from = Some(TranscriptFrom::after(sequence - 1));
    let page = workers.runtime.handle(GetTranscript { worker, from, limit: Some(1) }).await?;
    let Some(entry) = page.entries.first() else {
        return Ok(refused("the last message is not in the transcript any more"));
    };
    workers.say(entry.text.to_string()).await.map(|()| Outcome::Silent)
}

fn refused(why: &str) -> Outcome {
    Outcome::Refused(why.to_owned())
}

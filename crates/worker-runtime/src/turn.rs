//! Drives one turn: the engine's stream into the Worker's live text, and its end into a commit.

mod ending;
mod gather;

use std::{future::poll_fn, sync::Arc, task::Poll};

use llm_engine::{Joined, TokenUsage, TurnEvent};
use tokio::time::Instant;
use tracing::Instrument;
use worker::{HistoryTurn, WorkerEvent};

pub(crate) use self::ending::{cancel_late, time_out, turn_ends};
use self::{
    ending::{Ending, finish},
    gather::gather,
};
use crate::{
    cell::{Cell, CellState},
    change::Decision,
    core::Core,
    draft::Draft,
    event::{Fact, RetryFact},
    live::{Live, Refusal},
    model::{Severity, TurnDetail},
    record::WorkerRecord,
    rules::Rules,
    watch,
};

/// Starts the task that drives a turn. It exists as long as the turn runs.
pub(crate) fn begin(core: &Arc<Core>, cell: &Arc<Cell>, live: Arc<Live>) {
    let span = tracing::info_span!(
        "turn",
        runtime_id = %core.owner.runtime_id,
        worker_id = %cell.worker_id,
        turn_id = %live.turn_id,
    );
    let drive = drive(Arc::clone(core), Arc::clone(cell), Arc::clone(&live)).instrument(span);
    live.driven_by(core.turn_handle.spawn(drive).abort_handle());
    watch::ensure(core);
}

async fn drive(core: Arc<Core>, cell: Arc<Cell>, live: Arc<Live>) {
    // The futures of what passes soon or comes rarely are boxed: all the others wait with the engine.
    let request = match Box::pin(gather(&core, &cell, &live)).await {
        Ok(request) => request,
        Err(error) => {
            let ending = Ending::failed(error, TokenUsage::default());
            return Box::pin(finish(&core, &cell, &live, ending)).await;
        }
    };
    let Some(request) = request else { return };
    let finished = match follow(&core, &cell, &live, &mut live.profile.turn(request)).await {
        Some(ending) => {
            live.engine_ended();
            Box::pin(finish(&core, &cell, &live, ending))
        }
        None => return,
    };
    finished.await;
}

/// Something of the engine's that is more than text.
enum Step {
    Event(WorkerEvent),
    /// An end is being committed by somebody else; this output waits for it.
    Frozen(TurnEvent),
    Over,
}

/// Moves the engine's text into the live turn until the turn ends; `None` if somebody else ended it.
async fn follow(
    core: &Arc<Core>,
    cell: &Arc<Cell>,
    live: &Arc<Live>,
    turn: &mut HistoryTurn,
) -> Option<Ending> {
    loop {
        let unusual = match next_step(core, live, turn).await? {
            Step::Event(WorkerEvent::Turn(TurnEvent::Started)) => continue,
            Step::Event(WorkerEvent::Turn(event)) if event.is_terminal() => {
                return Ending::of(event);
            }
            step => Box::pin(take_unusual(core, cell, live, step)),
        };
        unusual.await?;
    }
}

/// Takes what is neither text nor an end; `None` if the turn is over.
async fn take_unusual(
    core: &Arc<Core>,
    cell: &Arc<Cell>,
    live: &Arc<Live>,
    step: Step,
) -> Option<()> {
    match step {
        Step::Over => None,
        Step::Frozen(delta) => take_once_thawed(live, delta).await,
        Step::Event(WorkerEvent::HistoryShortened { dropped, kept }) => {
            live.begins_anew(Instant::now());
            let message = format!(
                "the conversation did not fit into the model's context: tried again with the \
                 newest {kept} messages, without {dropped}"
            );
            core.note(Severity::Warning, message, Some(cell.worker_id), Some(live.turn_id));
            Some(())
        }
        Step::Event(WorkerEvent::Turn(TurnEvent::Retrying { attempt, delay, error })) => {
            live.begins_anew(Instant::now() + delay);
            let retry = RetryFact {
                attempt,
                delay_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
                error: error.into(),
            };
            // A commit of its own; if it fails, the event is left out.
            let _ = core
                .change(cell, true, |rules, state| Ok(retrying(rules, state, live, retry)))
                .await;
            Some(())
        }
        Step::Event(WorkerEvent::Turn(
            TurnEvent::Started
            | TurnEvent::TextDelta(_)
            | TurnEvent::ReasoningDelta(_)
            | TurnEvent::Completed { .. }
            | TurnEvent::Cancelled { .. }
            | TurnEvent::Failed { .. },
        )) => Some(()),
    }
}

/// Takes deltas as they come, waking readers once for all that were ready together.
fn next_step(
    core: &Core,
    live: &Live,
    turn: &mut HistoryTurn,
) -> impl Future<Output = Option<Step>> {
    poll_fn(|context| {
        let mut moved = false;
        let step = loop {
            match turn.poll_joined(context) {
                Poll::Ready(Some(Joined::Text(part))) => {
                    let text = &turn.text()[part];
                    match live.push(text) {
                        Ok(()) => moved = true,
                        Err(refusal) => {
                            let delta = TurnEvent::TextDelta(text.to_owned());
                            break Poll::Ready(Some(refused(refusal, delta)));
                        }
                    }
                }
                Poll::Ready(Some(Joined::Event(WorkerEvent::Turn(event)))) => {
                    match take(live, event) {
                        Ok(()) => moved = true,
                        Err(step) => break Poll::Ready(Some(step)),
                    }
                }
                Poll::Ready(Some(Joined::Event(event))) => {
                    break Poll::Ready(Some(Step::Event(event)));
                }
                Poll::Ready(None) => break Poll::Ready(None),
                Poll::Pending => break Poll::Pending,
            }
        };
        if moved {
            core.wake(live.progressed(turn.usage(), Instant::now()));
        }
        step
    })
}

/// Takes a delta into the live turn; anything else is given back.
#[expect(clippy::result_large_err, reason = "what is no delta is given back as it came")]
fn take(live: &Live, event: TurnEvent) -> Result<(), Step> {
    let taken = match &event {
        TurnEvent::TextDelta(delta) => live.push(delta),
        TurnEvent::ReasoningDelta(delta) => live.reason(delta),
        TurnEvent::Started
        | TurnEvent::Retrying { .. }
        | TurnEvent::Completed { .. }
        | TurnEvent::Cancelled { .. }
        | TurnEvent::Failed { .. } => return Err(Step::Event(WorkerEvent::Turn(event))),
    };
    taken.map_err(|refusal| refused(refusal, event))
}

fn refused(refusal: Refusal, delta: TurnEvent) -> Step {
    match refusal {
        Refusal::Frozen => Step::Frozen(delta),
        Refusal::Over => Step::Over,
    }
}

/// Takes a delta that came while an end was being committed, if that end does not come about.
async fn take_once_thawed(live: &Live, mut delta: TurnEvent) -> Option<()> {
    loop {
        live.thawed().await;
        match take(live, delta) {
            Ok(()) => return Some(()),
            Err(Step::Frozen(again)) => delta = again,
            Err(Step::Event(_) | Step::Over) => return None,
        }
    }
}

fn retrying(rules: &Rules<'_>, state: &CellState, live: &Live, retry: RetryFact) -> Decision<()> {
    let Some(running) = current(&state.record, live) else { return Decision::Keep(()) };
    let mut draft = Draft::of(&state.record, rules.now_ms, running.tags.clone());
    let retry = Arc::new(retry);
    draft.event(Some(live.turn_id), Fact::TurnRetrying { retry });
    Decision::Change(draft, ())
}

fn current<'a>(record: &'a WorkerRecord, live: &Live) -> Option<&'a Arc<TurnDetail>> {
    record.running_turn().filter(|turn| turn.turn_id == live.turn_id)
}

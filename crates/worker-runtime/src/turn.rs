//! Drives one turn: the engine's stream into the Worker's live text, and its end into a commit.

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use llm_engine::{Joined, Message, ModelRequest, TokenUsage, TurnEvent};
use tokio::time::Instant;
use tracing::Instrument;
use worker::{HistoryTurn, WorkerEvent};

use crate::{
    cell::{Cell, CellState},
    change::Decision,
    core::Core,
    draft::{Draft, TurnEnd},
    error::RuntimeError,
    event::{Fact, RetryFact},
    identity::TurnId,
    lifecycle::{self, Answer, Trigger},
    live::{Live, Refusal},
    model::{Severity, TurnError, TurnErrorKind, TurnOutcome, WorkerState},
    record::WorkerRecord,
    rules::Rules,
    watch,
};

/// The most entries that are read from the store at once when a history is gathered.
const HISTORY_PAGE: u64 = 128;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

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

/// What the model is asked: by the Worker's profile, with the newest part of its transcript.
async fn gather(
    core: &Core,
    cell: &Cell,
    live: &Live,
) -> Result<Option<Arc<ModelRequest>>, TurnError> {
    let record = {
        let state = cell.lock();
        let is_current = state.live.as_ref().is_some_and(|it| it.turn_id == live.turn_id);
        if !is_current {
            return Ok(None);
        }
        Arc::clone(&state.record)
    };
    let mut selection = live.profile.history.selector();
    let most = live.profile.history.max_messages.max(1);
    let page_size = u64::try_from(most).map_or(HISTORY_PAGE, |most| most.min(HISTORY_PAGE));
    let mut history: Vec<Message> = Vec::new();
    let mut end = record.entries;
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
    let instructions = record.spec.instructions.as_ref().or(profile.instructions.as_ref());
    Ok(Some(Arc::new(profile.request(instructions.cloned(), history))))
}

/// How a turn ends that no command ends. Its text is in the live turn.
#[derive(Clone, Debug)]
struct Ending {
    outcome: TurnOutcome,
    /// The same text, where the engine has given it as a whole.
    said: Option<Arc<str>>,
    usage: TokenUsage,
    stop_reason: Option<llm_engine::StopReason>,
    error: Option<TurnError>,
    reason: Option<Arc<str>>,
}

impl Ending {
    fn failed(error: TurnError, usage: TokenUsage) -> Self {
        Self {
            outcome: TurnOutcome::Failed,
            said: None,
            usage,
            stop_reason: None,
            error: Some(error),
            reason: None,
        }
    }

    fn cancelled(usage: TokenUsage, reason: Option<Arc<str>>) -> Self {
        let outcome = TurnOutcome::Cancelled;
        Self { outcome, said: None, usage, stop_reason: None, error: None, reason }
    }

    fn is_of_store(&self) -> bool {
        self.error.as_ref().is_some_and(|it| it.kind == TurnErrorKind::Store)
    }

    fn of(event: TurnEvent) -> Option<Self> {
        match event {
            TurnEvent::Completed { message, stop_reason, usage } => Some(Self {
                outcome: TurnOutcome::Completed,
                said: Some(message),
                usage,
                stop_reason: Some(stop_reason),
                error: None,
                reason: None,
            }),
            TurnEvent::Cancelled { partial: _, usage } => Some(Self::cancelled(usage, None)),
            TurnEvent::Failed { error, partial: _, usage } => {
                Some(Self::failed(error.into(), usage))
            }
            TurnEvent::Started
            | TurnEvent::TextDelta(_)
            | TurnEvent::ReasoningDelta(_)
            | TurnEvent::Retrying { .. } => None,
        }
    }
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

/// Commits a turn's end, as often as it takes. An end that the store surely did not take becomes a
/// failure.
async fn finish(core: &Arc<Core>, cell: &Arc<Cell>, live: &Arc<Live>, mut ending: Ending) {
    let mut pause = FIRST_PAUSE;
    loop {
        let decided =
            core.change(cell, true, |rules, state| Ok(ended(rules, state, live, &ending))).await;
        let Err(RuntimeError::StoreFailed { certain, .. }) = decided else { return };
        // Nothing is sure while a change of the Worker is not settled, be it this one or another.
        let mut was_unsettled = false;
        while cell.lock().unsettled {
            was_unsettled = true;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        if current(&cell.lock().record, live).is_none() {
            return;
        }
        let other_was_unsettled = certain && was_unsettled;
        if !other_was_unsettled && !ending.is_of_store() {
            let message = "the store did not take the end of a turn; trying again";
            core.note(Severity::Error, message, Some(cell.worker_id), Some(live.turn_id));
            let error = TurnError::store("the store did not take the end of the turn");
            ending = Ending::failed(error, ending.usage);
        }
        if !was_unsettled {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn ended(rules: &Rules<'_>, state: &CellState, live: &Live, ending: &Ending) -> Decision<()> {
    let Some(running) = current(&state.record, live) else { return Decision::Keep(()) };
    let (text, _) = live.freeze(ending.said.as_ref());
    let end = TurnEnd {
        outcome: ending.outcome,
        text,
        usage: ending.usage,
        stop_reason: ending.stop_reason,
        error: ending.error.clone(),
        reason: ending.reason.clone(),
    };
    let draft = turn_ends(&state.record, running, end, rules.now_ms);
    Decision::Change(draft, ())
}

/// The rule for a turn that ends by itself, or with its Runtime.
pub(crate) fn turn_ends(
    record: &WorkerRecord,
    running: &crate::model::TurnDetail,
    end: TurnEnd,
    now_ms: u64,
) -> Draft {
    let mut draft = Draft::of(record, now_ms, running.tags.clone());
    draft.end_turn(running, end, state_after_turn(record.state), None);
    draft
}

/// The state that a Worker is in once its turn has ended by itself.
fn state_after_turn(state: WorkerState) -> WorkerState {
    match lifecycle::answer(state, Trigger::TurnEnds) {
        Answer::Becomes { state, .. } => state,
        Answer::NoTurn
        | Answer::Already
        | Answer::Removed
        | Answer::Ignored
        | Answer::Refused { .. } => state,
    }
}

/// Ends a turn as failed because a deadline passed that its engine did not keep.
pub(crate) async fn time_out(core: &Arc<Core>, cell: &Arc<Cell>, live: &Arc<Live>, which: &str) {
    let error = llm_engine::EngineError::new(
        llm_engine::ErrorKind::Timeout,
        format!("{which} passed and the engine did not stop by itself"),
    );
    let usage = live.usage();
    finish(core, cell, live, Ending::failed(error.into(), usage)).await;
}

/// Cancels a turn because the deadline of a stop has passed, for the reason that the stop had.
pub(crate) async fn cancel_late(core: &Arc<Core>, cell: &Arc<Cell>, turn_id: TurnId) {
    let (live, reason) = {
        let state = cell.lock();
        (state.live.clone(), state.record.end_reason.clone())
    };
    let Some(live) = live.filter(|live| live.turn_id == turn_id) else { return };
    let usage = live.usage();
    finish(core, cell, &live, Ending::cancelled(usage, reason)).await;
}

fn current<'a>(record: &'a WorkerRecord, live: &Live) -> Option<&'a Arc<crate::model::TurnDetail>> {
    record.running_turn().filter(|turn| turn.turn_id == live.turn_id)
}

//! A turn of a Worker that keeps its own conversation.

mod calls;
mod ending;
mod tool_runs;

use std::{
    collections::VecDeque,
    fmt, mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_core::Stream;
use llm_engine::{
    BlockCollector, Message, ModelEnd, NextAction, Steps, TokenUsage, ToolChoice, TurnEvent,
};
use tokio::time::Instant;

use crate::{Worker, WorkerEvent, model_turn::ModelTurn};
use tool_runs::ToolRuns;

/// A time that is as good as for ever, and can be added to any other.
const AGES: Duration = Duration::from_hours(30 * 365 * 24);

/// A turn over the Worker's own conversation: a stream of [`WorkerEvent`]s with exactly one terminal
/// event, its last.
///
/// The model is called until it answers without calling a tool. Each model call is as in a
/// [`HistoryTurn`](crate::HistoryTurn), and the deadline of the turn is for all of them and the tools
/// together. A model call that calls tools is added to the conversation with all results as soon as
/// these are there, as one [step](Message::step); the answer when the terminal event is given out.
///
/// Tools run in tasks of their own, so the turn must be polled in a tokio runtime. A tool that
/// panics, takes longer than a minute or says too much costs its own call alone, and so does one
/// that blocks its thread if the runtime has another. A tool that wants to be waited for, by
/// [`Later`](llm_engine::ToolEnd::Later) or [`Ask`](llm_engine::ToolEnd::Ask), fails: only a host
/// that keeps turns can wait.
///
/// Dropping the turn cancels it. Text that had streamed is kept as the answer. If tools run, their
/// step is kept, with results that say which calls were cancelled, and of which it is not known
/// whether they had their effect.
pub struct WorkerTurn<'a> {
    worker: &'a mut Worker,
    steps: Steps,
    phase: Phase,
    /// The output of the present model call.
    output: BlockCollector,
    /// The text of the present model call.
    answer: String,
    /// The token counts of the model calls that are over. `None` until the first one is.
    spent: Option<TokenUsage>,
    /// The time at which the turn must be over. The first poll sets it.
    ends: Option<Instant>,
    /// The events to be given out before anything goes on.
    events: VecDeque<WorkerEvent>,
}

enum Phase {
    Model(Box<ModelTurn>),
    Tools(ToolRuns),
    Over,
}

impl Worker {
    /// Adds `input` to the conversation and has the model answer it.
    ///
    /// The input stays in the conversation, however the turn ends.
    pub fn turn(&mut self, input: Message) -> WorkerTurn<'_> {
        self.conversation.push(input);
        self.resume()
    }

    /// Has the model answer the conversation as it stands. Its newest message is the input, or a
    /// step of a turn that was cut off and goes on.
    pub fn resume(&mut self) -> WorkerTurn<'_> {
        let steps = Steps::new(self.tooling.tools.clone(), self.profile.step_limits);
        let choice = match steps.next() {
            NextAction::CallModel(choice) => choice,
            _ => ToolChoice::Auto,
        };
        let phase = Phase::Model(self.model_turn(choice, self.profile.policy.deadlines.turn));
        WorkerTurn {
            worker: self,
            steps,
            phase,
            output: BlockCollector::default(),
            answer: String::new(),
            spent: None,
            ends: None,
            events: VecDeque::new(),
        }
    }

    fn model_turn(&self, choice: ToolChoice, time: Duration) -> Box<ModelTurn> {
        let history = self.profile.history.select(&self.conversation, self.estimate);
        Box::new(ModelTurn::with_tools(self, history, choice, time))
    }
}

impl WorkerTurn<'_> {
    /// Returns the joined text deltas of the present or last model call that were given out so far.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.answer
    }

    /// Returns the token counts known so far, of all calls.
    #[must_use]
    pub fn usage(&self) -> TokenUsage {
        match &self.phase {
            Phase::Model(model) => self.with_spent(model.usage()),
            Phase::Tools(_) | Phase::Over => self.spent.unwrap_or_default(),
        }
    }

    fn with_spent(&self, mut usage: TokenUsage) -> TokenUsage {
        if let Some(spent) = self.spent {
            usage += spent;
        }
        usage
    }

    /// Takes an event of the present model call.
    fn model_event(&mut self, event: WorkerEvent) {
        let WorkerEvent::Turn(event) = event else {
            self.events.push_back(event);
            return;
        };
        match event {
            TurnEvent::Completed { stop_reason, usage } => {
                self.model_is_over();
                let output = mem::take(&mut self.output).finish();
                self.steps.model_ended(output, ModelEnd::Completed(stop_reason));
                if !self.steps.calls().is_empty() {
                    let step = self.steps.step();
                    self.events.push_back(WorkerEvent::StepCompleted { step, usage });
                    self.decide_calls();
                }
                self.go_on();
            }
            TurnEvent::Failed { error, .. } => {
                self.give_up();
                self.end(TurnEvent::Failed { error, usage: self.usage() });
            }
            TurnEvent::Cancelled { .. } => {
                self.give_up();
                self.end(TurnEvent::Cancelled { usage: self.usage() });
            }
            // One for the whole turn.
            TurnEvent::Started if self.spent.is_some() => {}
            TurnEvent::Usage(usage) => {
                let event = TurnEvent::Usage(self.with_spent(usage));
                self.events.push_back(WorkerEvent::Turn(event));
            }
            event => {
                if let TurnEvent::TextDelta(text) = &event {
                    self.answer.push_str(text);
                }
                self.output.take(&event);
                self.events.push_back(WorkerEvent::Turn(event));
            }
        }
    }

    /// Adds up what the present model call cost.
    fn model_is_over(&mut self) {
        if let Phase::Model(model) = mem::replace(&mut self.phase, Phase::Over) {
            self.spent = Some(self.with_spent(model.usage()));
            if let Some(learned) = model.learned() {
                self.worker.estimate = learned;
            }
        }
    }

    /// Does what the steps say, until there is something to wait for.
    fn go_on(&mut self) {
        loop {
            match self.steps.next() {
                NextAction::BeginCalls(_) | NextAction::CallModel(_)
                    if self.time_left().is_zero() =>
                {
                    return self.out_of_time();
                }
                NextAction::BeginCalls(calls) => {
                    for index in calls {
                        self.begin(index);
                    }
                }
                NextAction::EndStep => {
                    let step = self.steps.end_step();
                    self.keep_step(step);
                }
                NextAction::CallModel(choice) => {
                    let model = self.worker.model_turn(choice, self.time_left());
                    self.phase = Phase::Model(model);
                    return;
                }
                NextAction::Done(end) => {
                    let end = end.clone();
                    return self.done(end);
                }
                NextAction::Wait | _ => return,
            }
        }
    }

    fn time_left(&self) -> Duration {
        let now = Instant::now();
        self.ends.map_or(AGES, |ends| ends.saturating_duration_since(now))
    }
}

impl Stream for WorkerTurn<'_> {
    type Item = WorkerEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WorkerEvent>> {
        let this = self.get_mut();
        let limit = this.worker.profile.policy.deadlines.turn;
        this.ends.get_or_insert_with(|| Instant::now() + limit.min(AGES));
        loop {
            if let Some(event) = this.events.pop_front() {
                return Poll::Ready(Some(event));
            }
            match &mut this.phase {
                Phase::Model(model) => {
                    let event = ready!(model.poll_event(cx));
                    let Some(event) = event else {
                        this.phase = Phase::Over;
                        return Poll::Ready(None);
                    };
                    this.model_event(event);
                }
                Phase::Tools(runs) => {
                    let happened = ready!(runs.poll_happened(cx));
                    let waited = runs.take_waited();
                    this.ends = this.ends.map(|ends| ends + waited);
                    this.take(happened);
                }
                Phase::Over => return Poll::Ready(None),
            }
        }
    }
}

impl Drop for WorkerTurn<'_> {
    fn drop(&mut self) {
        if !matches!(self.phase, Phase::Over) {
            self.give_up();
            self.worker.usage.add(self.usage());
        }
    }
}

impl fmt::Debug for WorkerTurn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerTurn")
            .field("step", &self.steps.step())
            .field("usage", &self.usage())
            .finish_non_exhaustive()
    }
}

//! The loop of model call, tool calls and results, as a value without I/O.

mod action;
mod call;
mod call_end;
mod judge;
mod limits;
mod order;
mod repeats;

use std::mem;

pub use action::{Decision, ModelEnd, NextAction, StepsEnd, StepsFailure};
pub use call::{CallState, StepCall};
pub use call_end::{CallEnd, CallErrorKind, CallOutcome, CutOff};
use judge::Judge;
pub use limits::StepLimits;
use repeats::Repeats;

use crate::{
    Block, CheckedTool, ModelCall, Step, StopReason, ToolChoice, ToolEffects, ToolInput, ToolSet,
    UnpairedResults,
    step::{calls_of, text_of},
};

/// The loop of a turn that uses tools: model call, tool calls, results, and again, until the model
/// answers. It is a value: it waits for nothing, has no clock and calls nothing. Its host asks what
/// is [next](Self::next), does that, and tells what came of it.
///
/// Whatever the model and the tools do:
///
/// - A call runs only if it is whole, its tool was offered and the input schema accepts its
///   arguments. It runs once.
/// - Calls begin in the model's order, as [`next`](Self::next) says.
/// - Each call of a [step](Step) has exactly one result, and all results of a step go back to the
///   model together, in the order of the calls.
/// - The turn ends within its [limits](StepLimits).
///
/// A host that keeps turns keeps the whole steps, and of the open step the blocks and the
/// [state](CallState) of each call. [`resume`](Self::resume) and [`with_open`](Self::with_open)
/// make the same value of them.
///
/// ```
/// use llm_engine::{Block, ModelEnd, NextAction, StepLimits, Steps, StopReason, ToolChoice, ToolSet};
///
/// let mut steps = Steps::new(ToolSet::default(), StepLimits::default());
/// assert!(matches!(steps.next(), NextAction::CallModel(ToolChoice::Auto)));
/// let blocks = vec![Block::Text("Hello".into())];
/// steps.model_ended(blocks, ModelEnd::Completed(StopReason::EndTurn));
/// assert!(matches!(steps.next(), NextAction::Done(_)));
/// ```
#[derive(Clone, Debug)]
pub struct Steps {
    tools: ToolSet,
    limits: StepLimits,
    /// The number of whole steps.
    whole: u32,
    repeats: Repeats,
    phase: Phase,
}

#[derive(Clone, Debug)]
enum Phase {
    /// The model is to be called, or is being called.
    Model,
    Calls {
        blocks: Vec<Block>,
        calls: Vec<StepCall>,
    },
    Over(StepsEnd),
}

impl Steps {
    /// Creates the loop of a new turn.
    #[must_use]
    pub fn new(tools: ToolSet, limits: StepLimits) -> Self {
        let repeats = Repeats::new(limits.same_calls);
        Self { tools, limits, whole: 0, repeats, phase: Phase::Model }
    }

    /// Creates the loop of a turn that has these whole steps. The model is called next.
    pub fn resume<'a>(
        tools: ToolSet,
        limits: StepLimits,
        whole: impl IntoIterator<Item = &'a Step>,
    ) -> Self {
        let mut steps = Self::new(tools, limits);
        for step in whole {
            let calls = step.calls();
            let counted = calls.map(|(call, result)| steps.repeats.count(call, result));
            let is_repeated = counted.fold(false, |so_far, repeat| so_far | repeat.is_too_often());
            steps.step_is_whole(is_repeated);
        }
        steps
    }

    /// Sets the step that was open: the output of its model call, and the state of each call in it.
    ///
    /// A call that has not begun and whose tool is gone, or does not accept the arguments any more,
    /// [fails](CallErrorKind::ToolChanged). A call that was running when its program died cannot be
    /// found running: whether it begins again, as [ready](CallState::Ready), or is
    /// [over](CallEnd::cut_off), is for the host to say.
    pub fn with_open(
        mut self,
        blocks: Vec<Block>,
        states: Vec<CallState>,
    ) -> Result<Self, UnpairedResults> {
        let calls: Vec<ModelCall> = calls_of(&blocks).cloned().collect();
        if calls.len() != states.len() {
            return Err(UnpairedResults { calls: calls.len(), results: states.len() });
        }
        let judge = self.judge(StopReason::EndTurn);
        let restored = calls.into_iter().zip(states).enumerate().map(|(index, (call, state))| {
            let runnable = judge.judge(index, &call).ok();
            let state = match state {
                CallState::Undecided | CallState::Ready if runnable.is_none() => {
                    let words = "the tool was changed before the call began; call it again if it is \
                                 still what you need";
                    CallState::Ended(CallEnd::failed(CallErrorKind::ToolChanged, words))
                }
                state => state,
            };
            StepCall { call, runnable, state }
        });
        let calls = restored.collect();
        self.phase = Phase::Calls { blocks, calls };
        Ok(self)
    }

    /// Returns the tools that the model is offered.
    #[must_use]
    pub fn tools(&self) -> &ToolSet {
        &self.tools
    }

    /// Returns the number of the present step, from 1. Once the turn is over it is that of the step
    /// that would have been next.
    #[must_use]
    pub fn step(&self) -> u32 {
        self.whole.saturating_add(1)
    }

    /// Returns the calls of the open step, in the model's order. There are none while the model is
    /// called.
    #[must_use]
    pub fn calls(&self) -> &[StepCall] {
        match &self.phase {
            Phase::Calls { calls, .. } => calls,
            Phase::Model | Phase::Over(_) => &[],
        }
    }

    /// Returns what is to be done next. It changes nothing, so that it can be asked at any time.
    ///
    /// A call begins when all before it are over. Neighbouring calls of
    /// [parallel](crate::ToolSpec::is_parallel) tools begin together. A call that is undecided or
    /// waits holds those after it, except its neighbours of parallel tools if it is of one too.
    #[must_use]
    pub fn next(&self) -> NextAction<'_> {
        match &self.phase {
            Phase::Model if self.is_last() => NextAction::CallModel(ToolChoice::None),
            Phase::Model => NextAction::CallModel(ToolChoice::Auto),
            Phase::Calls { calls, .. } => {
                let begin = order::may_begin(calls);
                if !begin.is_empty() {
                    NextAction::BeginCalls(begin)
                } else if calls.iter().all(StepCall::is_over) {
                    NextAction::EndStep
                } else {
                    NextAction::Wait
                }
            }
            Phase::Over(end) => NextAction::Done(end),
        }
    }

    /// Tells how a model call ended, with its output. Each call in it becomes
    /// [ready](CallState::Ready), or [fails](CallState::Ended) with words for the model.
    ///
    /// Whether there are calls is decided by the output; whether they may run, by the reason for
    /// which the model stopped, too. Nothing of a call that was cut is kept but its text.
    pub fn model_ended(&mut self, blocks: Vec<Block>, end: ModelEnd) {
        if !matches!(self.phase, Phase::Model) {
            return;
        }
        self.phase = match end {
            ModelEnd::Cut => Phase::Over(StepsEnd::Cut { text: text_of(&blocks) }),
            ModelEnd::Completed(stop_reason) if calls_of(&blocks).next().is_some() => {
                let judge = self.judge(stop_reason);
                let calls = calls_of(&blocks).enumerate().map(|(index, call)| {
                    let (runnable, state) = match judge.judge(index, call) {
                        Ok(runnable) => (Some(runnable), CallState::Ready),
                        Err(end) => (None, CallState::Ended(end)),
                    };
                    StepCall { call: call.clone(), runnable, state }
                });
                let calls = calls.collect();
                Phase::Calls { blocks, calls }
            }
            ModelEnd::Completed(StopReason::ToolCall | StopReason::MalformedCall)
                if !self.tools.is_empty() =>
            {
                Phase::Over(StepsEnd::Failed(StepsFailure::Protocol))
            }
            ModelEnd::Completed(stop_reason) => {
                Phase::Over(StepsEnd::Answered { blocks, stop_reason })
            }
        };
    }

    /// Holds a ready call until it is [decided](Self::decided). Returns whether it was ready.
    pub fn hold(&mut self, index: usize) -> bool {
        self.change(index, &CallState::Ready, CallState::Undecided)
    }

    /// Tells whether an undecided call may begin. Returns whether it was undecided.
    pub fn decided(&mut self, index: usize, decision: &Decision) -> bool {
        let state = match decision {
            Decision::Allow => CallState::Ready,
            Decision::Deny { note } => CallState::Ended(CallEnd::denied(note)),
        };
        self.change(index, &CallState::Undecided, state)
    }

    /// Tells that a ready call begins. Returns its tool and its arguments, if it was ready, so that
    /// nothing begins twice.
    pub fn call_began(&mut self, index: usize) -> Option<(CheckedTool, ToolInput)> {
        let is_ready = self.change(index, &CallState::Ready, CallState::Running);
        if is_ready { self.calls().get(index)?.runnable.clone() } else { None }
    }

    /// Tells that a running call waits for a result or an answer from outside. Returns whether it
    /// was running.
    pub fn call_waits(&mut self, index: usize) -> bool {
        self.change(index, &CallState::Running, CallState::Waiting)
    }

    /// Tells that a waiting call has its answer and is to begin again. Returns whether it waited. If
    /// its tool is gone, it is over, and uncertain.
    pub fn call_again(&mut self, index: usize) -> bool {
        let is_runnable = self.calls().get(index).is_some_and(|it| it.runnable().is_some());
        let state = if is_runnable {
            CallState::Ready
        } else {
            CallState::Ended(CallEnd::cut_off(ToolEffects::Unsafe, CutOff::ToolChanged))
        };
        self.change(index, &CallState::Waiting, state)
    }

    /// Tells that a call is over. Returns whether it was not over before: a second end is passed
    /// over.
    pub fn tool_ended(&mut self, index: usize, end: CallEnd) -> bool {
        let Some(call) = self.call_mut(index).filter(|call| !call.is_over()) else { return false };
        call.state = CallState::Ended(end);
        true
    }

    /// Takes the whole step once all calls are over. `None` if one is not, or there is no step.
    ///
    /// The results are in the order of the calls. The model is called next, unless that is one call
    /// too many.
    pub fn end_step(&mut self) -> Option<Step> {
        if !matches!(self.next(), NextAction::EndStep) {
            return None;
        }
        let Phase::Calls { blocks, calls } = mem::replace(&mut self.phase, Phase::Model) else {
            return None;
        };
        let mut is_repeated = false;
        let results = calls.iter().filter_map(|call| {
            let CallState::Ended(end) = &call.state else { return None };
            let repeat = self.repeats.count(&call.call, &end.result);
            is_repeated |= repeat.is_too_often();
            Some(repeat.tell(&end.result))
        });
        let step = Step::new(blocks, results.collect()).ok();
        self.step_is_whole(is_repeated);
        step
    }

    /// Gives the turn up. Calls that have not begun are cancelled, and those that have are
    /// [cut off](CallEnd::cut_off). Returns the open step, which is whole by that.
    pub fn abandon(&mut self) -> Option<Step> {
        if matches!(self.phase, Phase::Over(_)) {
            return None;
        }
        if let Phase::Calls { calls, .. } = &mut self.phase {
            for call in calls.iter_mut().filter(|call| !call.is_over()) {
                call.state = CallState::Ended(match call.state {
                    CallState::Running | CallState::Waiting => {
                        // A tool that is gone may have had effects.
                        let effects = call
                            .runnable()
                            .map_or(ToolEffects::Unsafe, |(tool, _)| tool.spec().effects);
                        CallEnd::cut_off(effects, CutOff::Cancelled)
                    }
                    CallState::Undecided | CallState::Ready | CallState::Ended(_) => {
                        CallEnd::cancelled()
                    }
                });
            }
        }
        let step = self.end_step();
        self.phase = Phase::Over(StepsEnd::Abandoned);
        step
    }

    /// Returns whether no step may follow the present one.
    fn is_last(&self) -> bool {
        !self.tools.is_empty() && self.step() >= self.limits.steps
    }

    fn judge(&self, stop_reason: StopReason) -> Judge<'_> {
        Judge { tools: &self.tools, limits: &self.limits, stop_reason, is_last: self.is_last() }
    }

    fn step_is_whole(&mut self, is_repeated: bool) {
        self.whole = self.step();
        self.phase = if is_repeated {
            Phase::Over(StepsEnd::Failed(StepsFailure::Repeated))
        } else if self.whole >= self.limits.steps.max(1) {
            Phase::Over(StepsEnd::Failed(StepsFailure::Limit))
        } else {
            Phase::Model
        };
    }

    fn change(&mut self, index: usize, from: &CallState, to: CallState) -> bool {
        let Some(call) = self.call_mut(index).filter(|call| call.state == *from) else {
            return false;
        };
        call.state = to;
        true
    }

    fn call_mut(&mut self, index: usize) -> Option<&mut StepCall> {
        match &mut self.phase {
            Phase::Calls { calls, .. } => calls.get_mut(index),
            Phase::Model | Phase::Over(_) => None,
        }
    }
}

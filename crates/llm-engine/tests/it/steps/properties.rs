//! Whatever models, tools and people do, a turn keeps its promises.

use llm_engine::{
    Block, CallEnd, CallState, CutOff, Decision, ModelCall, ModelEnd, NextAction, StepLimits,
    Steps, StopReason, ToolEffects, ToolOutput,
};
use proptest::prelude::*;

use super::tools;

/// What happens next, as far as the loop lets it.
#[derive(Clone, Debug)]
enum Event {
    Hold(usize),
    Decide(usize, bool),
    Begin(usize),
    Wait(usize),
    Again(usize),
    End(usize, u8),
    /// The program dies: what ran is ready again, or uncertain.
    Restart,
}

fn block() -> impl Strategy<Value = Block> {
    let names = prop::sample::select(vec!["read", "keep", "send", "none"]);
    let arguments = prop::sample::select(vec![r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":"#, "", "[]"]);
    prop_oneof![
        1 => Just(Block::Text("text".into())),
        4 => (names, arguments).prop_map(|(name, arguments)| {
            Block::Call(ModelCall::new(name, arguments))
        }),
    ]
}

fn model() -> impl Strategy<Value = (Vec<Block>, ModelEnd)> {
    let end = prop_oneof![
        12 => Just(ModelEnd::Completed(StopReason::ToolCall)),
        2 => Just(ModelEnd::Completed(StopReason::MaxTokens)),
        1 => Just(ModelEnd::Cut),
    ];
    (prop::collection::vec(block(), 0..8), end)
}

fn event() -> impl Strategy<Value = Event> {
    let index = || 0..8_usize;
    prop_oneof![
        1 => index().prop_map(Event::Hold),
        1 => (index(), any::<bool>()).prop_map(|(index, allow)| Event::Decide(index, allow)),
        4 => index().prop_map(Event::Begin),
        1 => index().prop_map(Event::Wait),
        1 => index().prop_map(Event::Again),
        4 => (index(), 0..3_u8).prop_map(|(index, result)| Event::End(index, result)),
        1 => Just(Event::Restart),
    ]
}

/// A turn, and what its host saw of it.
struct Turn {
    steps: Steps,
    limits: StepLimits,
    whole: Vec<llm_engine::Step>,
    blocks: Vec<Block>,
    /// The calls of this step that began and may have effects, in the order in which they did.
    effects: Vec<usize>,
    /// How often each call of this step began, except after an answer or a restart.
    begun: Vec<usize>,
    model_calls: u32,
}

impl Turn {
    fn new(limits: StepLimits) -> Self {
        Self {
            steps: Steps::new(tools(), limits),
            limits,
            whole: Vec::new(),
            blocks: Vec::new(),
            effects: Vec::new(),
            begun: Vec::new(),
            model_calls: 0,
        }
    }

    fn model_ended(&mut self, (blocks, end): (Vec<Block>, ModelEnd)) {
        self.model_calls += 1;
        self.blocks.clone_from(&blocks);
        self.effects.clear();
        self.begun = vec![0; blocks.len()];
        self.steps.model_ended(blocks, end);
    }

    fn begin(&mut self, index: usize) {
        let NextAction::BeginCalls(calls) = self.steps.next() else { return };
        if !calls.contains(&index) {
            return;
        }
        let (tool, _) = self.steps.call_began(index).expect("a call that may begin is ready");
        self.begun[index] += 1;
        let effects = tool.spec().effects;
        if effects != ToolEffects::None {
            let is_over = |state: &CallState| matches!(state, CallState::Ended(_));
            let before = &self.steps.calls()[..index];
            assert!(before.iter().all(|call| is_over(call.state())), "an effect out of order");
            assert!(self.effects.last().is_none_or(|last| *last <= index));
            self.effects.push(index);
        }
    }

    fn happen(&mut self, event: &Event) {
        let end = |result| CallEnd::done(ToolOutput::new(format!("{result}")));
        match *event {
            Event::Hold(index) => drop(self.steps.hold(index)),
            Event::Decide(index, true) => drop(self.steps.decided(index, &Decision::Allow)),
            Event::Decide(index, false) => {
                let deny = Decision::Deny { note: "no".into() };
                self.steps.decided(index, &deny);
            }
            Event::Begin(index) => self.begin(index),
            Event::Wait(index) => drop(self.steps.call_waits(index)),
            Event::Again(index) => {
                if self.steps.call_again(index) {
                    self.begun[index] -= 1;
                    self.effects.retain(|it| *it != index);
                }
            }
            Event::End(index, result) => {
                let call = self.steps.calls().get(index);
                if call.is_some_and(|call| *call.state() == CallState::Running) {
                    assert!(self.steps.tool_ended(index, end(result)));
                    assert!(!self.steps.tool_ended(index, end(result)), "two ends");
                }
            }
            Event::Restart => self.restart(),
        }
    }

    fn restart(&mut self) {
        let mut again = Steps::resume(tools(), self.limits, &self.whole);
        if !self.steps.calls().is_empty() {
            let states: Vec<CallState> = self
                .steps
                .calls()
                .iter()
                .enumerate()
                .map(|(index, call)| match (call.state(), call.runnable()) {
                    (CallState::Running, Some((tool, _)))
                        if tool.spec().effects == ToolEffects::None =>
                    {
                        self.begun[index] -= 1;
                        CallState::Ready
                    }
                    (CallState::Running, _) => {
                        CallState::Ended(CallEnd::cut_off(ToolEffects::Unsafe, CutOff::Interrupted))
                    }
                    (state, _) => state.clone(),
                })
                .collect();
            again = again.with_open(self.blocks.clone(), states.clone()).expect("as many states");
            let restored: Vec<CallState> =
                again.calls().iter().map(|call| call.state().clone()).collect();
            assert_eq!(restored, states, "nothing changes by a restart alone");
        }
        assert_eq!(again.step(), self.steps.step());
        if !matches!(self.steps.next(), NextAction::Done(_)) {
            self.steps = again;
        }
    }

    fn end_step(&mut self) {
        let Some(step) = self.steps.end_step() else { return };
        let is_call = |block: &&Block| matches!(block, Block::Call(_));
        assert_eq!(step.calls().count(), self.blocks.iter().filter(is_call).count());
        assert_eq!(step.blocks(), self.blocks);
        assert!(self.begun.iter().all(|begun| *begun <= 1), "a call ran twice");
        self.whole.push(step);
    }

    /// Does what is next, with an output for a model that is called.
    fn go_on(&mut self, model: impl FnOnce() -> (Vec<Block>, ModelEnd)) {
        match self.steps.next() {
            NextAction::CallModel(_) => self.model_ended(model()),
            NextAction::BeginCalls(calls) => calls.iter().for_each(|index| self.begin(*index)),
            NextAction::Wait => {
                for index in 0..self.steps.calls().len() {
                    self.steps.decided(index, &Decision::Allow);
                    self.happen(&Event::Again(index));
                    self.happen(&Event::End(index, 0));
                }
            }
            NextAction::EndStep => self.end_step(),
            other => panic!("{other:?}"),
        }
    }
}

proptest! {
    #[test]
    fn every_turn_ends_in_order_with_one_result_for_each_call(
        steps in prop::collection::vec((model(), prop::collection::vec(event(), 0..24)), 0..6),
        most_steps in 1..6_u32,
        most_calls in 1..6_usize,
        same_calls in 0..4_u32,
    ) {
        let limits = StepLimits {
            steps: most_steps,
            calls: most_calls,
            same_calls,
            ..StepLimits::default()
        };
        let mut turn = Turn::new(limits);
        for (model, events) in steps {
            while !matches!(turn.steps.next(), NextAction::CallModel(_) | NextAction::Done(_)) {
                turn.go_on(|| unreachable!("no model is called"));
            }
            if matches!(turn.steps.next(), NextAction::Done(_)) {
                break;
            }
            turn.model_ended(model);
            for event in &events {
                turn.happen(event);
            }
        }
        while !matches!(turn.steps.next(), NextAction::Done(_)) {
            let call = || vec![Block::Call(ModelCall::new("read", r#"{"n":1}"#))];
            turn.go_on(|| (call(), ModelEnd::Completed(StopReason::ToolCall)));
        }
        prop_assert!(turn.model_calls <= limits.steps);
    }
}

//! The loop of a turn, as a value.

mod properties;

use llm_engine::{
    Block, CallEnd, CallErrorKind, CallOutcome, CallState, CheckedTool, CutOff, Decision,
    ModelCall, ModelEnd, NextAction, Opaque, StepLimits, Steps, StepsEnd, StepsFailure, StopReason,
    ToolChoice, ToolEffects, ToolOutput, ToolResult, ToolSet, tool,
};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "no tool of these tests runs")]
struct Number {
    n: i64,
}

fn named(name: &str, effects: ToolEffects) -> CheckedTool {
    let function = tool(name, "", |_: Number, _| async { ToolOutput::new("") });
    CheckedTool::new(function.effects(effects)).unwrap()
}

/// `read` is parallel; `keep` and `send` are not.
fn tools() -> ToolSet {
    let tools = [
        named("read", ToolEffects::None),
        named("keep", ToolEffects::Idempotent),
        named("send", ToolEffects::Unsafe),
    ];
    ToolSet::new(tools).unwrap()
}

fn call(name: &str, arguments: &str) -> Block {
    Block::Call(ModelCall::new(name, arguments))
}

fn calls<const N: usize>(names: [&str; N]) -> Vec<Block> {
    names.map(|name| call(name, r#"{"n":1}"#)).into()
}

/// A turn whose first model call ended with this output.
fn after(blocks: Vec<Block>, stop_reason: StopReason) -> Steps {
    let mut steps = Steps::new(tools(), StepLimits::default());
    steps.model_ended(blocks, ModelEnd::Completed(stop_reason));
    steps
}

fn done(text: &str) -> CallEnd {
    CallEnd::done(ToolOutput::new(text))
}

/// The kind of the error with which each call ended. `None` for a call that is not over.
fn kinds(steps: &Steps) -> Vec<Option<CallErrorKind>> {
    let kind = |state: &CallState| match state {
        CallState::Ended(end) => end.error,
        _ => None,
    };
    steps.calls().iter().map(|call| kind(call.state())).collect()
}

fn begins(steps: &Steps) -> Vec<usize> {
    match steps.next() {
        NextAction::BeginCalls(calls) => calls,
        _ => Vec::new(),
    }
}

#[test]
fn only_whole_calls_of_known_tools_with_fitting_arguments_may_run() {
    use CallErrorKind as Kind;
    use StopReason as Stop;
    let large = format!(r#"{{"n":1,"x":"{}"}}"#, "x".repeat(64 * 1024));
    for (name, arguments, stop_reason, kind) in [
        ("read", r#"{"n":1}"#, Stop::ToolCall, None),
        ("read", r#"{"n":1}"#, Stop::EndTurn, None),
        ("read", r#"{"n":1}"#, Stop::StopSequence, None),
        ("read", r#"{"n":1}"#, Stop::MaxTokens, Some(Kind::Incomplete)),
        ("read", r#"{"n":1}"#, Stop::ContentFilter, Some(Kind::Incomplete)),
        ("read", r#"{"n":1}"#, Stop::Refusal, Some(Kind::Incomplete)),
        ("read", r#"{"n":1}"#, Stop::Other, Some(Kind::Incomplete)),
        ("read", "", Stop::MaxTokens, Some(Kind::Incomplete)),
        ("read", r#"{"n":"#, Stop::ToolCall, Some(Kind::InvalidArguments)),
        ("read", "[1]", Stop::ToolCall, Some(Kind::InvalidArguments)),
        ("read", r#"{"n":1}{"n":1}"#, Stop::ToolCall, Some(Kind::InvalidArguments)),
        ("read", "", Stop::ToolCall, Some(Kind::InvalidArguments)),
        ("read", r#"{"n":"1"}"#, Stop::ToolCall, Some(Kind::InvalidArguments)),
        ("read", &large, Stop::ToolCall, Some(Kind::TooLarge)),
        ("write", r#"{"n":1}"#, Stop::ToolCall, Some(Kind::UnknownTool)),
        ("", r#"{"n":1}"#, Stop::ToolCall, Some(Kind::UnknownTool)),
    ] {
        let steps = after(vec![call(name, arguments)], stop_reason);
        assert_eq!(kinds(&steps), [kind], "{name} {arguments:.20} {stop_reason:?}");
        assert_eq!(begins(&steps).len(), usize::from(kind.is_none()));
    }
}

#[test]
fn what_the_model_is_told_names_what_it_can_do() {
    for (name, arguments, words) in [
        (
            "read",
            r#"{"n":"1"}"#,
            "the arguments do not fit the tool: /n: \"1\" is not of type \"integer\"; correct them",
        ),
        ("write", "{}", "there is no tool `write`; there are: keep, read, send"),
        ("read", "{", "the arguments are not one JSON object; call the tool again with one"),
    ] {
        let mut steps = after(vec![call(name, arguments)], StopReason::ToolCall);
        let step = steps.end_step().unwrap();
        let results: Vec<&ToolResult> = step.calls().map(|(_, result)| result).collect();
        assert_eq!(results, [&ToolResult::error(words)]);
    }
}

#[test]
fn no_arguments_at_all_are_an_empty_object_at_a_proper_end() {
    #[derive(Deserialize, JsonSchema)]
    struct Nothing {}
    let now = tool("now", "", |_: Nothing, _| async { ToolOutput::new("") });
    let tools = ToolSet::new([CheckedTool::new(now).unwrap()]).unwrap();
    let mut steps = Steps::new(tools, StepLimits::default());
    steps.model_ended(vec![call("now", "")], ModelEnd::Completed(StopReason::ToolCall));
    let (_, input) = steps.call_began(0).unwrap_or_else(|| {
        panic!("{:?}", steps.calls());
    });
    assert_eq!(input.json().as_str(), "{}");
}

#[test]
fn nothing_of_a_cut_model_call_is_kept_but_its_text() {
    let opaque =
        Opaque { provider: "p".into(), model: "m".into(), kind: "k".into(), bytes: "b".into() };
    let mut blocks = calls(["read"]);
    blocks.extend([Block::Text("Hel".into()), Block::Opaque(opaque), Block::Text("lo".into())]);
    let mut steps = Steps::new(tools(), StepLimits::default());
    steps.model_ended(blocks, ModelEnd::Cut);
    assert_eq!(steps.next(), NextAction::Done(&StepsEnd::Cut { text: "Hello".into() }));
    assert!(steps.calls().is_empty());
}

#[test]
fn a_turn_without_calls_is_answered() {
    for stop_reason in [StopReason::EndTurn, StopReason::MaxTokens, StopReason::Other] {
        let blocks = vec![Block::Text("Hi".into())];
        let steps = after(blocks.clone(), stop_reason);
        assert_eq!(steps.next(), NextAction::Done(&StepsEnd::Answered { blocks, stop_reason }));
    }
}

#[test]
fn a_model_that_says_it_calls_and_does_not_breaks_the_protocol() {
    for stop_reason in [StopReason::ToolCall, StopReason::MalformedCall] {
        let steps = after(Vec::new(), stop_reason);
        assert_eq!(steps.next(), NextAction::Done(&StepsEnd::Failed(StepsFailure::Protocol)));
    }
}

#[test]
fn calls_begin_in_the_models_order_and_parallel_neighbours_together() {
    for (names, groups) in [
        (vec!["read", "read", "read"], vec![vec![0, 1, 2]]),
        (vec!["send", "read", "read"], vec![vec![0], vec![1, 2]]),
        (vec!["read", "send", "read"], vec![vec![0], vec![1], vec![2]]),
        (vec!["send", "keep"], vec![vec![0], vec![1]]),
        (vec!["read", "none", "read", "send"], vec![vec![0, 2], vec![3]]),
    ] {
        let blocks = names.iter().map(|name| call(name, r#"{"n":1}"#)).collect();
        let mut steps = after(blocks, StopReason::ToolCall);
        let mut begun = Vec::new();
        while let NextAction::BeginCalls(calls) = steps.next() {
            for &index in &calls {
                assert!(steps.call_began(index).is_some());
                assert!(steps.call_began(index).is_none(), "nothing begins twice");
            }
            assert_eq!(steps.next(), NextAction::Wait);
            for &index in calls.iter().rev() {
                assert!(steps.tool_ended(index, done("")));
            }
            begun.push(calls);
        }
        assert_eq!(begun, groups, "{names:?}");
        assert_eq!(steps.next(), NextAction::EndStep);
    }
}

#[test]
fn an_undecided_call_holds_those_after_it_but_not_its_parallel_neighbours() {
    for (names, held, begin) in [
        (["read", "read", "send"], 0, vec![1]),
        (["read", "read", "send"], 1, vec![0]),
        (["send", "read", "read"], 0, vec![]),
        (["read", "send", "read"], 1, vec![0]),
    ] {
        let mut steps = after(calls(names), StopReason::ToolCall);
        assert!(steps.hold(held) && !steps.hold(held));
        assert_eq!(begins(&steps), begin, "{names:?} {held}");
        for index in begin {
            steps.call_began(index);
            steps.tool_ended(index, done(""));
        }
        assert_eq!(steps.next(), NextAction::Wait);
        assert!(steps.decided(held, &Decision::Allow));
        assert!(!steps.decided(held, &Decision::Allow), "decided once");
        assert!(begins(&steps).contains(&held));
    }
}

#[test]
fn a_denied_call_is_over_and_alone() {
    let mut steps = after(calls(["send", "send"]), StopReason::ToolCall);
    steps.hold(0);
    steps.hold(1);
    steps.decided(0, &Decision::Deny { note: "too dear".into() });
    assert_eq!(steps.calls()[1].state(), &CallState::Undecided);
    steps.decided(1, &Decision::Allow);
    assert_eq!(begins(&steps), [1]);
    steps.call_began(1);
    steps.tool_ended(1, done("sent"));
    let step = steps.end_step().unwrap();
    let results: Vec<&str> = step.calls().map(|(_, result)| &*result.text).collect();
    assert_eq!(results, ["this call was not allowed, so it did not run: too dear", "sent"]);
}

#[test]
fn a_waiting_call_begins_again_when_it_has_its_answer() {
    let mut steps = after(calls(["send"]), StopReason::ToolCall);
    assert!(!steps.call_waits(0), "it has not begun");
    steps.call_began(0);
    assert!(steps.call_waits(0));
    assert_eq!(steps.next(), NextAction::Wait);
    assert!(steps.call_again(0) && !steps.call_again(0));
    assert_eq!(begins(&steps), [0]);
}

#[test]
fn results_go_back_in_the_order_of_the_calls() {
    let mut blocks = calls(["read", "read"]);
    blocks.insert(1, Block::Text("and".into()));
    let mut steps = after(blocks.clone(), StopReason::ToolCall);
    for (index, text) in [(1, "second"), (0, "first")] {
        assert!(steps.end_step().is_none());
        steps.call_began(index);
        assert!(steps.tool_ended(index, done(text)));
        assert!(!steps.tool_ended(index, done("again")), "one end");
    }
    let step = steps.end_step().unwrap();
    assert_eq!(step.blocks(), blocks);
    let results: Vec<&str> = step.calls().map(|(_, result)| &*result.text).collect();
    assert_eq!(results, ["first", "second"]);
    assert_eq!((steps.step(), steps.next()), (2, NextAction::CallModel(ToolChoice::Auto)));
}

#[test]
fn calls_past_the_limit_fail_and_the_others_run() {
    let limits = StepLimits { calls: 2, ..StepLimits::default() };
    let mut steps = Steps::new(tools(), limits);
    steps.model_ended(calls(["read"; 3]), ModelEnd::Completed(StopReason::ToolCall));
    assert_eq!(kinds(&steps), [None, None, Some(CallErrorKind::Limit)]);
    assert_eq!(begins(&steps), [0, 1]);
}

#[test]
fn the_last_step_offers_no_tools_and_the_turn_ends_with_it() {
    let limits = StepLimits { steps: 2, ..StepLimits::default() };
    let mut steps = Steps::new(tools(), limits);
    assert_eq!(steps.next(), NextAction::CallModel(ToolChoice::Auto));
    steps.model_ended(calls(["none"]), ModelEnd::Completed(StopReason::ToolCall));
    steps.end_step();
    assert_eq!(steps.next(), NextAction::CallModel(ToolChoice::None));
    steps.model_ended(calls(["read"]), ModelEnd::Completed(StopReason::ToolCall));
    assert_eq!(kinds(&steps), [Some(CallErrorKind::Limit)]);
    assert!(steps.end_step().is_some(), "even this step is whole");
    assert_eq!(steps.next(), NextAction::Done(&StepsEnd::Failed(StepsFailure::Limit)));
}

/// Runs steps of one call each, and returns the texts of the results.
fn repeat(
    calls: &[(&str, &str)],
    limits: StepLimits,
) -> (Vec<String>, Steps, Vec<llm_engine::Step>) {
    let mut steps = Steps::new(tools(), limits);
    let mut whole = Vec::new();
    for (arguments, result) in calls {
        let blocks = vec![call("read", arguments)];
        steps.model_ended(blocks, ModelEnd::Completed(StopReason::ToolCall));
        steps.call_began(0);
        steps.tool_ended(0, done(result));
        whole.extend(steps.end_step());
    }
    let texts =
        whole.iter().flat_map(|step| step.calls().map(|(_, result)| result.text.to_string()));
    (texts.collect(), steps, whole)
}

#[test]
fn the_third_equal_call_is_told_and_the_fourth_ends_the_turn() {
    let (one, other) = ((r#"{"n":1}"#, "1"), (r#"{ "n": 1 }"#, "1"));
    let is_told = |texts: &[String]| -> Vec<bool> {
        texts.iter().map(|text| text.contains("Do not make it again")).collect()
    };
    let (texts, steps, _) = repeat(&[one, other, one], StepLimits::default());
    assert_eq!(is_told(&texts), [false, false, true]);
    assert_eq!(steps.next(), NextAction::CallModel(ToolChoice::Auto));
    let (texts, steps, _) = repeat(&[one, other, one, one], StepLimits::default());
    assert_eq!(is_told(&texts), [false, false, true, true]);
    assert_eq!(steps.next(), NextAction::Done(&StepsEnd::Failed(StepsFailure::Repeated)));

    let changing = [one, (one.0, "2"), (r#"{"n":2}"#, "1"), one, (one.0, "3"), (one.0, "4")];
    let (texts, steps, _) = repeat(&changing, StepLimits::default());
    assert_eq!(is_told(&texts), [false; 6]);
    assert_eq!(steps.next(), NextAction::CallModel(ToolChoice::Auto));

    let any = StepLimits { same_calls: 0, ..StepLimits::default() };
    let (texts, _, _) = repeat(&[one; 9], any);
    assert_eq!(is_told(&texts), [false; 9]);
}

#[test]
fn a_turn_is_made_again_of_what_was_kept() {
    let one = (r#"{"n":1}"#, "1");
    for length in 0..=4 {
        let (_, steps, whole) = repeat(&vec![one; length], StepLimits::default());
        let resumed = Steps::resume(tools(), StepLimits::default(), &whole);
        assert_eq!((resumed.step(), resumed.next()), (steps.step(), steps.next()), "{length}");
    }
    let blocks = calls(["read", "send", "keep"]);
    let states = vec![CallState::Ended(done("r")), CallState::Waiting, CallState::Ready];
    let steps = Steps::resume(tools(), StepLimits::default(), []);
    let mut steps = steps.with_open(blocks.clone(), states.clone()).unwrap();
    assert_eq!(steps.next(), NextAction::Wait);
    steps.tool_ended(1, done("s"));
    assert_eq!(begins(&steps), [2]);
    let steps = Steps::new(tools(), StepLimits::default());
    let unpaired = steps.with_open(blocks, states[1..].to_vec()).unwrap_err();
    assert_eq!((unpaired.calls, unpaired.results), (3, 2));
}

#[test]
fn a_call_whose_tool_is_gone_after_a_restart_fails_unless_it_began() {
    for (state, kind) in [
        (CallState::Ready, Some(CallErrorKind::ToolChanged)),
        (CallState::Undecided, Some(CallErrorKind::ToolChanged)),
        (CallState::Waiting, None),
        (CallState::Running, None),
    ] {
        let steps = Steps::new(ToolSet::default(), StepLimits::default());
        let steps = steps.with_open(calls(["send"]), vec![state.clone()]).unwrap();
        assert_eq!(kinds(&steps), [kind], "{state:?}");
    }
    let steps = Steps::new(ToolSet::default(), StepLimits::default());
    let mut steps = steps.with_open(calls(["send"]), vec![CallState::Waiting]).unwrap();
    assert!(steps.call_again(0));
    let end = CallEnd::cut_off(ToolEffects::Unsafe, CutOff::ToolChanged);
    assert_eq!(*steps.calls()[0].state(), CallState::Ended(end));
}

#[test]
fn a_turn_that_is_given_up_leaves_a_whole_step() {
    use CallOutcome as Outcome;
    let mut steps = after(calls(["read", "read", "read", "send"]), StopReason::ToolCall);
    steps.hold(3);
    steps.call_began(0);
    steps.tool_ended(0, done("r"));
    steps.call_began(1);
    let mut given_up = steps.clone();
    let step = given_up.abandon().unwrap();
    assert_eq!(step.calls().count(), 4);
    assert_eq!(given_up.next(), NextAction::Done(&StepsEnd::Abandoned));
    assert_eq!(given_up.abandon(), None);

    for (name, outcome) in
        [("read", Outcome::Cancelled), ("keep", Outcome::Uncertain), ("send", Outcome::Uncertain)]
    {
        let mut steps = after(calls([name]), StopReason::ToolCall);
        let (tool, _) = steps.call_began(0).unwrap();
        let end = CallEnd::cut_off(tool.spec().effects, CutOff::Cancelled);
        assert_eq!(end.outcome, outcome);
        let step = steps.abandon().unwrap();
        assert_eq!(step.calls().next().unwrap().1, &end.result);
    }
}

#[test]
fn a_turn_that_is_given_up_in_a_model_call_has_no_step() {
    let mut steps = Steps::new(tools(), StepLimits::default());
    assert_eq!(steps.abandon(), None);
    assert_eq!(steps.next(), NextAction::Done(&StepsEnd::Abandoned));
    steps.model_ended(calls(["read"]), ModelEnd::Completed(StopReason::ToolCall));
    assert_eq!(steps.next(), NextAction::Done(&StepsEnd::Abandoned), "it is over");
}

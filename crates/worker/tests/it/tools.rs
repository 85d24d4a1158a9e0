//! Turns that use tools.

mod approval;
mod contained;
mod cut;
mod history;

use std::{
    num::NonZeroU64,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::StreamExt;
use llm_engine::{
    Block, CallErrorKind, CallOutcome, CheckedTool, ErrorKind, Message, ModelCall, Opaque,
    ProviderEvent, Script, ScriptedProvider, Step, StepLimits, StopReason, Tool, ToolChoice,
    ToolContext, ToolEffects, ToolOutput, ToolResult, ToolSet, TurnEvent, tool,
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::Barrier;
use worker::{Worker, WorkerEvent};

use crate::support::{drain, ending, profile, tokens};

/// The arguments of all tools here.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Number {
    n: i64,
}

/// One call of arguments that all tools here take.
pub(crate) const ONE: &str = r#"{"n":1}"#;

pub(crate) fn set<const N: usize>(tools: [CheckedTool; N]) -> ToolSet {
    ToolSet::new(tools).unwrap()
}

/// A tool without effects that gives its number and one more.
pub(crate) fn next() -> impl Tool {
    tool("next", "The next number", |args: Number, _| async move { Ok::<_, &str>(args.n + 1) })
        .effects(ToolEffects::None)
}

/// A tool with this effect that counts how often it began, and how often it was over.
pub(crate) fn counting(
    name: &str,
    effects: ToolEffects,
    counts: &Arc<[AtomicUsize; 2]>,
) -> CheckedTool {
    let counts = Arc::clone(counts);
    let counting = tool(name, "", move |_: Number, _| {
        let counts = Arc::clone(&counts);
        async move {
            counts[0].fetch_add(1, Ordering::SeqCst);
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            counts[1].fetch_add(1, Ordering::SeqCst);
            ToolOutput::new("done")
        }
    });
    let never = llm_engine::ToolApproval::Never;
    CheckedTool::new(counting.effects(effects).approval(never)).unwrap()
}

/// A Worker of these scripts with these tools.
pub(crate) fn worker<const N: usize>(
    provider: &ScriptedProvider,
    tools: [CheckedTool; N],
) -> Worker {
    Worker::new(Arc::new(profile(provider).tools(set(tools))))
}

/// A provider that calls these tools in one step and then answers `ok`.
pub(crate) fn calling<const N: usize>(names: [&str; N]) -> ScriptedProvider {
    let calls = names.into_iter().fold(Script::new(), |script, name| script.call(name, ONE));
    ScriptedProvider::new()
        .script(calls.finish_with(StopReason::ToolCall, tokens(5, 2)))
        .script(Script::new().text("ok").finish_with(StopReason::EndTurn, tokens(9, 1)))
}

/// How each call ended, by its number.
pub(crate) fn ends(events: &[WorkerEvent]) -> Vec<(usize, CallOutcome, Option<CallErrorKind>)> {
    let mut ends: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            WorkerEvent::ToolFinished { index, outcome, error, .. } => {
                Some((*index, *outcome, *error))
            }
            _ => None,
        })
        .collect();
    ends.sort_by_key(|(index, ..)| *index);
    ends
}

/// The texts of the results in the steps of a conversation.
pub(crate) fn results(conversation: &[Message]) -> Vec<String> {
    let steps = conversation.iter().filter_map(|message| message.step.as_ref());
    steps.flat_map(|step| step.calls().map(|(_, result)| result.text.to_string())).collect()
}

#[tokio::test]
async fn the_model_is_called_until_it_answers() {
    let call = |arguments: &str| Block::Call(ModelCall::new("next", arguments));
    let provider = ScriptedProvider::new()
        .script(
            Script::new()
                .text("Let me see.")
                .call("next", ONE)
                .finish_with(StopReason::ToolCall, tokens(5, 2)),
        )
        .script(
            Script::new()
                .call("next", r#"{"n":2}"#)
                .finish_with(StopReason::ToolCall, tokens(8, 3)),
        )
        .script(Script::new().text("It is 3.").finish_with(StopReason::EndTurn, tokens(9, 4)));
    let mut worker = worker(&provider, [CheckedTool::new(next()).unwrap()]);
    let events = drain(worker.turn(Message::user("Count."))).await;

    let started = WorkerEvent::ToolStarted { index: 0, name: "next".into() };
    let finished = |text: &str| WorkerEvent::ToolFinished {
        index: 0,
        name: "next".into(),
        outcome: CallOutcome::Succeeded,
        error: None,
        result: ToolResult::new(text),
        data: None,
    };
    let complete = |arguments: &str| {
        let call = ModelCall::new("next", arguments);
        WorkerEvent::Turn(TurnEvent::CallComplete { index: 0, call })
    };
    let said = |text: &str| WorkerEvent::Turn(TurnEvent::TextDelta(text.into()));
    let usage = |input, output| WorkerEvent::Turn(TurnEvent::Usage(tokens(input, output)));
    let expected = [
        WorkerEvent::Turn(TurnEvent::Started),
        said("Let me see."),
        complete(ONE),
        usage(5, 2),
        WorkerEvent::StepCompleted { step: 1, usage: tokens(5, 2) },
        started.clone(),
        finished("2"),
        complete(r#"{"n":2}"#),
        usage(13, 5),
        WorkerEvent::StepCompleted { step: 2, usage: tokens(8, 3) },
        started,
        finished("3"),
        said("It is 3."),
        usage(22, 9),
        WorkerEvent::Turn(TurnEvent::Completed {
            stop_reason: StopReason::EndTurn,
            usage: tokens(22, 9),
        }),
    ];
    assert_eq!(events, expected);

    let first = vec![Block::Text("Let me see.".into()), call(ONE)];
    let step = |blocks, result| Message::step(Step::new(blocks, vec![result]).unwrap());
    let conversation = [
        Message::user("Count."),
        step(first, ToolResult::new("2")),
        step(vec![call(r#"{"n":2}"#)], ToolResult::new("3")),
        Message::assistant("It is 3."),
    ];
    assert_eq!(worker.conversation(), conversation);
    assert_eq!((worker.usage().turns, worker.usage().tokens), (1, tokens(22, 9)));
    let requests = provider.requests();
    for (index, request) in requests.iter().enumerate() {
        assert_eq!(request.messages, conversation[..=index]);
        assert_eq!(request.tools.len(), 1);
        assert_eq!(request.tool_choice, ToolChoice::Auto);
    }
}

#[tokio::test]
async fn parallel_tools_overlap_and_others_do_not() {
    let meeting = Arc::new(Barrier::new(2));
    let meet = move |_: Number, _: ToolContext| {
        let meeting = Arc::clone(&meeting);
        async move {
            meeting.wait().await;
            ToolOutput::new("met")
        }
    };
    let meeting = tool("meet", "", meet).effects(ToolEffects::None);
    let provider = calling(["meet", "meet"]);
    let mut worker = worker(&provider, [CheckedTool::new(meeting).unwrap()]);
    drain(worker.turn(Message::user("hi"))).await;
    assert_eq!(results(worker.conversation()), ["met", "met"]);

    let log = Arc::new(Mutex::new(Vec::new()));
    let logging = |name: &'static str| {
        let log = Arc::clone(&log);
        let logging = tool(name, "", move |_: Number, _| {
            let log = Arc::clone(&log);
            async move {
                log.lock().unwrap().push(format!("{name} begins"));
                tokio::task::yield_now().await;
                log.lock().unwrap().push(format!("{name} ends"));
                ToolOutput::new("")
            }
        });
        CheckedTool::new(logging.effects(ToolEffects::Idempotent)).unwrap()
    };
    let provider = calling(["two", "one"]);
    let mut worker = self::worker(&provider, [logging("one"), logging("two")]);
    drain(worker.turn(Message::user("hi"))).await;
    assert_eq!(*log.lock().unwrap(), ["two begins", "two ends", "one begins", "one ends"]);
}

#[tokio::test]
async fn a_tool_knows_for_whom_it_acts_and_tells_how_far_it_is() {
    let keys = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&keys);
    let who = tool("who", "", move |_: Number, context: ToolContext| {
        kept.lock().unwrap().push(context.idempotency_key().to_owned());
        async move {
            context.progress("looking");
            let who = context.host::<String>().cloned().ok_or("nobody")?;
            assert!(context.deadline().is_some());
            Ok::<_, &str>(who)
        }
    });
    let who = CheckedTool::new(who.effects(ToolEffects::None)).unwrap();
    let mut worker = worker(&calling(["who", "who"]), [who]);
    worker = worker.with_tool_host(Arc::new("alice".to_owned()));
    let events = drain(worker.turn(Message::user("hi"))).await;
    assert_eq!(results(worker.conversation()), ["alice", "alice"]);
    let looking = WorkerEvent::ToolProgress { index: 1, text: "looking".into() };
    assert!(events.contains(&looking), "{events:?}");
    let keys = keys.lock().unwrap();
    assert_ne!(keys[0], keys[1], "each call has a key of its own");
}

#[tokio::test]
async fn data_is_for_programs_and_text_for_the_model() {
    let value = tool("value", "", |args: Number, _| async move { ToolOutput::json(&[args.n]) });
    let value = CheckedTool::new(value.effects(ToolEffects::None)).unwrap();
    let mut worker = worker(&calling(["value"]), [value]);
    let events = drain(worker.turn(Message::user("hi"))).await;
    let data = events.iter().find_map(|event| match event {
        WorkerEvent::ToolFinished { data, .. } => data.clone(),
        _ => None,
    });
    assert_eq!(data.unwrap().as_str(), "[1]");
    assert_eq!(results(worker.conversation()), ["[1]"]);
}

#[tokio::test]
async fn a_model_that_never_answers_is_stopped() {
    for (limits, kind, calls) in [
        (StepLimits { steps: 3, ..StepLimits::default() }, ErrorKind::Limit, 3),
        (StepLimits::default(), ErrorKind::Repeated, 4),
    ] {
        let provider = ScriptedProvider::new().script(Script::new().call("next", ONE).finish());
        let tools = set([CheckedTool::new(next()).unwrap()]);
        let profile = profile(&provider).tools(tools).step_limits(limits);
        let mut worker = Worker::new(Arc::new(profile));
        let events = drain(worker.turn(Message::user("hi"))).await;
        assert!(matches!(ending(&events), TurnEvent::Failed { error, .. } if error.kind == kind));
        assert_eq!((provider.calls(), worker.conversation().len()), (calls, calls + 1));
        let last = &provider.requests()[calls - 1];
        let is_last_allowed = kind == ErrorKind::Limit;
        assert_eq!(last.tool_choice == ToolChoice::None, is_last_allowed);
        assert_eq!(last.tools.len(), 1, "the tools stay, so that the provider knows the beginning");
    }
}

#[tokio::test]
async fn a_worker_without_tools_tells_the_model_so() {
    let provider = calling(["next"]);
    let mut worker = worker(&provider, []);
    let events = drain(worker.turn(Message::user("hi"))).await;
    let end = (0, CallOutcome::Failed, Some(CallErrorKind::UnknownTool));
    assert_eq!(ends(&events), [end]);
    assert_eq!(worker.conversation()[2], Message::assistant("ok"));
}

#[tokio::test]
async fn an_answer_keeps_what_its_provider_wants_back() {
    let opaque = Opaque {
        provider: "p".into(),
        model: "m".into(),
        kind: "thinking".into(),
        bytes: "…".into(),
    };
    let script = Script::new().event(ProviderEvent::Opaque(opaque.clone())).text("ok").finish();
    let mut worker = worker(&ScriptedProvider::new().script(script), []);
    drain(worker.turn(Message::user("hi"))).await;
    let blocks = vec![Block::Opaque(opaque), Block::Text("ok".into())];
    let answer = Message::step(Step::new(blocks, Vec::new()).unwrap());
    assert_eq!(worker.conversation()[1], answer);
}

#[tokio::test]
async fn the_tools_of_a_worker_replace_those_of_its_profile() {
    let provider = ScriptedProvider::answer("ok");
    let shared = Arc::new(profile(&provider).tools(set([CheckedTool::new(next()).unwrap()])));
    let mut worker = Worker::new(shared).with_tools(ToolSet::default());
    drain(worker.turn(Message::user("hi"))).await;
    assert!(provider.requests()[0].tools.is_empty());
}

/// Whatever is cut from the arguments, and however the model stops, nothing runs but the whole.
#[tokio::test]
async fn arguments_that_were_cut_never_run() {
    let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let whole = r#"{"n":12}"#;
    for bytes in 0..=whole.len() {
        let arguments = &whole[..bytes];
        let script = || Script::new().call("count", arguments);
        let proper = |reason| script().finish_with(reason, tokens(1, 1));
        for (first, may_run) in [
            (proper(StopReason::MaxTokens), false),
            (proper(StopReason::ContentFilter), false),
            (proper(StopReason::Other), false),
            (script().end_early(), false),
            (script().error(broken()), false),
            (proper(StopReason::ToolCall), true),
            (proper(StopReason::EndTurn), true),
        ] {
            let provider =
                ScriptedProvider::new().script(first).script(Script::new().text("ok").finish());
            let tool = counting("count", ToolEffects::Unsafe, &counts);
            drain(worker(&provider, [tool]).turn(Message::user("hi"))).await;
            let ran = counts[0].swap(0, Ordering::SeqCst);
            assert_eq!(ran, usize::from(may_run && bytes == whole.len()), "{arguments}");
        }
    }
}

fn broken() -> llm_engine::EngineError {
    llm_engine::EngineError::new(ErrorKind::Connection, "broken")
}

#[tokio::test]
async fn a_turn_can_be_polled_on_any_thread() {
    fn assert_send<T: Send>(it: T) -> T {
        it
    }
    let mut worker = worker(&calling(["next"]), [CheckedTool::new(next()).unwrap()]);
    let mut turn = assert_send(worker.turn(Message::user("hi")));
    assert!(turn.next().await.is_some());
}

#[tokio::test]
async fn a_result_is_cut_with_a_mark() {
    let long = tool("long", "", |_: Number, _| async { ToolOutput::new("x".repeat(1 << 20)) });
    let short = tool("short", "", |_: Number, _| async { ToolOutput::new("abcdef") })
        .output_bytes(NonZeroU64::new(4).unwrap())
        .effects(ToolEffects::None);
    let tools = [
        CheckedTool::new(long.effects(ToolEffects::None)).unwrap(),
        CheckedTool::new(short).unwrap(),
    ];
    let mut worker = worker(&calling(["long", "short"]), tools);
    drain(worker.turn(Message::user("hi"))).await;
    let results = results(worker.conversation());
    assert!(results[0].len() < 65 * 1024 && results[0].ends_with("bytes are left out]"));
    assert_eq!(results[1], "abcd\n[cut: 2 of 6 bytes are left out]");
}

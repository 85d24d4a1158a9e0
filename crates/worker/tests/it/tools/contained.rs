//! A tool that fails costs its own call alone.

use std::{future::pending, sync::mpsc, time::Duration};

use llm_engine::{
    CallErrorKind, CallOutcome, CheckedTool, Json, Message, Policy, ToolApproval, ToolContext,
    ToolEffects, ToolEnd, ToolOutput, TurnEvent, tool,
};
use tokio::time::Instant;
use worker::{Worker, WorkerEvent};

use super::{Number, calling, ends, next, results, worker};
use crate::support::{drain, ending, profile};

/// A tool that fails in one of many ways.
fn failing(way: &'static str, effects: ToolEffects) -> CheckedTool {
    let failing = tool("fail", "", move |_: Number, _: ToolContext| {
        assert!(way != "panic at start", "a tool that panics at once");
        async move {
            match way {
                "panic" => panic!("a tool that panics"),
                "hang" => pending().await,
                "later" => ToolEnd::Later { deadline_ms: None },
                "ask" => ToolEnd::Ask {
                    message: "Sure?".into(),
                    schema: Json::null(),
                    state: Json::null(),
                },
                _ => ToolEnd::Done(ToolOutput::error("it did not work")),
            }
        }
    });
    CheckedTool::new(failing.effects(effects).approval(ToolApproval::Never)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn whatever_a_tool_does_its_call_ends_and_the_turn_goes_on() {
    for (way, kind) in [
        ("panic at start", CallErrorKind::Panicked),
        ("panic", CallErrorKind::Panicked),
        ("hang", CallErrorKind::Timeout),
        ("later", CallErrorKind::Tool),
        ("ask", CallErrorKind::Tool),
        ("error", CallErrorKind::Tool),
    ] {
        for effects in [ToolEffects::None, ToolEffects::Idempotent, ToolEffects::Unsafe] {
            let has_returned = way == "error";
            let outcome = if effects == ToolEffects::None || has_returned {
                CallOutcome::Failed
            } else {
                CallOutcome::Uncertain
            };
            let began = Instant::now();
            let tools = [failing(way, effects), CheckedTool::new(next()).unwrap()];
            let mut worker = worker(&calling(["fail", "next"]), tools);
            let events = drain(worker.turn(Message::user("hi"))).await;
            let expected = [(0, outcome, Some(kind)), (1, CallOutcome::Succeeded, None)];
            assert_eq!(ends(&events), expected, "{way} {effects:?}");
            assert_eq!(worker.conversation()[2], Message::assistant("ok"));
            let told = &results(worker.conversation())[0];
            let is_uncertain = told.contains("not known whether it had its effect");
            assert_eq!(is_uncertain, outcome == CallOutcome::Uncertain, "{told}");
            let waited = if way == "hang" { 60 } else { 0 };
            assert_eq!(began.elapsed().as_secs(), waited);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_tool_says_how_long_it_may_take() {
    let hang = tool("hang", "", |_: Number, _| pending::<ToolOutput>())
        .effects(ToolEffects::None)
        .timeout(Duration::from_secs(5));
    let mut worker = worker(&calling(["hang"]), [CheckedTool::new(hang).unwrap()]);
    let began = Instant::now();
    drain(worker.turn(Message::user("hi"))).await;
    assert_eq!(began.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_a_turn_is_for_models_and_tools_together() {
    let hang = tool("hang", "", |_: Number, _| pending::<ToolOutput>()).effects(ToolEffects::None);
    let mut policy = Policy::default();
    policy.deadlines.turn = Duration::from_secs(20);
    let tools = super::set([CheckedTool::new(hang).unwrap()]);
    let profile = profile(&calling(["hang"])).policy(policy).tools(tools);
    let mut worker = Worker::new(std::sync::Arc::new(profile));
    let began = Instant::now();
    let events = drain(worker.turn(Message::user("hi"))).await;
    assert_eq!(began.elapsed().as_secs(), 20);
    assert_eq!(ends(&events), [(0, CallOutcome::Failed, Some(CallErrorKind::Timeout))]);
    let TurnEvent::Failed { error, .. } = ending(&events) else { panic!("{events:?}") };
    assert_eq!(error.kind, llm_engine::ErrorKind::Timeout);
    assert!(error.message.contains("20s (deadlines.turn)"), "{error}");
    assert_eq!(worker.conversation().len(), 2, "the step is whole");
}

/// The runtime has two threads, one of which the tool blocks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_that_blocks_its_thread_costs_its_own_call() {
    let (release, released) = mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let block = tool("block", "", move |_: Number, _| {
        // It ends when the test drops its half.
        let _ = released.lock().unwrap().recv();
        async { ToolOutput::new("too late") }
    });
    let block = block.effects(ToolEffects::None).timeout(Duration::from_millis(50));
    let tools = [CheckedTool::new(block).unwrap(), CheckedTool::new(next()).unwrap()];
    let mut worker = worker(&calling(["block", "next"]), tools);
    let events = drain(worker.turn(Message::user("hi"))).await;
    let timeout = (0, CallOutcome::Failed, Some(CallErrorKind::Timeout));
    assert_eq!(ends(&events), [timeout, (1, CallOutcome::Succeeded, None)]);
    drop(release);
}

#[tokio::test]
async fn a_tool_that_says_much_is_heard_in_part() {
    let flood = tool("flood", "", |_: Number, context: ToolContext| async move {
        for _ in 0..10_000 {
            context.progress(&"€".repeat(10_000));
        }
        ToolOutput::new("said")
    });
    let flood = CheckedTool::new(flood.effects(ToolEffects::None)).unwrap();
    let mut worker = worker(&calling(["flood"]), [flood]);
    let events = drain(worker.turn(Message::user("hi"))).await;
    let heard: Vec<usize> = events
        .iter()
        .filter_map(|event| match event {
            WorkerEvent::ToolProgress { text, .. } => Some(text.len()),
            _ => None,
        })
        .collect();
    assert_eq!(heard, [4095; 64]);
    assert_eq!(ends(&events), [(0, CallOutcome::Succeeded, None)]);
}

//! Calls about which somebody is asked.

use std::{
    sync::{Arc, Mutex, atomic::AtomicUsize},
    time::Duration,
};

use llm_engine::{
    CallOutcome, CheckedTool, Decision, Message, Policy, ToolApproval, ToolEffects, ToolOutput,
    ToolSet, tool,
};
use tokio::time::sleep;
use worker::{ApprovalRequest, Worker};

use super::{Number, ONE, calling, counting, ends, next, results, set};
use crate::support::{drain, profile};

fn send(effects: ToolEffects, approval: Option<ToolApproval>) -> ToolSet {
    let send = tool("send", "", |_: Number, _| async { ToolOutput::new("sent") }).effects(effects);
    let send = match approval {
        Some(approval) => send.approval(approval),
        None => send,
    };
    set([CheckedTool::new(send).unwrap()])
}

fn sending(tools: ToolSet) -> Worker {
    Worker::new(Arc::new(profile(&calling(["send"])).tools(tools)))
}

#[tokio::test]
async fn without_an_approver_what_needs_approval_is_denied() {
    use ToolApproval::{Always, Never, Policy};
    for (effects, approval, may_run) in [
        (ToolEffects::Unsafe, None, false),
        (ToolEffects::Unsafe, Some(Policy), false),
        (ToolEffects::Unsafe, Some(Never), true),
        (ToolEffects::Idempotent, None, true),
        (ToolEffects::None, None, true),
        (ToolEffects::None, Some(Always), false),
    ] {
        let mut worker = sending(send(effects, approval));
        drain(worker.turn(Message::user("hi"))).await;
        let told = if may_run {
            "sent"
        } else {
            "this call was not allowed, so it did not run: it needs approval, and nobody here can \
             give it"
        };
        assert_eq!(results(worker.conversation()), [told], "{effects:?} {approval:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_approver_decides_about_the_arguments() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    for (deny, told) in [
        (None, "sent"),
        (Some("not now"), "this call was not allowed, so it did not run: not now"),
        (Some(""), "this call was not allowed, so it did not run"),
    ] {
        let seen = Arc::clone(&asked);
        let mut worker = sending(send(ToolEffects::Unsafe, None)).with_approver(
            move |request: ApprovalRequest| {
                let call = format!("{} {}", request.spec.name, request.arguments.as_str());
                seen.lock().unwrap().push(call);
                async move {
                    sleep(Duration::from_hours(1)).await;
                    deny.map_or(Decision::Allow, |note| Decision::Deny { note: note.into() })
                }
            },
        );
        let events = drain(worker.turn(Message::user("hi"))).await;
        assert_eq!(results(worker.conversation()), [told]);
        let outcome = deny.map_or(CallOutcome::Succeeded, |_| CallOutcome::Denied);
        assert_eq!(ends(&events), [(0, outcome, None)]);
    }
    assert_eq!(*asked.lock().unwrap(), vec![format!("send {ONE}"); 3]);
}

#[tokio::test]
async fn an_approver_that_panics_denies() {
    let mut worker = sending(send(ToolEffects::Unsafe, None)).with_approver(|_| async {
        panic!("an approver that panics");
    });
    let events = drain(worker.turn(Message::user("hi"))).await;
    assert_eq!(ends(&events), [(0, CallOutcome::Denied, None)]);
}

#[tokio::test(start_paused = true)]
async fn time_in_which_only_a_person_is_waited_for_does_not_count() {
    let mut policy = Policy::default();
    policy.deadlines.turn = Duration::from_secs(10);
    let profile = profile(&calling(["send"])).policy(policy);
    let worker = Worker::new(Arc::new(profile.tools(send(ToolEffects::Unsafe, None))));
    let mut worker = worker.with_approver(|_| async {
        sleep(Duration::from_hours(1)).await;
        Decision::Allow
    });
    drain(worker.turn(Message::user("hi"))).await;
    assert_eq!(results(worker.conversation()), ["sent"]);
    assert_eq!(worker.conversation()[2], Message::assistant("ok"));
}

#[tokio::test]
async fn an_undecided_call_holds_those_after_it() {
    let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let ask = tool("ask", "", |_: Number, _| async { ToolOutput::new("asked") })
        .approval(ToolApproval::Always);
    let tools = set([
        CheckedTool::new(ask).unwrap(),
        counting("keep", ToolEffects::Idempotent, &counts),
        CheckedTool::new(next()).unwrap(),
    ]);
    let begun = Arc::clone(&counts);
    let profile = profile(&calling(["ask", "keep", "next"])).tools(tools);
    let mut worker = Worker::new(Arc::new(profile)).with_approver(move |_| {
        let begun = Arc::clone(&begun);
        async move {
            for _ in 0..9 {
                tokio::task::yield_now().await;
            }
            let nothing_ran = begun[0].load(std::sync::atomic::Ordering::SeqCst) == 0;
            let note = "something ran".into();
            if nothing_ran { Decision::Allow } else { Decision::Deny { note } }
        }
    });
    drain(worker.turn(Message::user("hi"))).await;
    assert_eq!(results(worker.conversation()), ["asked", "done", "2"]);
}

//! `send_input` in each state of a Worker.

use llm_engine::{EngineError, ErrorKind, Script, ScriptedProvider};
use serde_json::{Value, json};
use worker_runtime::{lifecycle::LifecycleInput, model::WorkerState};

use super::{BEING_ANSWERED, Cell, Given, NOTHING_SAID, becomes, check, refuses};
use crate::support::{
    ANSWER, BEGIN_MS, World, and, scope_of, send, send_keyed, stop, texts, types,
};

fn says(code: &'static str) -> fn(&Given) -> Value {
    match code {
        "worker_stopping" => |_| json!({ "code": "worker_stopping" }),
        _ => |_| json!({ "code": "worker_ended" }),
    }
}

const CELLS: fn() -> [Cell; 5] = || {
    let ended = |state| Cell {
        state,
        answer: refuses("worker_ended"),
        reply: says("worker_ended"),
        events: &[],
        texts: NOTHING_SAID,
    };
    [
        Cell {
            state: WorkerState::Idle,
            answer: becomes(WorkerState::Running),
            reply: |given| {
                // Epoch, Runtime and Worker come first.
                let turn_id = "018bcfe5-6800-7000-8000-000000000004";
                json!({
                    "type": "input_accepted",
                    "receipt": {
                        "worker": given.worker, "turn_id": turn_id, "entry_sequence": 1,
                    },
                    "replayed": false,
                })
            },
            events: &["input_accepted", "turn_started", "worker_state_changed"],
            texts: BEING_ANSWERED,
        },
        Cell {
            state: WorkerState::Running,
            answer: refuses("worker_busy"),
            reply: |given| {
                json!({
                    "code": "worker_busy",
                    "turn_id": given.turn_id,
                    "started_at_ms": BEGIN_MS,
                })
            },
            events: &[],
            texts: BEING_ANSWERED,
        },
        Cell {
            state: WorkerState::Stopping,
            answer: refuses("worker_stopping"),
            reply: says("worker_stopping"),
            events: &[],
            texts: BEING_ANSWERED,
        },
        ended(WorkerState::Stopped),
        ended(WorkerState::Cancelled),
    ]
};

#[tokio::test(start_paused = true)]
async fn every_state_answers_as_the_table_says() {
    check(LifecycleInput::SendInput, &CELLS(), |given| send(&given.worker, "hi")).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_input_does_not_burn_its_key() {
    let given = Given::worker(WorkerState::Running).await;
    let Given { world, worker, turn_id } = &given;
    world.refused(send_keyed(worker, "later", "k")).await;
    world.finished(worker, turn_id).await;
    let reply = world.ok(send_keyed(worker, "another body", "k")).await;
    assert_eq!(reply["replayed"], false);
}

#[tokio::test(start_paused = true)]
async fn an_accepted_input_is_committed_answered_and_marked() {
    let world = World::new().await;
    let worker = world.worker().await;
    let request = and(
        send_keyed(&worker, "hi", "key-1"),
        json!({ "if_busy": "reject", "meta": { "actor": "ann" } }),
    );
    let reply = world.ok(request).await;
    let turn_id = &reply["receipt"]["turn_id"];
    let turn = world.finished(&worker, turn_id).await;

    assert_eq!(turn["turn"]["outcome"], "completed");
    assert_eq!(turn["turn"]["stop_reason"], "end_turn");
    assert_eq!(turn["turn"]["model"], "slow-1");
    assert_eq!(turn["turn"]["profile"], json!({ "type": "runtime_default" }));
    assert_eq!(turn["turn"]["input_sequence"], 1);
    assert_eq!(turn["turn"]["answer_sequence"], 2);
    let events = world.events_after(&scope_of(&worker), &reply["cursor"]).await;
    let expected = [
        "input_accepted",
        "turn_started",
        "worker_state_changed",
        "turn_completed",
        "worker_state_changed",
    ];
    assert_eq!(types(&events), expected);
    for event in &events {
        assert_eq!(event["meta"], json!({ "actor": "ann" }), "{event}");
        assert_eq!(event["idempotency_key"], "key-1", "{event}");
    }
    let transcript = world.transcript(&worker).await;
    assert_eq!(texts(&transcript), [("user", "hi", false), ("assistant", ANSWER, false)]);
    for entry in transcript["entries"].as_array().expect("entries") {
        assert_eq!(entry["meta"], json!({ "actor": "ann" }), "{entry}");
        assert_eq!(entry["idempotency_key"], "key-1", "{entry}");
        assert_eq!(entry["turn_id"], *turn_id, "{entry}");
    }
    assert_eq!(turn["turn"]["meta"], json!({ "actor": "ann" }));
    assert_eq!(turn["turn"]["idempotency_key"], "key-1");
    assert_eq!(turn["input"], transcript["entries"][0]);
    assert_eq!(turn["answer"], transcript["entries"][1]);
}

#[tokio::test(start_paused = true)]
async fn a_system_input_is_a_system_entry_and_reaches_the_model() {
    let world = World::new().await;
    let worker = world.worker_with(json!({ "instructions": "be kind" })).await;
    let request = and(send(&worker, ""), json!({ "input": { "kind": "system", "text": "note" } }));
    let reply = world.ok(request).await;
    world.finished(&worker, &reply["receipt"]["turn_id"]).await;
    assert_eq!(world.transcript(&worker).await["entries"][0]["role"], "system");
    let asked = world.provider.requests();
    assert_eq!(asked[0].instructions.as_deref(), Some("be kind"));
    assert_eq!(asked[0].messages.len(), 1, "instructions are no message");
}

#[tokio::test(start_paused = true)]
async fn an_input_that_failed_and_is_sent_again_is_given_to_the_model_once() {
    let failed = || Script::new().error(EngineError::new(ErrorKind::InvalidRequest, "refused"));
    let scripts = (0..4).map(|_| failed()).chain([Script::new().text("yes").finish()]);
    let provider = scripts.fold(ScriptedProvider::new(), ScriptedProvider::script);
    let world = World::builder().provider(provider).build().await;
    let worker = world.worker().await;
    for text in ["one", "two", "two", "two", "two"] {
        world.turn(&worker, text).await;
    }
    world.turn(&worker, "yes").await;
    let requests = world.provider.requests();
    let given = |index: usize| -> Vec<&str> {
        requests[index].messages.iter().map(|message| &*message.text).collect()
    };
    assert_eq!(given(4), ["one", "two"]);
    assert_eq!(given(5), ["one", "two", "yes", "yes"], "an answer and an input are not the same");
    let entries = world.transcript(&worker).await["entries"].as_array().map(Vec::len);
    assert_eq!(entries, Some(8), "the transcript shows all");
}

#[tokio::test(start_paused = true)]
async fn an_input_needs_room_for_two_entries() {
    let world = World::limited(|limits| limits.transcript_entries = 3).await;
    let worker = world.worker().await;
    world.turn(&worker, "one").await;
    let before = world.everything().await;
    let error = world.refused(send(&worker, "two")).await;
    assert_eq!(error["code"], "capacity_exhausted");
    assert_eq!(error["what"], "transcript_entries");
    assert_eq!(error["max"], 3);
    assert_eq!(world.everything().await, before);
}

#[tokio::test(start_paused = true)]
async fn a_stopping_runtime_refuses_before_the_worker_is_asked() {
    let given = Given::worker(WorkerState::Running).await;
    let Given { world, worker, .. } = &given;
    let other = world.worker().await;
    world.ok(stop(&other)).await;
    world.ok(crate::support::stop_runtime()).await;
    for worker in [worker, &other] {
        assert_eq!(world.refused(send(worker, "more")).await["code"], "runtime_stopping");
    }
}

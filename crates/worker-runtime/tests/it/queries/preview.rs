//! `preview` returns the result that `handle` would return, without an effect, over random histories.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    FIRST_PIECE, PAUSE, World, and, cancel_turn, cancel_worker, create, delete, runtime_scope,
    scope_of, send, send_keyed, stop, stop_runtime, types, update, without,
};

const NIL: &str = "00000000-0000-0000-0000-000000000000";
const NOBODY: &str = "018bcfe5-6800-7000-8000-0000000000ff";

async fn preview(world: &World, command: &Value) -> Value {
    world.ok(json!({ "type": "preview", "command": command })).await["result"].clone()
}

/// `told` without the values that a preview cannot know: new ids, and values that contain them.
fn unmade(mut told: Value, command: &Value) -> Value {
    let name = command["type"].as_str().expect("a type");
    let is_new = told["replayed"] == false;
    if name == "send_input" && is_new {
        told["receipt"]["turn_id"] = json!(NIL);
    }
    if name == "create_worker" && is_new {
        told["cursor"] = json!("");
        for field in ["display_name", "display_ref", "worker", "turn_id", "last_turn"] {
            if command.get("display_name").is_none() || !field.starts_with("display") {
                told["detail"].as_object_mut().expect("a detail").remove(field);
            }
        }
        if told.get("receipt").is_some() {
            told["receipt"] = without(told["receipt"].clone(), ["worker", "turn_id"]);
        }
    }
    told
}

/// Previews `command`, handles it, and compares the results.
async fn check(world: &World, command: &Value) {
    let before = world.everything().await;
    let given = world.ids.given();
    let previewed = preview(world, command).await;
    assert_eq!(world.everything().await, before, "a preview has no effect: {command}");
    assert_eq!(world.ids.given(), given, "and makes no ids: {command}");
    let end = before["runtime"]["cursor"].clone();
    match world.call(command.clone()).await {
        Err(error) => {
            assert_eq!(previewed, json!({ "type": "refused", "error": error }), "{command}");
        }
        Ok(reply) => {
            assert_eq!(previewed["type"], "accepted", "{command}: {previewed}");
            let replayed = reply.get("replayed").cloned().unwrap_or(json!(false));
            assert_eq!(previewed["replayed"], replayed, "{command}");
            let told = unmade(previewed["reply"].clone(), command);
            assert_eq!(told, unmade(reply.clone(), command), "{command}");
            let all = world.events_after(&runtime_scope(), &end).await;
            // Later effects are not part of the command: the engine has not been polled yet, and the
            // Workers stop one by one after stop_runtime.
            let own: Vec<&str> = match command["type"].as_str() {
                Some("stop_runtime") => types(&all).into_iter().take(1).collect(),
                _ => types(&all),
            };
            assert_eq!(previewed["events"], json!(own), "{command}");
            check_state(world, command, &previewed, &reply).await;
        }
    }
}

async fn check_state(world: &World, command: &Value, previewed: &Value, reply: &Value) {
    let worker = reply["detail"].get("worker").or(command.get("worker"));
    let state = match worker {
        Some(worker) => match world.call(crate::support::get_worker(worker)).await {
            Ok(now) => now["detail"]["state"].clone(),
            Err(_) => Value::Null,
        },
        None => Value::Null,
    };
    assert_eq!(previewed.get("state").cloned().unwrap_or(Value::Null), state, "{command}");
}

/// A command about one of `workers`, chosen by numbers.
fn command(workers: &[(Value, Vec<Value>)], (kind, which, detail): (u8, usize, u8)) -> Value {
    let nobody = json!({ "runtime_id": NOBODY, "worker_id": NOBODY });
    let (worker, turns) = match workers.get(which % (workers.len() + 1)) {
        Some((worker, turns)) => (worker.clone(), turns.clone()),
        None => match workers.first() {
            Some((worker, _)) => (and(worker.clone(), json!({ "worker_id": NOBODY })), Vec::new()),
            None => (nobody, Vec::new()),
        },
    };
    let key = format!("k{}", detail % 3);
    let meta = json!({ "meta": { "n": detail.to_string() } });
    match kind % 9 {
        0 => match detail % 5 {
            0 => create(),
            1 => and(create(), json!({ "idempotency_key": key, "labels": { "a": "b" } })),
            2 => and(create(), json!({ "initial_input": { "kind": "user", "text": "hi" } })),
            3 => {
                let claims = json!([{ "resource": "r", "access": "exclusive" }]);
                and(create(), json!({ "scope_claims": claims, "display_name": "holder" }))
            }
            _ => and(create(), json!({ "profile": { "type": "named", "name": "none" } })),
        },
        1 | 2 => match detail % 4 {
            0 => send(&worker, "hi"),
            1 => send_keyed(&worker, "hi", &key),
            2 => send_keyed(&worker, "other", &key),
            _ => and(send(&worker, ""), meta),
        },
        3 => match (detail % 3, turns.first()) {
            (0, _) => cancel_turn(&worker),
            (1, Some(turn_id)) => and(cancel_turn(&worker), json!({ "turn_id": turn_id })),
            _ => and(cancel_turn(&worker), json!({ "turn_id": NOBODY, "reason": "r" })),
        },
        4 => match detail % 3 {
            0 => stop(&worker),
            1 => and(stop(&worker), json!({ "deadline_ms": 0, "reason": "r" })),
            _ => and(stop(&worker), json!({ "deadline_ms": 60_000 })),
        },
        5 => and(cancel_worker(&worker), meta),
        6 => and(delete(&worker), meta),
        7 => match detail % 4 {
            0 => update(&worker),
            1 => and(update(&worker), json!({ "labels": { "a": "b" }, "remove_labels": ["c"] })),
            2 => and(update(&worker), json!({ "display_name": "a@b" })),
            _ => and(update(&worker), json!({ "instructions": key })),
        },
        _ => match detail % 24 {
            0 => stop_runtime(),
            1 => and(stop_runtime(), json!({ "workers": "keep", "deadline_ms": 60_000 })),
            _ => send(&worker, "hi"),
        },
    }
}

fn history(steps: Vec<(u8, usize, u8)>) {
    let mut tokio = tokio::runtime::Builder::new_current_thread();
    let tokio = tokio.enable_time().start_paused(true).build().expect("a tokio runtime");
    tokio.block_on(async {
        let builder = World::builder().limits(|limits| {
            (limits.workers, limits.turns_in_flight, limits.transcript_entries) = (5, 2, 6);
        });
        let world = builder.build().await;
        let mut workers: Vec<(Value, Vec<Value>)> = Vec::new();
        for step in steps {
            world.clock.advance(3);
            if step.0 % 11 == 10 {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            let command = command(&workers, step);
            check(&world, &command).await;
            // Let the engine and the tasks of the Runtime start.
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            let list = world.ok(json!({ "type": "list_workers" })).await;
            workers.clear();
            for item in list["items"].as_array().expect("items") {
                let turns =
                    world.ok(json!({ "type": "list_turns", "worker": item["worker"] })).await;
                let ids = turns["items"].as_array().expect("items").iter();
                workers.push((
                    item["worker"].clone(),
                    ids.map(|turn| turn["turn_id"].clone()).collect(),
                ));
            }
        }
    });
}

#[test]
fn a_preview_says_what_the_command_then_does() {
    let config = proptest::test_runner::Config {
        cases: 60,
        failure_persistence: None,
        ..Default::default()
    };
    let step = (any::<u8>(), 0..6_usize, any::<u8>());
    proptest!(config, |(steps in proptest::collection::vec(step, 1..30))| history(steps));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_made_yet_is_nil_or_empty() {
    let world = World::new().await;
    let command = and(create(), json!({ "initial_input": { "kind": "user", "text": "hi" } }));
    let told = preview(&world, &command).await;
    assert_eq!(told["reply"]["detail"]["worker"]["worker_id"], NIL);
    assert_eq!(told["reply"]["receipt"]["turn_id"], NIL);
    assert_eq!(told["reply"]["cursor"], "");
    assert_eq!(told["state"], "running");
    let worker = world.worker().await;
    let told = preview(&world, &send(&worker, "hi")).await;
    assert_eq!(told["reply"]["receipt"]["turn_id"], NIL);
    let cursor = &told["reply"]["cursor"];
    assert_eq!(world.events_after(&scope_of(&worker), cursor).await, [Value::Null; 0]);
}

#[tokio::test(start_paused = true)]
async fn only_a_command_that_does_not_decode_fails_itself() {
    let world = World::new().await;
    let worker = world.worker().await;
    let odd = and(send(&worker, "hi"), json!({ "colour": "red" }));
    let error = world.refused(json!({ "type": "preview", "command": odd })).await;
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("invalid_request"), &json!("command.colour"))
    );
    for command in [
        send(&and(worker.clone(), json!({ "runtime_id": NOBODY })), "hi"),
        and(stop(&worker), json!({ "reason": "" })),
        and(create(), json!({ "display_name": "@" })),
        and(stop_runtime(), json!({ "meta": { "": "x" } })),
    ] {
        check(&world, &command).await;
    }
    let gone = delete(&and(worker, json!({ "worker_id": NOBODY })));
    let told = preview(&world, &gone).await;
    assert_eq!(told["reply"], json!({ "type": "worker_deleted", "already": true }));
    assert_eq!((told.get("state"), &told["events"]), (None, &json!([])));
}

#[tokio::test(start_paused = true)]
async fn a_preview_of_a_cancel_does_not_freeze_the_text() {
    let world = World::new().await;
    let worker = world.worker().await;
    let turn_id = world.running(&worker, FIRST_PIECE).await;
    for command in [cancel_turn(&worker), cancel_worker(&worker)] {
        assert_eq!(preview(&world, &command).await["type"], "accepted");
    }
    let turn = world.finished(&worker, &turn_id).await;
    assert_eq!(turn["answer"]["text"], crate::support::ANSWER);
}

//! `get_turn` and `list_turns`.

use llm_engine::{EngineError, ErrorKind, Script, ScriptedProvider};
use serde_json::{Value, json};

use crate::support::{
    BEGIN_MS, FIRST_PIECE, PAUSE, World, and, cancel_turn, get_latest_turn, get_turn, send,
    slow_answer,
};

async fn four_turns() -> (World, Value, Vec<Value>) {
    let no_key = EngineError::new(ErrorKind::Authentication, "the key is not the right one");
    let provider = ScriptedProvider::new()
        .script(Script::new().text("one").finish())
        .script(Script::new().text("two").error(no_key))
        .script(slow_answer())
        .script(slow_answer());
    let world = World::builder().provider(provider).build().await;
    let worker = world.worker().await;
    let mut turns = vec![world.turn(&worker, "a").await, world.turn(&worker, "b").await];
    turns.push(world.running(&worker, FIRST_PIECE).await);
    world.ok(cancel_turn(&worker)).await;
    turns.push(world.running(&worker, FIRST_PIECE).await);
    (world, worker, turns)
}

fn list(worker: &Value) -> Value {
    json!({ "type": "list_turns", "worker": worker })
}

fn ids(items: &Value) -> Vec<Value> {
    items.as_array().expect("items").iter().map(|item| item["turn_id"].clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn turns_are_listed_oldest_first_and_by_outcome() {
    let (world, worker, turns) = four_turns().await;
    let all = world.ok(list(&worker)).await;
    assert_eq!(ids(&all["items"]), turns);
    assert_eq!(all.get("next"), None);
    for (outcomes, expected) in [
        (json!(["completed"]), &turns[0..1]),
        (json!(["failed"]), &turns[1..2]),
        (json!(["cancelled"]), &turns[2..3]),
        (json!(["lost"]), &turns[0..0]),
        (json!([]), &turns[0..0]),
        (json!(["failed", "completed"]), &turns[0..2]),
    ] {
        let reply = world.ok(and(list(&worker), json!({ "outcomes": outcomes }))).await;
        assert_eq!(ids(&reply["items"]), expected, "{outcomes}");
    }
    let mut joined = Vec::new();
    let mut token = Value::Null;
    loop {
        let page = json!({ "page": { "limit": 1, "token": token } });
        let reply = world.ok(and(list(&worker), page)).await;
        joined.extend(reply["items"].as_array().expect("items").clone());
        let Some(next) = reply.get("next") else { break };
        token = next.clone();
    }
    assert_eq!(json!(joined), all["items"]);
}

#[tokio::test(start_paused = true)]
async fn a_listed_turn_is_the_turn_that_get_turn_shows() {
    let (world, worker, _) = four_turns().await;
    let all = world.ok(list(&worker)).await;
    for item in all["items"].as_array().expect("items") {
        let reply = world.ok(get_turn(&worker, &item["turn_id"])).await;
        assert_eq!(reply["turn"], *item);
        assert_eq!(reply["input"]["sequence"], item["input_sequence"]);
        assert_eq!(
            reply.get("answer").map(|entry| &entry["sequence"]),
            item.get("answer_sequence"),
            "{item}"
        );
    }
    let detail = world.detail(&worker).await;
    assert_eq!(Some(&detail["last_turn"]), all["items"].as_array().expect("items").last());
}

#[tokio::test(start_paused = true)]
async fn each_outcome_has_its_fields() {
    let (world, worker, _) = four_turns().await;
    let all = world.ok(list(&worker)).await;
    let [completed, failed, cancelled, running] =
        all["items"].as_array().expect("items").as_slice()
    else {
        panic!("four turns");
    };
    assert_eq!(
        (&completed["outcome"], &completed["stop_reason"]),
        (&json!("completed"), &json!("end_turn"))
    );
    assert_eq!(completed["usage"]["incomplete"], true, "the provider did not say");
    assert_eq!(failed["outcome"], "failed");
    let error = json!({
        "kind": "authentication", "message": "the key is not the right one", "retryable": false,
    });
    assert_eq!(failed["error"], error);
    assert_eq!(failed.get("stop_reason"), None);
    assert_eq!(cancelled["outcome"], "cancelled");
    assert_eq!(cancelled["ended_at_ms"], BEGIN_MS);
    for absent in ["outcome", "ended_at_ms", "answer_sequence", "stop_reason", "error", "reason"] {
        assert_eq!(running.get(absent), None, "{absent}");
    }
    assert_eq!(running["started_at_ms"], BEGIN_MS);
    assert_eq!(running["model"], "slow-1");
}

#[tokio::test(start_paused = true)]
async fn the_latest_turn_is_the_one_that_began_last() {
    let world = World::new().await;
    let worker = world.worker().await;
    assert_eq!(world.refused(get_latest_turn(&worker)).await["code"], "turn_not_found");
    for text in ["one", "two"] {
        let turn_id = world.turn(&worker, text).await;
        let running = world.ok(get_latest_turn(&worker)).await;
        assert_eq!(running["turn"]["turn_id"], turn_id, "while it runs");
        let waited = world.ok(and(get_latest_turn(&worker), json!({ "wait_ms": 60_000 }))).await;
        assert_eq!(waited["turn"]["turn_id"], turn_id);
        assert_eq!(waited["turn"]["outcome"], "completed");
        assert_eq!(waited["input"]["text"], text);
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_turn() {
    let world = World::new().await;
    let worker = world.worker().await;
    let reply = world.ok(send(&worker, "hi")).await;
    let began = tokio::time::Instant::now();
    let turn = world.finished(&worker, &reply["receipt"]["turn_id"]).await;
    assert_eq!(began.elapsed(), PAUSE);
    assert_eq!(turn["turn"]["outcome"], "completed");
    let began = tokio::time::Instant::now();
    world.finished(&worker, &reply["receipt"]["turn_id"]).await;
    assert_eq!(began.elapsed(), std::time::Duration::ZERO, "one that is over is not waited for");
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_worker_that_is_deleted_ends_at_once() {
    let world = World::new().await;
    let worker = world.worker().await;
    let reply = world.ok(send(&worker, "hi")).await;
    let query = and(get_turn(&worker, &reply["receipt"]["turn_id"]), json!({ "wait_ms": 60_000 }));
    let scope = crate::support::scope_of(&worker);
    let events = json!({
        "type": "read_events", "scope": scope, "from": { "type": "now" }, "wait_ms": 60_000,
        "filter": { "types": ["diagnostic"] },
    });
    let began = tokio::time::Instant::now();
    let (turn, events, ()) = tokio::join!(world.call(query), world.call(events), async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        world.ok(crate::support::cancel_worker(&worker)).await;
        world.ok(crate::support::delete(&worker)).await;
    });
    assert_eq!(began.elapsed(), std::time::Duration::from_secs(1));
    assert!(turn.is_ok_and(|reply| reply["turn"]["outcome"] == "cancelled") || events.is_err());
}

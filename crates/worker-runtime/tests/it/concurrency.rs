//! Concurrent callers on real threads: every rule holds for every order of calls.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use llm_engine::{Script, ScriptedProvider, StopReason};
use serde_json::{Value, json};

use crate::support::{
    TOKENS, World, and, cancel_turn, cancel_worker, create, get_transcript, get_worker,
    runtime_scope, send, send_keyed, stop, update,
};

fn short_answers() -> ScriptedProvider {
    let pause = Duration::from_micros(300);
    let answer = |script: Script| script.text("one ").delay(pause).text("two");
    ScriptedProvider::new()
        .script(answer(Script::new()).finish_with(StopReason::EndTurn, TOKENS))
        .script(answer(Script::new()).end_early())
        .script(answer(Script::new()).finish_with(StopReason::EndTurn, TOKENS))
}

/// Pseudo-random numbers, the same in each run.
fn numbers(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("a small number") % below
    }
}

async fn caller(world: Arc<World>, workers: Vec<Value>, seed: u64) {
    let mut number = numbers(seed);
    for step in 0..150 {
        let worker = &workers[number(workers.len())];
        let request = match number(12) {
            0..=4 => send(worker, "hi"),
            5 => send_keyed(worker, "hi", &format!("k{}", number(20))),
            6 | 7 => cancel_turn(worker),
            8 => and(update(worker), json!({ "labels": { "step": format!("{seed}-{step}") } })),
            9 => get_transcript(worker),
            10 => get_worker(worker),
            _ if step > 130 => [stop, cancel_worker][number(2)](worker),
            _ => and(create(), json!({ "idempotency_key": format!("c{}", number(5)) })),
        };
        if let Err(error) = world.call(request.clone()).await {
            let code = error["code"].as_str().expect("a code");
            let usual = ["worker_busy", "worker_stopping", "worker_ended"];
            assert!(usual.contains(&code), "{request}: {error}");
        }
        if number(4) == 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_callers_leave_gap_free_logs_and_sums_that_add_up() {
    let limits = |limits: &mut worker_runtime::Limits| limits.events_per_worker = 100_000;
    let world = World::builder().provider(short_answers()).limits(limits).build().await;
    let mut workers = Vec::new();
    for _ in 0..4 {
        workers.push(world.worker().await);
    }
    let world = Arc::new(world);
    let callers: Vec<_> = (1..=8)
        .map(|seed| tokio::spawn(caller(Arc::clone(&world), workers.clone(), seed)))
        .collect();
    for caller in callers {
        caller.await.expect("no caller panics");
    }
    for worker in &workers {
        world.ok(stop(worker)).await;
        let last = world.detail(worker).await["last_turn"]["turn_id"].clone();
        if last.is_string() {
            world.finished(worker, &last).await;
        }
        check_worker(&world, worker).await;
    }
    check_runtime(&world).await;
}

/// Changes labels of Workers until the task is aborted.
async fn relabel(world: Arc<World>, workers: Vec<Value>, seed: u64) {
    let mut number = numbers(seed);
    loop {
        let (worker, side) = (&workers[number(workers.len())], ["left", "right"][number(2)]);
        world.ok(and(update(worker), json!({ "labels": { "side": side } }))).await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_list_shows_nobody_who_has_changed_sides_meanwhile() {
    let world = Arc::new(World::new().await);
    let mut workers = Vec::new();
    for _ in 0..64 {
        workers.push(world.worker_with(json!({ "labels": { "side": "left" } })).await);
    }
    let movers: Vec<_> = (1..=3)
        .map(|seed| tokio::spawn(relabel(Arc::clone(&world), workers.clone(), seed)))
        .collect();
    let mut shown = 0;
    for order in ["oldest", "newest", "active"].into_iter().cycle().take(300) {
        let list = json!({ "type": "list_workers", "order": order, "labels": { "side": "right" } });
        let page = world.ok(list).await;
        for item in page["items"].as_array().expect("items") {
            assert_eq!(item["labels"]["side"], "right", "{order}: {item}");
            shown += 1;
        }
        tokio::task::yield_now().await;
    }
    assert!(shown > 0, "some have changed sides");
    movers.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Checks that a log has no gaps, and that turns do not overlap and have one end each.
async fn check_worker(world: &World, worker: &Value) {
    let events = world.events(worker).await;
    let mut running: Option<&Value> = None;
    for (place, event) in events.iter().enumerate() {
        assert_eq!(event["worker_sequence"], place as u64 + 1);
        let kind = event["type"].as_str().expect("a type");
        match kind {
            "turn_started" => assert_eq!(running.replace(&event["turn_id"]), None),
            "turn_completed" | "turn_failed" | "turn_cancelled" | "turn_lost" => {
                assert_eq!(running.take(), Some(&event["turn_id"]));
            }
            _ => {}
        }
    }
    assert_eq!(running, None, "the last turn is over");
    let entries: Vec<&Value> = events.iter().filter_map(|event| event.get("entry")).collect();
    let transcript = world.ok(and(get_transcript(worker), json!({ "limit": 1000 }))).await;
    assert_eq!(json!(entries), transcript["entries"]);
}

async fn check_runtime(world: &World) {
    let runtime = world.ok(json!({ "type": "get_runtime" })).await;
    assert_eq!(runtime["summary"]["turns_in_flight"], 0);
    let list = world.ok(json!({ "type": "list_workers" })).await;
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    let mut turns = 0;
    for item in list["items"].as_array().expect("items") {
        *states.entry(item["state"].as_str().expect("a state")).or_default() += 1;
        turns += item["usage"]["turns"].as_u64().expect("a count");
    }
    for (state, count) in runtime["summary"]["workers"].as_object().expect("counts") {
        assert_eq!(*count, states.get(&**state).copied().unwrap_or(0), "{state}");
    }
    let overview = world.ok(json!({ "type": "get_overview" })).await;
    assert_eq!(overview["usage"]["turns"], turns);
    let outcomes = overview["turns"].as_object().expect("counts").values();
    assert_eq!(outcomes.map(|count| count.as_u64().expect("a count")).sum::<u64>(), turns);
    let all = world.events_from(&runtime_scope(), json!({ "type": "oldest" })).await;
    assert!(all.iter().zip(1_u64..).all(|(event, number)| event["sequence"] == number));
    let created = all.iter().filter(|event| event["type"] == "worker_created").count();
    assert_eq!(created, 4 + 5, "each key created one Worker");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cancel_that_races_the_end_is_told_what_was() {
    let script = Script::new().text("a").delay(Duration::from_millis(1)).text("b").finish();
    let world = World::builder().script(script).build().await;
    let worker = world.worker().await;
    for round in 0..60_u64 {
        let sent = world.ok(send(&worker, "hi")).await;
        let turn_id = &sent["receipt"]["turn_id"];
        tokio::time::sleep(Duration::from_micros(900 + round * 10)).await;
        let named = and(cancel_turn(&worker), json!({ "turn_id": turn_id }));
        let result = world.ok(named).await["result"].clone();
        let turn = world.ok(crate::support::get_turn(&worker, turn_id)).await["turn"].clone();
        match result["type"].as_str() {
            Some("cancelled") => assert_eq!(turn["outcome"], "cancelled"),
            Some("already_finished") => assert_eq!(turn["outcome"], result["outcome"]),
            other => panic!("{other:?}"),
        }
    }
    check_worker(&world, &worker).await;
}

//! `stop_runtime`: the end of a Runtime, with its Workers or without.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;
use worker_runtime::{Runtime, Subscription, store::MemoryStore};

use crate::support::{
    ANSWER, CountedIds, FIRST_PIECE, PAUSE, World, and, cancel_turn, cancel_worker, collect,
    create, delete, get_transcript, get_worker, next_item, read_events, runtime_scope, send,
    send_keyed, stop, stop_runtime, texts, types, update,
};

fn stopping(fields: Value) -> Value {
    and(stop_runtime(), fields)
}

/// Subscribes to the Runtime's events from now on.
async fn watch(world: &World) -> Subscription {
    let request = json!({ "scope": runtime_scope() });
    let mut stream = world.subscribe(request).await.expect("the subscription is made");
    collect(&mut stream, |item| item["type"] == "synced").await;
    stream
}

async fn to_the_end(stream: &mut Subscription) -> Vec<Value> {
    let items = collect(stream, |item| item["type"] == "ended").await;
    assert_eq!(items.last(), Some(&json!({ "type": "ended", "reason": "runtime_stopped" })));
    assert_eq!(next_item(stream).await, None, "`ended` is last of all");
    items
}

/// The types of the events about `worker`, in order.
fn types_of<'a>(events: &'a [Value], worker: &Value) -> Vec<&'a str> {
    let about = |event: &&Value| event.get("worker") == Some(worker);
    events.iter().filter(about).map(|event| event["type"].as_str().expect("a type")).collect()
}

/// An idle, a running, a stopping and a stopped Worker.
async fn four_workers(world: &World) -> [Value; 4] {
    let idle = world.worker().await;
    let running = world.worker().await;
    world.running(&running, FIRST_PIECE).await;
    let last_turn = world.worker().await;
    world.running(&last_turn, FIRST_PIECE).await;
    world.ok(stop(&last_turn)).await;
    let stopped = world.worker().await;
    world.ok(stop(&stopped)).await;
    [idle, running, last_turn, stopped]
}

#[tokio::test(start_paused = true)]
async fn an_empty_runtime_stops() {
    let world = World::new().await;
    let mut stream = watch(&world).await;
    let reply = world.ok(stopping(json!({ "reason": "done", "meta": { "actor": "ann" } }))).await;
    assert_eq!(reply["type"], "runtime_stop");
    assert_eq!(reply["already"], false);
    let items = to_the_end(&mut stream).await;
    assert_eq!(types(&items), ["runtime_stopping", "runtime_stopped", "ended"]);
    assert_eq!(items[0]["reason"], "done");
    for event in &items[..2] {
        assert_eq!(event["meta"], json!({ "actor": "ann" }), "{event}");
        assert_eq!((event.get("worker"), event.get("worker_sequence")), (None, None));
    }
    let events = world.events_after(&runtime_scope(), &reply["cursor"]).await;
    assert_eq!(types(&events), ["runtime_stopping", "runtime_stopped"]);
    let runtime = world.ok(json!({ "type": "get_runtime" })).await;
    assert_eq!(runtime["summary"]["state"], "stopped");
}

#[tokio::test(start_paused = true)]
async fn conversations_go_on_later_unless_the_stop_says_otherwise() {
    let world = World::new().await;
    let [idle, running, last_turn, stopped] = four_workers(&world).await;
    let mut stream = watch(&world).await;
    world.ok(json!({ "type": "stop_runtime" })).await;
    to_the_end(&mut stream).await;
    for (worker, state) in
        [(&idle, "idle"), (&running, "idle"), (&last_turn, "stopped"), (&stopped, "stopped")]
    {
        assert_eq!(world.detail(worker).await["state"], state);
    }
    assert_eq!(texts(&world.transcript(&running).await)[1], ("assistant", ANSWER, false));
}

#[tokio::test(start_paused = true)]
async fn turns_finish_and_every_worker_is_stopped() {
    let world = World::new().await;
    let [idle, running, last_turn, stopped] = four_workers(&world).await;
    let mut stream = watch(&world).await;
    let reply = world.ok(stopping(json!({ "reason": "bye", "meta": { "a": "b" } }))).await;
    assert_eq!((&reply["state"], &reply["already"]), (&json!("stopping"), &json!(false)));
    let began = Instant::now();
    let items = to_the_end(&mut stream).await;
    assert_eq!(began.elapsed(), PAUSE);
    assert_eq!(items[0]["type"], "runtime_stopping");
    assert_eq!(types(&items[items.len() - 2..]), ["runtime_stopped", "ended"]);
    assert_eq!(types_of(&items, &idle), ["worker_state_changed"]);
    let whole = ["worker_state_changed", "turn_completed", "worker_state_changed"];
    assert_eq!(types_of(&items, &running), whole);
    assert_eq!(types_of(&items, &last_turn), whole[1..]);
    assert_eq!(types_of(&items, &stopped), [""; 0]);
    for worker in [&idle, &running] {
        let detail = world.detail(worker).await;
        assert_eq!((&detail["state"], &detail["end_reason"]), (&json!("stopped"), &json!("bye")));
        let change =
            items.iter().find(|item| item.get("worker") == Some(worker)).expect("an event");
        assert_eq!((&change["reason"], &change["meta"]), (&json!("bye"), &json!({ "a": "b" })));
    }
    for worker in [&last_turn, &stopped] {
        let detail = world.detail(worker).await;
        assert_eq!((&detail["state"], detail.get("end_reason")), (&json!("stopped"), None));
    }
    for worker in [&running, &last_turn] {
        let transcript = world.transcript(worker).await;
        assert_eq!(texts(&transcript)[1], ("assistant", ANSWER, false));
    }
    assert_eq!(world.events_after(&runtime_scope(), &reply["cursor"]).await.len(), items.len() - 1);
}

#[tokio::test(start_paused = true)]
async fn past_the_deadline_turns_are_cancelled() {
    let world = World::new().await;
    let [_, running, last_turn, _] = four_workers(&world).await;
    let mut stream = watch(&world).await;
    world.ok(stopping(json!({ "deadline_ms": 3000 }))).await;
    let began = Instant::now();
    let items = to_the_end(&mut stream).await;
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    let cut = ["turn_cancelled", "worker_state_changed"];
    assert_eq!(types_of(&items, &running), ["worker_state_changed", cut[0], cut[1]]);
    assert_eq!(types_of(&items, &last_turn), cut);
    for worker in [&running, &last_turn] {
        assert_eq!(world.state(worker).await, "stopped");
        let transcript = world.transcript(worker).await;
        assert_eq!(texts(&transcript)[1], ("assistant", FIRST_PIECE, true));
    }
    assert_eq!(world.provider.live(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_of_zero_cancels_at_once() {
    let world = World::new().await;
    let [_, running, last_turn, _] = four_workers(&world).await;
    let mut stream = watch(&world).await;
    world.ok(stopping(json!({ "deadline_ms": 0, "reason": "now" }))).await;
    let began = Instant::now();
    let items = to_the_end(&mut stream).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    for worker in [&running, &last_turn] {
        assert_eq!(types_of(&items, worker), ["turn_cancelled", "worker_state_changed"]);
        assert_eq!(world.state(worker).await, "stopped");
    }
    let change =
        &items.iter().filter(|item| item.get("worker") == Some(&running)).collect::<Vec<_>>()[1];
    assert_eq!((&change["from"], &change["to"]), (&json!("running"), &json!("stopped")));
}

#[tokio::test(start_paused = true)]
async fn a_later_stop_may_bring_the_deadline_forward_and_never_back() {
    let world = World::new().await;
    four_workers(&world).await;
    let mut stream = watch(&world).await;
    let first = world.ok(stopping(json!({ "deadline_ms": 5000 }))).await;
    assert_eq!(first["already"], false);
    let began = Instant::now();
    for deadline_ms in [2000, 9000] {
        let reply = world.ok(stopping(json!({ "deadline_ms": deadline_ms }))).await;
        assert_eq!((&reply["state"], &reply["already"]), (&json!("stopping"), &json!(true)));
    }
    world.ok(stop_runtime()).await;
    to_the_end(&mut stream).await;
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn stopping_again_is_already_and_has_no_event() {
    let world = World::new().await;
    let mut stream = watch(&world).await;
    world.ok(stop_runtime()).await;
    to_the_end(&mut stream).await;
    let before = world.everything().await;
    let reply = world.ok(stopping(json!({ "reason": "again", "workers": "keep" }))).await;
    let end = &before["runtime"]["cursor"];
    let expected =
        json!({ "type": "runtime_stop", "state": "stopped", "already": true, "cursor": end });
    assert_eq!(reply, expected);
    assert_eq!(world.everything().await, before);
}

#[tokio::test(start_paused = true)]
async fn while_stopping_new_work_is_refused_and_the_rest_goes_on() {
    let world = World::new().await;
    let idle = world.worker_with(json!({ "display_name": "idle" })).await;
    let running = world.worker().await;
    world.ok(send_keyed(&running, "hi", "k")).await;
    world.streamed(&running, FIRST_PIECE).await;
    // Idle Workers stay idle under `keep`, so that some are left for requests.
    world.ok(stopping(json!({ "workers": "keep" }))).await;
    let with_input = json!({ "initial_input": { "kind": "user", "text": "hi" } });
    for request in [create(), and(create(), with_input), send(&idle, "hi"), send(&running, "hi")] {
        let error = world.refused(request.clone()).await;
        assert_eq!(error["code"], "runtime_stopping", "{request}");
    }
    let replayed = world.ok(send_keyed(&running, "hi", "k")).await;
    assert_eq!(replayed["replayed"], true, "a replay comes before the Runtime's state");
    world.ok(and(update(&idle), json!({ "display_name": "renamed" }))).await;
    world.ok(cancel_turn(&running)).await;
    world.ok(get_transcript(&running)).await;
}

#[tokio::test(start_paused = true)]
async fn while_stopping_workers_can_be_stopped_and_deleted() {
    let world = World::new().await;
    let [busy, idle] = [world.worker().await, world.worker().await];
    world.running(&busy, FIRST_PIECE).await;
    let ended = world.worker().await;
    world.ok(cancel_worker(&ended)).await;
    world.ok(stopping(json!({ "workers": "keep" }))).await;
    assert_eq!(world.ok(stop(&idle)).await["already"], false);
    assert_eq!(world.ok(delete(&ended)).await["already"], false);
    assert_eq!(world.ok(cancel_worker(&busy)).await["already"], false);
}

#[tokio::test(start_paused = true)]
async fn once_stopped_nothing_changes_and_queries_go_on() {
    let world = World::new().await;
    let [idle, running, ..] = four_workers(&world).await;
    let sent = send_keyed(&idle, "hi", "k");
    world.ok(sent.clone()).await;
    let created = and(create(), json!({ "idempotency_key": "k" }));
    world.ok(created.clone()).await;
    let mut stream = watch(&world).await;
    world.ok(stop_runtime()).await;
    to_the_end(&mut stream).await;
    let before = world.everything().await;
    let changes = [
        create(),
        send(&idle, "hi"),
        and(update(&idle), json!({ "display_name": "Ada" })),
        delete(&idle),
    ];
    for request in changes {
        let error = world.refused(request.clone()).await;
        assert_eq!(error["code"], "runtime_stopped", "{request}");
    }
    assert_eq!(world.ok(stop(&idle)).await["already"], true);
    assert_eq!(world.ok(cancel_worker(&running)).await["already"], true);
    assert_eq!(world.ok(cancel_turn(&running)).await["result"], json!({ "type": "no_turn" }));
    assert_eq!(world.ok(sent).await["replayed"], true);
    assert_eq!(world.ok(created).await["replayed"], true);
    world.ok(update(&idle)).await;
    assert_eq!(world.everything().await, before);
    world.ok(get_worker(&idle)).await;
    let error = world.refused(and(read_events(&runtime_scope()), json!({ "limit": 0 }))).await;
    assert_eq!(error["code"], "limit_out_of_range");
}

#[tokio::test(start_paused = true)]
async fn kept_workers_stay_and_the_next_runtime_goes_on_with_them() {
    let store = Arc::new(MemoryStore::new());
    let ids = Arc::new(CountedIds::default());
    let build = || World::builder().store(Arc::<MemoryStore>::clone(&store)).ids(Arc::clone(&ids));
    let first = build().build().await;
    let [idle, running, last_turn, stopped] = four_workers(&first).await;
    let mut stream = watch(&first).await;
    first.ok(stopping(json!({ "workers": "keep", "reason": "update" }))).await;
    let items = to_the_end(&mut stream).await;
    assert_eq!(types_of(&items, &idle), [""; 0]);
    assert_eq!(types_of(&items, &running), ["turn_completed", "worker_state_changed"]);
    assert_eq!(first.state(&idle).await, "idle");
    assert_eq!(first.state(&running).await, "idle");
    assert_eq!(first.state(&last_turn).await, "stopped");
    assert_eq!(first.state(&stopped).await, "stopped");

    // At `stopped` the store is released, although the first Runtime still exists.
    let second = build().build().await;
    assert_eq!(second.runtime.runtime_id(), first.runtime.runtime_id());
    for worker in [&idle, &running, &last_turn, &stopped] {
        assert_eq!(second.detail(worker).await, first.detail(worker).await);
        assert_eq!(second.transcript(worker).await, first.transcript(worker).await);
    }
    second.turn(&running, "go on").await;
    let asked = second.provider.requests();
    assert_eq!(asked[0].messages.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn past_its_deadline_kept_workers_are_idle_too() {
    let world = World::new().await;
    let worker = world.worker().await;
    world.running(&worker, FIRST_PIECE).await;
    let mut stream = watch(&world).await;
    world.ok(stopping(json!({ "workers": "keep", "deadline_ms": 1000 }))).await;
    let items = to_the_end(&mut stream).await;
    assert_eq!(types_of(&items, &worker), ["turn_cancelled", "worker_state_changed"]);
    assert_eq!(world.state(&worker).await, "idle");
}

#[tokio::test(start_paused = true)]
async fn it_is_finished_even_if_the_caller_is_gone() {
    let world = World::new().await;
    four_workers(&world).await;
    let mut stream = watch(&world).await;
    let runtime: Runtime = world.runtime.clone();
    tokio::spawn(async move {
        let stop = worker_runtime::commands::StopRuntime::default();
        runtime.handle(stop).await.expect("the stop is accepted");
    })
    .await
    .expect("the caller ends");
    to_the_end(&mut stream).await;
}

#[tokio::test(start_paused = true)]
async fn many_workers_are_all_stopped() {
    let world = World::new().await;
    for number in 0..300 {
        let worker = world.worker().await;
        if number % 3 == 0 {
            world.ok(send(&worker, "hi")).await;
        }
    }
    let mut stream = watch(&world).await;
    world.ok(stop_runtime()).await;
    let items = to_the_end(&mut stream).await;
    let to_stopped = items.iter().filter(|item| item["to"] == "stopped").count();
    assert_eq!(to_stopped, 300);
    let runtime = world.ok(json!({ "type": "get_runtime" })).await;
    assert_eq!(runtime["summary"]["workers"]["stopped"], 300);
    assert_eq!(runtime["summary"]["turns_in_flight"], 0);
}

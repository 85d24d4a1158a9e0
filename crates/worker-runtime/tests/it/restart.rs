//! A Runtime on a store with data continues where the last Runtime ended.

use std::{sync::Arc, time::Duration};

use llm_engine::{Script, ScriptedProvider};
use serde_json::{Value, json};
use worker_runtime::{
    Profile,
    store::{MemoryStore, Store},
};

use crate::support::{
    Builder, CountedIds, FIRST_PIECE, World, and, create, get_turn, runtime_scope, scope_of, send,
    stop, texts, types, update, without,
};

/// Builds Runtimes on one store, one after another.
struct Successors {
    store: Arc<dyn Store>,
    ids: Arc<CountedIds>,
}

impl Successors {
    fn new() -> Self {
        Self { store: Arc::new(MemoryStore::new()), ids: Arc::default() }
    }

    fn next(&self) -> Builder {
        World::builder().store(Arc::clone(&self.store)).ids(Arc::clone(&self.ids))
    }
}

/// Drops the Runtime with its running turns.
async fn die(world: World) {
    drop(world);
    // The store is released in the background.
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn an_open_turn_is_lost_with_one_terminal_event() {
    let successors = Successors::new();
    let first = successors.next().build().await;
    let [running, stopping] = [first.worker().await, first.worker().await];
    let meta = json!({ "meta": { "actor": "ann" }, "idempotency_key": "k" });
    let sent = first.ok(and(send(&running, "hi"), meta)).await;
    let turn_id = sent["receipt"]["turn_id"].clone();
    first.streamed(&running, FIRST_PIECE).await;
    first.running(&stopping, FIRST_PIECE).await;
    first.ok(stop(&stopping)).await;
    let before = first.events(&running).await.len();
    die(first).await;

    let second = successors.next().build().await;
    second.clock.advance(1000);
    for (worker, state) in [(&running, "idle"), (&stopping, "stopped")] {
        let detail = second.detail(worker).await;
        assert_eq!((&detail["state"], &detail["last_outcome"]), (&json!(state), &json!("lost")));
        let events = second.events(worker).await;
        assert_eq!(types(&events[events.len() - 2..]), ["turn_lost", "worker_state_changed"]);
        let ends = types(&events).iter().filter(|kind| kind.starts_with("turn_lost")).count();
        assert_eq!(ends, 1);
        assert_eq!(texts(&second.transcript(worker).await), [("user", "hi", false)], "no text");
    }
    let events = second.events(&running).await;
    assert_eq!(events.len(), before + 2);
    let lost = &events[before];
    assert_eq!(lost["turn_id"], turn_id);
    assert_eq!(lost["meta"], json!({ "actor": "ann" }), "the command that began it");
    assert_eq!(lost["usage"]["turns"], 1);
    let turn = second.ok(get_turn(&running, &turn_id)).await;
    assert_eq!(turn["turn"]["outcome"], "lost");
    assert_eq!(turn.get("answer"), None);
    assert_eq!(second.provider.calls(), 0, "nothing is executed again");
    let overview = second.ok(json!({ "type": "get_overview" })).await;
    assert_eq!(overview["turns"]["lost"], 2);
    let usage = second.ok(json!({ "type": "get_usage", "scope": scope_of(&running) })).await;
    assert_eq!(usage["usage"]["turns"], 1);
    second.turn(&running, "again").await;

    die(second).await;
    let third = successors.next().build().await;
    let events = third.events(&running).await;
    let lost = types(&events).iter().filter(|kind| **kind == "turn_lost").count();
    assert_eq!(lost, 1, "a loss is told once");
}

#[tokio::test(start_paused = true)]
async fn workers_are_back_as_they_were() {
    let successors = Successors::new();
    let first = successors.next().build().await;
    let full = json!({
        "display_name": "Ada", "labels": { "a": "b" }, "instructions": "be brief",
        "intent": { "type": "task", "objective": "tidy" }, "config_bundle": { "id": "b" },
        "requested_capabilities": ["x"],
        "scope_claims": [{ "resource": "r", "access": "exclusive" }],
        "history": [{ "role": "user", "text": "earlier" }],
    });
    let ada = first.worker_with(full.clone()).await;
    first.turn(&ada, "hi").await;
    first.ok(and(update(&ada), json!({ "labels": { "c": "d" } }))).await;
    let ended = first.worker().await;
    first.ok(and(stop(&ended), json!({ "reason": "done" }))).await;
    let unlike = |overview: &Value| without(overview.clone(), ["runtime", "events", "diagnostics"]);
    let shown = first.everything().await;
    let events = [first.events(&ada).await, first.events(&ended).await];
    let cursor = first.ok(crate::support::get_worker(&ada)).await["cursor"].clone();
    die(first).await;

    let second = successors.next().build().await;
    let now = second.everything().await;
    let of_workers = |overview: &Value| {
        let workers = overview["workers"].as_array().expect("workers").iter();
        workers.map(|worker| without(worker.clone(), ["events"])).collect::<Vec<_>>()
    };
    assert_eq!(of_workers(&now), of_workers(&shown));
    assert_eq!(unlike(&now)["list"]["items"], unlike(&shown)["list"]["items"]);
    assert_eq!(now["overview"], shown["overview"]);
    assert_ne!(now["runtime"]["summary"]["epoch"], shown["runtime"]["summary"]["epoch"]);
    for (worker, before) in [&ada, &ended].into_iter().zip(events) {
        let after = second.events(worker).await;
        assert_eq!(
            after.iter().map(|event| without(event.clone(), ["epoch"])).collect::<Vec<_>>(),
            before.iter().map(|event| without(event.clone(), ["epoch"])).collect::<Vec<_>>(),
        );
    }
    // The sequence continues, the claim is held, and the model gets the history.
    second.turn(&ada, "again").await;
    let events = second.events_after(&scope_of(&ada), &cursor).await;
    assert_eq!(events[0]["type"], "input_accepted");
    let claiming = json!({ "scope_claims": [{ "resource": "r/x", "access": "shared" }] });
    let error = second.refused(and(create(), claiming)).await;
    assert_eq!((&error["code"], &error["holder"]), (&json!("scope_conflict"), &ada));
    let heard: Vec<String> = second.provider.requests()[0]
        .messages
        .iter()
        .map(|message| message.text.to_string())
        .collect();
    assert_eq!(heard, ["earlier", "hi", crate::support::ANSWER, "again"]);
}

#[tokio::test(start_paused = true)]
async fn new_workers_come_after_all_that_ever_were() {
    let successors = Successors::new();
    let first = successors.next().build().await;
    let mut names = Vec::new();
    for name in ["a", "b", "c"] {
        names.push(first.worker_with(json!({ "display_name": name })).await);
    }
    first.ok(stop(&names[2])).await;
    first.ok(crate::support::delete(&names[2])).await;
    die(first).await;
    let second = successors.next().build().await;
    second.worker_with(json!({ "display_name": "d" })).await;
    let list = second.ok(json!({ "type": "list_workers" })).await;
    let names: Vec<&Value> =
        list["items"].as_array().expect("items").iter().map(|item| &item["display_name"]).collect();
    assert_eq!(names, ["a", "b", "d"]);
}

#[tokio::test(start_paused = true)]
async fn each_start_has_its_own_epoch_and_log() {
    let successors = Successors::new();
    let first = successors.next().build().await;
    first.worker().await;
    die(first).await;
    let second = successors.next().build().await;
    let events = second.events_from(&runtime_scope(), json!({ "type": "oldest" })).await;
    assert_eq!(
        (&events[0]["type"], &events[0]["sequence"]),
        (&json!("runtime_started"), &json!(1))
    );
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_is_gone_is_not_found_until_another_is_chosen() {
    let successors = Successors::new();
    let extra = Profile::new("extra", Arc::new(ScriptedProvider::answer("yes")));
    let first = successors.next().with(|builder| builder.profile(extra)).build().await;
    let chosen = json!({ "profile": { "type": "named", "name": "extra" } });
    let worker = first.worker_with(chosen.clone()).await;
    first.turn(&worker, "hi").await;
    die(first).await;
    let second = successors.next().build().await;
    assert_eq!(second.detail(&worker).await["profile"], chosen["profile"]);
    assert_eq!(second.refused(send(&worker, "hi")).await["code"], "profile_not_found");
    let other = json!({ "profile": { "type": "runtime_default" } });
    second.ok(and(update(&worker), other)).await;
    second.turn(&worker, "hi").await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_is_told_and_a_turn_may_still_complete() {
    use llm_engine::{EngineError, ErrorKind};
    let busy = EngineError::new(ErrorKind::RateLimited, "wait a little")
        .with_retry_after(Duration::from_secs(3));
    let provider = ScriptedProvider::new()
        .script(Script::new().error(busy))
        .script(Script::new().text("at last").finish());
    let world = World::builder().provider(provider).build().await;
    let worker = world.worker().await;
    let turn_id = world.turn(&worker, "hi").await;
    let events = world.events(&worker).await;
    let expected = [
        "worker_created",
        "input_accepted",
        "turn_started",
        "worker_state_changed",
        "turn_retrying",
        "turn_completed",
        "worker_state_changed",
    ];
    assert_eq!(types(&events), expected);
    let retry = &events[4];
    assert_eq!((&retry["attempt"], &retry["turn_id"]), (&json!(2), &turn_id));
    assert_eq!(retry["error"]["kind"], "rate_limited");
    assert_eq!(retry["error"]["retry_after_ms"], 3000);
    assert!(retry["delay_ms"].as_u64().is_some_and(|delay_ms| delay_ms >= 3000), "{retry}");
    assert_eq!(world.provider.calls(), 2);
}

fn keyed(key: &str) -> Value {
    and(create(), json!({ "idempotency_key": key }))
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_used_anew_is_remembered_like_any_other() {
    let successors = Successors::new();
    let age = |limits: &mut worker_runtime::Limits| limits.idempotency_age_ms = 10_000;
    let first = successors.next().limits(age).build().await;
    let worker = first.worker().await;
    let input = |key: &str| and(send(&worker, "hi"), json!({ "idempotency_key": key }));
    for number in 0..100 {
        first.ok(keyed(&format!("k{number}"))).await;
        let sent = first.ok(input(&format!("k{number}"))).await;
        first.finished(&worker, &sent["receipt"]["turn_id"]).await;
    }
    // All keys have expired, and each request makes room for some of them only.
    first.clock.advance(60_000);
    let created = first.ok(keyed("k80")).await;
    let used = first.ok(input("k80")).await;
    first.finished(&worker, &used["receipt"]["turn_id"]).await;
    for number in 0..3 {
        first.ok(keyed(&format!("n{number}"))).await;
        let sent = first.ok(input(&format!("n{number}"))).await;
        first.finished(&worker, &sent["receipt"]["turn_id"]).await;
    }
    let now = 60_000;
    die(first).await;

    let second = successors.next().limits(age).build().await;
    second.clock.advance(now);
    for (request, earlier) in [(keyed("k80"), created), (input("k80"), used)] {
        let again = second.ok(request).await;
        assert_eq!((&earlier["replayed"], &again["replayed"]), (&json!(false), &json!(true)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_build_tells_how_far_it_has_restored() {
    let successors = Successors::new();
    let first = successors.next().build().await;
    for _ in 0..1000 {
        first.worker().await;
    }
    let last = first.worker().await;
    first.running(&last, FIRST_PIECE).await;
    die(first).await;
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let tell = {
        let told = Arc::clone(&told);
        move |progress: worker_runtime::RestoreProgress| {
            told.lock().expect("a list").push(progress);
            panic!("a panic of the Backend's ends nothing");
        }
    };
    let second = successors.next().with(|builder| builder.restoring(tell)).build().await;
    let told = told.lock().expect("a list").clone();
    assert!(told.len() >= 2, "{told:?}");
    assert!(told.is_sorted_by_key(|progress| progress.workers));
    let end = told[told.len() - 1];
    assert_eq!((end.workers, end.created, end.open_turns), (1001, 1001, 1));
    assert_eq!(second.detail(&last).await["last_outcome"], "lost");
}

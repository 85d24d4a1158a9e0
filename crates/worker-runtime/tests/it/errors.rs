//! Every error code: its cause, its fields, its retry advice, and values that it must not repeat.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use worker_runtime::RuntimeError;

use crate::support::{
    FIRST_PIECE, SteppedStore, Verdict, World, and, create, delete, get_turn, get_worker,
    read_events, scope_of, send, send_keyed, stop, stop_runtime, update, without,
};

/// A value in a request that no error may repeat.
const CANARY: &str = "canary-7f3a";

const NOBODY: &str = "018bcfe5-6800-7000-8000-0000000000ff";

/// An error of each code, with its fields other than `message` and `retry`.
pub(crate) async fn provoked() -> Vec<(Value, Value)> {
    let mut errors = about_workers().await;
    errors.extend(about_runtimes().await);
    errors.extend(about_limits().await);
    errors.extend(about_cursors().await);
    errors.push(about_tenants().await);
    errors.push(about_stores().await);
    errors.push(internal().await);
    errors
}

/// Makes a part of the Backend panic, here the source of ids.
async fn internal() -> (Value, Value) {
    let world = World::new().await;
    let worker = world.worker().await;
    world.ids.panics.next(1);
    let error = world.refused(send(&worker, CANARY)).await;
    let noticed = world.ok(json!({ "type": "list_diagnostics" })).await["items"][0].clone();
    assert_eq!(noticed["severity"], "error");
    (error, json!({ "code": "internal", "diagnostic_id": noticed["diagnostic_id"] }))
}

async fn about_workers() -> Vec<(Value, Value)> {
    let world = World::new().await;
    let claims = json!([{ "resource": "a/b", "access": "exclusive" }]);
    let idle = world.worker_with(json!({ "scope_claims": claims })).await;
    let busy = world.worker().await;
    let turn_id = world.running(&busy, FIRST_PIECE).await;
    let stopping = world.worker().await;
    world.running(&stopping, FIRST_PIECE).await;
    world.ok(stop(&stopping)).await;
    let stopped = world.worker().await;
    world.ok(stop(&stopped)).await;
    world.ok(send_keyed(&idle, "one", "k")).await;
    let elsewhere = and(idle.clone(), json!({ "runtime_id": NOBODY }));
    let nobody = and(idle.clone(), json!({ "worker_id": NOBODY }));
    let unknown_profile = and(create(), json!({ "profile": { "type": "named", "name": CANARY } }));
    let below = json!([{ "resource": "a/b/c", "access": "shared" }]);
    let code = |code: &str| json!({ "code": code });
    let busy_fields = json!({
        "code": "worker_busy", "turn_id": turn_id, "started_at_ms": crate::support::BEGIN_MS,
    });
    let conflict = json!({ "code": "scope_conflict", "resource": "a/b/c", "holder": idle });
    let requests = [
        (send(&elsewhere, CANARY), code("wrong_runtime")),
        (send(&nobody, CANARY), code("worker_not_found")),
        (get_turn(&idle, &json!(NOBODY)), code("turn_not_found")),
        (send(&busy, CANARY), busy_fields),
        (send(&stopping, CANARY), code("worker_stopping")),
        (send(&stopped, CANARY), code("worker_ended")),
        (delete(&busy), code("worker_not_terminal")),
        (unknown_profile, code("profile_not_found")),
        (and(create(), json!({ "scope_claims": below })), conflict),
        (send_keyed(&idle, CANARY, "k"), code("idempotency_conflict")),
    ];
    let mut errors = Vec::new();
    for (request, expected) in requests {
        errors.push((world.refused(request).await, expected));
    }
    errors
}

async fn about_runtimes() -> Vec<(Value, Value)> {
    let world = World::new().await;
    let worker = world.worker().await;
    world.running(&worker, FIRST_PIECE).await;
    world.ok(stop_runtime()).await;
    let stopping = world.refused(create()).await;
    world.ok(and(stop_runtime(), json!({ "deadline_ms": 0 }))).await;
    let mut stream = world.stream(&crate::support::runtime_scope()).await;
    crate::support::collect(&mut stream, |item| item["type"] == "ended").await;
    let stopped = world.refused(create()).await;
    vec![
        (stopping, json!({ "code": "runtime_stopping" })),
        (stopped, json!({ "code": "runtime_stopped" })),
    ]
}

async fn about_limits() -> Vec<(Value, Value)> {
    let world = World::limited(|limits| (limits.workers, limits.input_bytes) = (1, 8)).await;
    let worker = world.worker().await;
    let problem = "must not be empty";
    let invalid = json!({ "code": "invalid_request", "field": "input.text", "problem": problem });
    let page = json!({ "type": "list_workers", "page": { "limit": 1001 } });
    let range =
        json!({ "code": "limit_out_of_range", "field": "page.limit", "min": 1, "max": 1000 });
    vec![
        (world.refused(send(&worker, "")).await, invalid),
        (world.refused(page).await, range),
        (
            world.refused(send(&worker, CANARY)).await,
            json!({ "code": "too_large", "field": "input.text", "max": 8 }),
        ),
        (
            world.refused(create()).await,
            json!({ "code": "capacity_exhausted", "what": "workers", "max": 1 }),
        ),
    ]
}

async fn about_cursors() -> Vec<(Value, Value)> {
    let world = World::limited(|limits| limits.events_per_worker = 3).await;
    let worker = world.worker().await;
    world.turn(&worker, "hi").await;
    let runtime = world.ok(json!({ "type": "get_runtime" })).await;
    let latest = world.ok(get_worker(&worker)).await["cursor"].clone();
    let reading = |from: Value| and(read_events(&scope_of(&worker)), json!({ "from": from }));
    let after_sequence =
        |sequence: u64| reading(json!({ "type": "after_sequence", "sequence": sequence }));
    let after = |cursor: &Value| reading(json!({ "type": "after", "cursor": cursor }));
    // The log has six events, of which three are kept.
    let expired = world.refused(after_sequence(2)).await;
    let earliest = world.ok(after_sequence(3)).await["items"][0]["worker_sequence"].clone();
    assert_eq!(earliest, 4);
    let expired_fields = json!({ "code": "cursor_expired", "earliest": expired["earliest"] });
    assert_eq!(world.ok(after(&expired["earliest"])).await["items"][0]["worker_sequence"], 4);
    vec![
        (expired, expired_fields),
        (
            world.refused(after_sequence(7)).await,
            json!({ "code": "cursor_ahead", "latest": latest }),
        ),
        (
            world.refused(after(&runtime["cursor"])).await,
            json!({ "code": "cursor_foreign", "what": "scope" }),
        ),
        (world.refused(after(&json!(CANARY))).await, json!({ "code": "cursor_malformed" })),
    ]
}

async fn about_tenants() -> (Value, Value) {
    let world = World::new().await.tenant("acme");
    let error = world.refused(stop_runtime()).await;
    (error, json!({ "code": "not_allowed", "what": "stop_runtime" }))
}

async fn about_stores() -> (Value, Value) {
    let store = SteppedStore::new(std::sync::Arc::default());
    let world = World::builder().store(store.as_store()).build().await;
    let worker = world.worker().await;
    store.next([Verdict::Refused]);
    let error = world.refused(send(&worker, CANARY)).await;
    (error, json!({ "code": "store_failed", "certain": true }))
}

/// The retry advice of each code, as the specification says.
fn retry_of(code: &str) -> Value {
    let kind = match code {
        "worker_busy" | "worker_not_terminal" | "scope_conflict" | "capacity_exhausted" => {
            "after_change"
        }
        "store_failed" => "same_request",
        _ => "never",
    };
    json!({ "type": kind })
}

#[tokio::test(start_paused = true)]
async fn every_code_has_its_fields_and_its_advice() {
    for (error, expected) in provoked().await {
        let code = error["code"].as_str().expect("a code").to_owned();
        assert_eq!(error["retry"], retry_of(&code), "{code}");
        assert_eq!(without(error, ["message", "retry"]), expected, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_code_is_provoked() {
    let codes: BTreeSet<String> = provoked()
        .await
        .iter()
        .map(|(error, _)| error["code"].as_str().expect("a code").to_owned())
        .collect();
    let schema = worker_runtime::schema::documents();
    let (_, schema) =
        schema.iter().find(|(name, _)| *name == "runtime_error.json").expect("the schema exists");
    let known: BTreeSet<String> = schema["$defs"]["KnownRuntimeError"]["oneOf"]
        .as_array()
        .expect("a branch for each code")
        .iter()
        .map(|variant| variant["properties"]["code"]["const"].as_str().expect("a code").to_owned())
        .collect();
    assert_eq!(codes, known);
    assert_eq!(codes.len(), 23);
}

#[tokio::test(start_paused = true)]
async fn messages_are_for_people_and_repeat_no_value() {
    for (error, _) in provoked().await {
        let message = error["message"].as_str().expect("a message");
        assert!(message.len() > 10, "{error}");
        assert!(!error.to_string().contains(CANARY), "{error}");
        let looks_like_rust = ["RuntimeError", "Some(", "{ ", "src/", "/root"];
        assert!(!looks_like_rust.iter().any(|pattern| message.contains(pattern)), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_read_back_is_the_same_error() {
    for (error, _) in provoked().await {
        let read: RuntimeError =
            serde_json::from_value(error.clone()).expect("the event can be read");
        assert_eq!(read.code(), error["code"]);
        let again = serde_json::to_value(&read).expect("JSON");
        assert_eq!(again, error, "message and advice are the same, too");
    }
}

#[tokio::test(start_paused = true)]
async fn an_uncertain_store_says_whether_the_request_may_be_sent_again() {
    type Case = (fn(&Value) -> Value, &'static str);
    let cases: [Case; 6] = [
        (|worker| send(worker, "hi"), "never"),
        (|worker| send_keyed(worker, "hi", "k"), "same_request"),
        (|_| create(), "never"),
        (|_| and(create(), json!({ "idempotency_key": "k" })), "same_request"),
        (stop, "same_request"),
        (|worker| and(update(worker), json!({ "labels": { "a": "b" } })), "same_request"),
    ];
    for (request, retry) in cases {
        let store = SteppedStore::new(std::sync::Arc::default());
        let world = World::builder().store(store.as_store()).build().await;
        let worker = world.worker().await;
        store.next([Verdict::UnknownNever]);
        let request = request(&worker);
        let error = world.refused(request.clone()).await;
        assert_eq!(error["code"], "store_failed", "{request}");
        assert_eq!(error["certain"], false, "{request}");
        assert_eq!(error["retry"], json!({ "type": retry }), "{request}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_costs_its_own_request_and_leaves_no_trace() {
    let claims = json!([{ "resource": "a", "access": "exclusive" }]);
    let claiming =
        move |_: &Value| and(create(), json!({ "scope_claims": claims, "idempotency_key": "k" }));
    let requests: [&dyn Fn(&Value) -> Value; 5] = [
        &claiming,
        &|worker| send_keyed(worker, "hi", "k"),
        &|worker| and(update(worker), json!({ "labels": { "a": "b" } })),
        &stop,
        &|_| stop_runtime(),
    ];
    for request in requests {
        let world = World::new().await;
        let worker = world.worker().await;
        let request = request(&worker);
        let before = world.everything().await["workers"].clone();
        world.clock.panics.next(1);
        assert_eq!(world.refused(request.clone()).await["code"], "internal", "{request}");
        if request["type"] == "send_input" || request["type"] == "create_worker" {
            world.ids.panics.next(1);
            assert_eq!(world.refused(request.clone()).await["code"], "internal", "{request}");
        }
        assert_eq!(world.everything().await["workers"], before, "{request}");
        let reply = world.ok(request.clone()).await;
        assert_ne!(reply["replayed"], true, "{request}");
        assert_ne!(reply["already"], true, "{request}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_goes_on_panicking_cannot_get_past_the_door() {
    let world = World::new().await;
    let worker = world.worker().await;
    world.clock.panics.next(u64::MAX);
    assert_eq!(world.refused(stop(&worker)).await["code"], "internal");
    world.ok(get_worker(&worker)).await;
    world.clock.panics.next(0);
    world.ok(stop(&worker)).await;
}

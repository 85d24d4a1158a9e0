//! A deletion erases every text to, from and about the deleted Worker, everywhere.

use std::sync::Arc;

use llm_engine::{EngineError, ErrorKind, ProviderError, Script, ScriptedProvider};
use serde_json::{Value, json};
use worker_runtime::store::{MemoryStore, Store};

use super::{replayed, subscribed};
use crate::support::{
    CountedIds, World, and, cancel_turn, collect, create, delete, next_item, runtime_scope,
    scope_of, send, stop, types, update,
};

const CANARY: &str = "canary";

fn secret(what: &str) -> String {
    format!("{CANARY}-{what}")
}

/// What the server of a provider says.
fn said() -> ProviderError {
    ProviderError::new()
        .status(503)
        .code(&secret("said-code"))
        .error_type(&secret("said-type"))
        .message(&secret("said-message"))
        .request_id(&secret("said-request"))
}

fn provider() -> ScriptedProvider {
    let failure = EngineError::new(ErrorKind::Server, secret("error")).with_provider(said());
    let mut busy = EngineError::new(ErrorKind::Overloaded, secret("retry")).with_provider(said());
    busy.retry_after = Some(std::time::Duration::from_millis(10));
    ScriptedProvider::new()
        .script(Script::new().text(secret("answer")).finish())
        .script(Script::new().error(busy))
        .script(Script::new().text(secret("half")).error(failure))
        .script(Script::new().text(secret("running")).hang())
}

/// A Worker with a canary in every field that can hold a text.
async fn full_worker(world: &World) -> Value {
    let meta = json!({ "meta": { secret("meta-name"): secret("meta") } });
    let fields = json!({
        "display_name": secret("name"),
        "intent": { "type": "role", "role": secret("role"), "purpose": secret("purpose") },
        "instructions": secret("instructions"),
        "config_bundle": { "id": secret("bundle"), "digest": secret("digest") },
        "requested_capabilities": [secret("capability")],
        "scope_claims": [{ "resource": secret("resource"), "access": "exclusive" }],
        "labels": { secret("label-name"): secret("label") },
        "history": [{ "role": "user", "text": secret("history") }],
        "initial_input": { "kind": "user", "text": secret("input") },
        "idempotency_key": secret("create-key"),
    });
    let created = world.ok(and(and(create(), fields), meta.clone())).await;
    let worker = created["detail"]["worker"].clone();
    world.finished(&worker, &created["receipt"]["turn_id"]).await;
    let keyed = |text: &str, key: &str| {
        and(crate::support::send_keyed(&worker, &secret(text), &secret(key)), meta.clone())
    };
    let sent = world.ok(keyed("second", "key-2")).await;
    world.finished(&worker, &sent["receipt"]["turn_id"]).await;
    world.ok(keyed("third", "key-3")).await;
    world.streamed(&worker, &secret("running")).await;
    let reason = |name: &str| and(meta.clone(), json!({ "reason": secret(name) }));
    world.ok(and(cancel_turn(&worker), reason("cancel-reason"))).await;
    let renamed = json!({ "display_name": secret("name-2"), "labels": { "x": secret("label-2") } });
    world.ok(and(and(update(&worker), renamed), meta.clone())).await;
    world.ok(and(stop(&worker), reason("stop-reason"))).await;
    worker
}

fn deletion(worker: &Value) -> Value {
    and(delete(worker), json!({ "meta": { "why": secret("delete-meta") } }))
}

fn check_clean(value: &Value) {
    assert!(!value.to_string().contains(CANARY), "{value:#}");
}

#[tokio::test(start_paused = true)]
async fn the_canaries_are_there_before_the_deletion() {
    let world = World::builder().provider(provider()).build().await;
    full_worker(&world).await;
    let everything = world.everything().await.to_string();
    for what in [
        "name-2",
        "role",
        "purpose",
        "instructions",
        "bundle",
        "digest",
        "capability",
        "resource",
        "label-name",
        "label",
        "label-2",
        "history",
        "input",
        "create-key",
        "answer",
        "second",
        "key-2",
        "half",
        "error",
        "retry",
        "said-code",
        "said-type",
        "said-message",
        "said-request",
        "third",
        "key-3",
        "running",
        "cancel-reason",
        "stop-reason",
        "meta-name",
        "meta",
        "name",
    ] {
        assert!(everything.contains(&format!("\"{}", secret(what))), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_deleted_worker_is_left_in_any_log_page_or_stream() {
    let world = World::builder().provider(provider()).build().await;
    let mut unread = world.stream(&runtime_scope()).await;
    let oldest = world.ok(json!({ "type": "get_runtime" })).await["cursor"].clone();
    let worker = full_worker(&world).await;
    let mut own =
        subscribed(&world, &scope_of(&worker), json!({ "from": { "type": "oldest" } })).await;
    let before = world.events_from(&runtime_scope(), json!({ "type": "oldest" })).await;
    world.ok(deletion(&worker)).await;

    check_clean(&world.everything().await);
    let after = world.events_after(&runtime_scope(), &oldest).await;
    check_clean(&json!(after));
    let mut own_items = Vec::new();
    while let Some(item) = next_item(&mut own).await {
        own_items.push(item);
    }
    check_clean(&json!(own_items));
    assert_eq!(own_items.last(), Some(&json!({ "type": "ended", "reason": "worker_deleted" })));
    check_clean(&json!(collect(&mut unread, |item| item["type"] == "worker_deleted").await));
    check_clean(&json!(replayed(&mut world.stream(&runtime_scope()).await).await));
    check_shapes(&before, &after);
}

#[tokio::test(start_paused = true)]
async fn a_stream_gives_nothing_of_a_deleted_worker_wherever_it_stands() {
    let mut given = Vec::new();
    for standing in 0.. {
        let world = World::builder().provider(provider()).build().await;
        let worker = world.ok(create()).await["detail"]["worker"].clone();
        let mut stream = world.stream(&scope_of(&worker)).await;
        let sent = world.ok(send(&worker, &secret("input"))).await;
        world.finished(&worker, &sent["receipt"]["turn_id"]).await;
        world.ok(stop(&worker)).await;
        given.clear();
        while given.len() < standing {
            given.push(next_item(&mut stream).await.expect("the stream goes on"));
        }
        world.ok(deletion(&worker)).await;
        let rest = collect(&mut stream, |item| item["type"] == "ended").await;
        check_clean(&json!(rest));
        // The text of the turn was delivered before the deletion.
        if types(&rest) == ["worker_deleted", "ended"] {
            break;
        }
    }
    let begin = ["worker_created", "synced", "input_accepted", "turn_started"];
    let end = ["turn_completed", "worker_state_changed", "worker_state_changed"];
    let told = [&begin, ["worker_state_changed", "text_delta"].as_slice(), &end].concat();
    assert_eq!(types(&given), told);
    assert_eq!(given[5]["text"], json!(secret("answer")));
}

/// A redacted event keeps its envelope, type, ids, states and numbers.
fn check_shapes(before: &[Value], after: &[Value]) {
    let (started, before) = before.split_first().expect("events");
    assert_eq!(started["type"], "runtime_started");
    let (deleted, after) = after.split_last().expect("events");
    assert_eq!(deleted["type"], "worker_deleted");
    assert_eq!(types(before), types(after));
    for (before, after) in before.iter().zip(after) {
        assert_eq!(after["redacted"], true, "{after}");
        assert_eq!(before.get("redacted"), None);
        for field in [
            "runtime_id",
            "epoch",
            "sequence",
            "worker",
            "worker_sequence",
            "at_ms",
            "turn_id",
            "type",
            "from",
            "to",
            "usage",
            "stop_reason",
            "attempt",
            "delay_ms",
        ] {
            assert_eq!(after.get(field), before.get(field), "{field}: {after}");
        }
        for field in ["meta", "idempotency_key", "reason"] {
            assert_eq!(after.get(field), None, "{field}: {after}");
        }
        if let Some(entry) = before.get("entry") {
            let kept = &after["entry"];
            assert_eq!(kept["text"], "");
            for field in ["sequence", "role", "turn_id", "at_ms", "truncated", "usage"] {
                assert_eq!(kept.get(field), entry.get(field), "{field}");
            }
        }
        if let Some(error) = before.get("error") {
            assert_eq!(after["error"]["kind"], error["kind"]);
            assert_eq!(after["error"]["message"], "");
            assert_eq!(after["error"].get("provider"), None);
        }
        if let Some(detail) = before.get("detail") {
            let kept = &after["detail"];
            for field in ["worker", "state", "usage", "entries", "worker_sequence", "created_at_ms"]
            {
                assert_eq!(kept[field], detail[field], "{field}");
            }
            assert_eq!((&kept["display_name"], &kept["display_ref"]), (&json!(""), &json!("")));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn erased_events_are_valid_against_their_schema() {
    let world = World::builder().provider(provider()).build().await;
    let worker = full_worker(&world).await;
    world.ok(deletion(&worker)).await;
    let documents = worker_runtime::schema::documents();
    let (_, document) = documents
        .iter()
        .find(|(path, _)| *path == "runtime_event.json")
        .expect("the document exists");
    let validator = jsonschema::draft202012::new(document).expect("a schema");
    for event in world.events_from(&runtime_scope(), json!({ "type": "oldest" })).await {
        let problems: Vec<String> =
            validator.iter_errors(&event).map(|error| error.to_string()).collect();
        assert_eq!(problems, [""; 0], "{event}");
        let read: worker_runtime::RuntimeEvent =
            serde_json::from_value(event.clone()).expect("the event can be read");
        assert_eq!(json!(read), event);
    }
}

#[tokio::test(start_paused = true)]
async fn others_are_not_touched() {
    let world = World::builder().provider(ScriptedProvider::answer("kept answer")).build().await;
    let kept = world.worker_with(json!({ "display_name": "kept name" })).await;
    world.turn(&kept, "kept input").await;
    let gone = world.worker().await;
    world.turn(&gone, "gone").await;
    world.ok(stop(&gone)).await;
    let before = world.events(&kept).await;
    world.ok(delete(&gone)).await;
    assert_eq!(world.events(&kept).await, before);
    let all = world.events_from(&runtime_scope(), json!({ "type": "oldest" })).await;
    let about_kept: Vec<Value> = all
        .into_iter()
        .filter(|event| event.get("worker") == Some(&kept))
        .map(|event| crate::support::without(event, ["sequence"]))
        .collect();
    assert_eq!(about_kept, before);
}

#[tokio::test(start_paused = true)]
async fn nothing_comes_back_after_a_restart() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let ids = Arc::new(CountedIds::default());
    let build = || World::builder().store(Arc::clone(&store)).ids(Arc::clone(&ids));
    let world = build().provider(provider()).build().await;
    let worker = full_worker(&world).await;
    world.ok(deletion(&worker)).await;
    drop(world);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let again = build().build().await;
    check_clean(&again.everything().await);
    assert_eq!(again.refused(send(&worker, "hi")).await["code"], "worker_not_found");
    let keyed = and(create(), json!({ "idempotency_key": secret("create-key") }));
    let error = again.refused(keyed).await;
    assert_eq!(error["code"], "idempotency_conflict", "the key of a creation is still used");
}

//! Requests in JSON, and helpers to read replies.

use serde_json::{Value, json};

/// `request` with more fields, which replace existing ones.
pub(crate) fn and(mut request: Value, more: Value) -> Value {
    let fields = request.as_object_mut().expect("a request is an object");
    fields.extend(more.as_object().expect("fields are an object").clone());
    request
}

/// `value` without these fields.
pub(crate) fn without<const N: usize>(mut value: Value, fields: [&str; N]) -> Value {
    for field in fields {
        value.as_object_mut().expect("an object").remove(field);
    }
    value
}

pub(crate) fn create() -> Value {
    json!({ "type": "create_worker" })
}

fn about(name: &str, worker: &Value) -> Value {
    json!({ "type": name, "worker": worker })
}

/// A creation with every field.
pub(crate) fn full_creation() -> Value {
    and(
        create(),
        json!({
            "display_name": "Ada",
            "intent": { "type": "role", "role": "reviewer", "purpose": "read changes" },
            "profile": { "type": "named", "name": "slow" },
            "instructions": "Be brief.",
            "config_bundle": { "id": "bundle-1", "digest": "sha256:00" },
            "requested_capabilities": ["shell"],
            "scope_claims": [{ "resource": "workspace/app", "access": "exclusive" }],
            "labels": { "team": "red" },
            "history": [{ "role": "user", "text": "Earlier.", "at_ms": 1_600_000_000_000_u64 }],
            "initial_input": { "kind": "user", "text": "Hi" },
            "idempotency_key": "key-1",
            "meta": { "actor": "ann" },
        }),
    )
}

pub(crate) fn send(worker: &Value, text: &str) -> Value {
    and(about("send_input", worker), json!({ "input": { "kind": "user", "text": text } }))
}

pub(crate) fn send_keyed(worker: &Value, text: &str, key: &str) -> Value {
    and(send(worker, text), json!({ "idempotency_key": key }))
}

pub(crate) fn cancel_turn(worker: &Value) -> Value {
    about("cancel_turn", worker)
}

pub(crate) fn stop(worker: &Value) -> Value {
    about("stop_worker", worker)
}

pub(crate) fn cancel_worker(worker: &Value) -> Value {
    about("cancel_worker", worker)
}

pub(crate) fn delete(worker: &Value) -> Value {
    about("delete_worker", worker)
}

pub(crate) fn update(worker: &Value) -> Value {
    about("update_worker", worker)
}

pub(crate) fn stop_runtime() -> Value {
    json!({ "type": "stop_runtime", "workers": "stop" })
}

pub(crate) fn get_worker(worker: &Value) -> Value {
    about("get_worker", worker)
}

pub(crate) fn get_turn(worker: &Value, turn_id: &Value) -> Value {
    and(about("get_turn", worker), json!({ "turn": { "type": "id", "turn_id": turn_id } }))
}

pub(crate) fn get_turn_by_key(worker: &Value, key: &str) -> Value {
    and(about("get_turn", worker), json!({ "turn": { "type": "key", "idempotency_key": key } }))
}

pub(crate) fn get_latest_turn(worker: &Value) -> Value {
    and(about("get_turn", worker), json!({ "turn": { "type": "latest" } }))
}

pub(crate) fn get_transcript(worker: &Value) -> Value {
    about("get_transcript", worker)
}

pub(crate) fn runtime_scope() -> Value {
    json!({ "type": "runtime" })
}

pub(crate) fn scope_of(worker: &Value) -> Value {
    json!({ "type": "worker", "worker": worker })
}

pub(crate) fn read_events(scope: &Value) -> Value {
    json!({ "type": "read_events", "scope": scope, "limit": 1000 })
}

/// The `type` of each of `events`.
pub(crate) fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

/// The role, the text and the truncation of each entry of a transcript.
pub(crate) fn texts(transcript: &Value) -> Vec<(&str, &str, bool)> {
    let entries = transcript["entries"].as_array().expect("entries");
    let truncated = |entry: &Value| entry.get("truncated").is_some_and(|flag| flag == true);
    entries
        .iter()
        .map(|entry| {
            (
                entry["role"].as_str().expect("a role"),
                entry["text"].as_str().expect("a text"),
                truncated(entry),
            )
        })
        .collect()
}

//! A test that the replies of `yoi rpc` are those of `Runtime::handle`.

use std::{sync::Arc, time::Duration};

use llm_engine::EchoProvider;
use serde::Serialize;
use serde_json::{Value, json};
use worker_runtime::{
    Decode, Profile, Runtime, RuntimeCommand, RuntimeError, RuntimeQuery, queries::GetRuntime,
};

use super::client::Client;

/// The requests in order. `"$worker"`, `"$turn"` and `"$cursor"` stand for the first such value in the
/// replies so far.
fn scenario() -> Vec<Value> {
    let say = |text: &str| json!({ "kind": "user", "text": text });
    vec![
        json!({ "type": "get_runtime" }),
        json!({
            "type": "create_worker", "display_name": "ann", "labels": { "team": "a" },
            "instructions": "Be brief.", "intent": { "type": "task", "objective": "test" },
            "scope_claims": [{ "resource": "workspace/app", "access": "exclusive" }],
            "requested_capabilities": ["shell"], "idempotency_key": "k", "meta": { "by": "me" },
            "history": [{ "role": "user", "text": "before", "at_ms": 1 }],
            "initial_input": say("hello")
        }),
        json!({ "type": "get_turn", "worker": "$worker", "turn": { "type": "id", "turn_id": "$turn" }, "wait_ms": 60_000 }),
        json!({ "type": "create_worker", "idempotency_key": "k" }),
        json!({
            "type": "create_worker", "display_name": "ben",
            "scope_claims": [{ "resource": "workspace", "access": "shared" }]
        }),
        json!({ "type": "create_worker", "display_name": "" }),
        json!({ "type": "create_worker", "profile": { "type": "named", "name": "none" } }),
        json!({ "type": "create_worker", "display_name": "cid", "colour": "red" }),
        json!({ "type": "send_input", "worker": "$worker" }),
        json!({ "type": "send_input", "worker": "$worker", "input": { "kind": "user" } }),
        json!({ "type": "send_input", "worker": 1, "input": say("hello") }),
        json!({ "type": "send_input", "worker": "$worker", "input": say("") }),
        json!({ "type": "send_input", "worker": "$worker", "input": say("slowly "), "if_busy": "wait" }),
        json!({ "type": "cancel_turn", "worker": "$worker" }),
        json!({ "type": "cancel_turn", "worker": "$worker", "turn_id": "$turn" }),
        json!({ "type": "cancel_turn", "worker": "$worker", "turn_id": NOBODY }),
        json!({ "type": "update_worker", "worker": "$worker", "labels": { "team": null, "x": "y" } }),
        json!({ "type": "list_workers", "labels": { "x": "y" }, "order": "active", "page": null }),
        json!({ "type": "list_workers", "page": { "limit": 0 } }),
        json!({ "type": "list_workers", "page": { "token": "nonsense" } }),
        json!({ "type": "get_transcript", "worker": "$worker", "from": { "type": "start" } }),
        json!({ "type": "list_turns", "worker": "$worker", "outcomes": ["completed"] }),
        json!({ "type": "get_usage", "scope": { "type": "worker", "worker": "$worker" } }),
        json!({
            "type": "read_events", "scope": { "type": "worker", "worker": "$worker" },
            "from": { "type": "after", "cursor": "$cursor" }
        }),
        json!({ "type": "read_events", "scope": { "type": "runtime" }, "limit": 3 }),
        json!({
            "type": "read_events", "scope": { "type": "runtime" },
            "from": { "type": "after", "cursor": "$cursor" }
        }),
        json!({ "type": "preview", "command": { "type": "stop_worker", "worker": "$worker" } }),
        json!({ "type": "delete_worker", "worker": "$worker" }),
        json!({ "type": "stop_worker", "worker": "$worker", "reason": "done" }),
        json!({ "type": "send_input", "worker": "$worker", "input": say("hello?") }),
        json!({ "type": "cancel_worker", "worker": "$worker" }),
        json!({ "type": "get_worker", "worker": "$worker" }),
        json!({ "type": "get_overview", "recent": 5 }),
        json!({ "type": "delete_worker", "worker": "$worker" }),
        json!({ "type": "get_worker", "worker": "$worker" }),
        json!({ "type": "get_worker", "worker": { "runtime_id": NOBODY, "worker_id": NOBODY } }),
        json!({ "type": "list_diagnostics" }),
        json!({ "type": "stop_runtime", "deadline_ms": 5.0 }),
        json!({
            "type": "read_events", "scope": { "type": "runtime" },
            "filter": { "types": ["runtime_stopped"] }, "wait_ms": 60_000
        }),
        json!({ "type": "create_worker" }),
    ]
}

const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

#[tokio::test]
async fn replies_are_those_of_handle() {
    let mut client = Client::start(&["--name", "same"]);
    let profile = Profile::new("echo", Arc::new(EchoProvider::with_delay(Duration::ZERO)));
    let runtime = Runtime::builder().display_name("same").profile(profile).build();
    let runtime = runtime.await.expect("a Runtime");
    let [mut remote, mut local] = [Known::default(), Known::default()];
    for request in scenario() {
        let response = respond(&mut client, &remote.filled(&request));
        let reply = handle(&runtime, &local.filled(&request)).await;
        let reply = reply.unwrap_or_else(|error| error);
        assert_eq!(remote.plain(&response), local.plain(&reply), "{request}");
    }
}

/// The result, or the error's data.
fn respond(client: &mut Client, request: &Value) -> Value {
    let mut params = request.clone();
    let method = params.as_object_mut().and_then(|it| it.remove("type")).expect("a type");
    let mut response = client.respond(method.as_str().expect("a string"), &params);
    if response["error"].is_null() {
        return response["result"].take();
    }
    assert_eq!(response["error"]["message"], response["error"]["data"]["message"]);
    response["error"]["data"].take()
}

async fn handle(runtime: &Runtime, request: &Value) -> Result<Value, Value> {
    fn written(it: &impl Serialize) -> Value {
        serde_json::to_value(it).expect("replies and errors are JSON")
    }
    let failed = |error: RuntimeError| written(&error);
    let (json, max) = (request.to_string(), runtime.limits().request_bytes);
    let commands = runtime.handle(GetRuntime {}).await.map_err(failed)?.capabilities.commands;
    if commands.iter().any(|command| request["type"] == **command) {
        let command = RuntimeCommand::decode(json.as_bytes(), max).map_err(failed)?;
        runtime.handle(command).await.map(|reply| written(&reply)).map_err(failed)
    } else {
        let query = RuntimeQuery::decode(json.as_bytes(), max).map_err(failed)?;
        runtime.handle(query).await.map(|reply| written(&reply)).map_err(failed)
    }
}

/// The values that differ from one Runtime to the other.
#[derive(Default)]
struct Known {
    ids: Vec<String>,
    worker: Value,
    turn: Value,
    cursor: Value,
}

impl Known {
    /// A request with values of the replies so far in place of the placeholders.
    fn filled(&self, request: &Value) -> Value {
        match request {
            Value::String(text) => match text.as_str() {
                "$worker" => self.worker.clone(),
                "$turn" => self.turn.clone(),
                "$cursor" => self.cursor.clone(),
                _ => request.clone(),
            },
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, field)| (name.clone(), self.filled(field)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Value::Null | Value::Bool(_) | Value::Number(_) => request.clone(),
        }
    }

    /// A reply without values that differ: ids are replaced by numbers in their order, times and
    /// cursors are removed.
    fn plain(&mut self, reply: &Value) -> Value {
        if reply["type"] == "worker_created" && self.worker.is_null() {
            self.worker = reply["detail"]["worker"].clone();
            self.turn = reply["receipt"]["turn_id"].clone();
            self.cursor = reply["cursor"].clone();
        }
        self.plain_field("", reply)
    }

    fn plain_field(&mut self, name: &str, value: &Value) -> Value {
        match value {
            Value::Number(_) if name.ends_with("at_ms") || name.ends_with("duration_ms") => {
                Value::Null
            }
            Value::String(_) if ["cursor", "next", "earliest", "latest"].contains(&name) => {
                Value::Null
            }
            Value::String(text) => self.plain_text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.plain_field("", item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, field)| (name.clone(), self.plain_field(name, field)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn plain_text(&mut self, text: &str) -> String {
        let is_id = |at: &usize| text.get(*at..*at + 36).is_some_and(is_uuid);
        let Some(at) = (0..text.len()).find(is_id) else { return text.to_owned() };
        let (before, id, after) = (&text[..at], &text[at..at + 36], &text[at + 36..]);
        let number = self.ids.iter().position(|known| known == id).unwrap_or_else(|| {
            self.ids.push(id.to_owned());
            self.ids.len() - 1
        });
        format!("{before}<id {number}>{}", self.plain_text(after))
    }
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

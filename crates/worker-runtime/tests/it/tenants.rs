//! Tenants: what each sees is its own, and nothing tells it that there are others.

mod alone;
mod backend;
mod own;
mod quotas;
mod restart;
mod walk;

use serde_json::{Value, json};
use worker_runtime::{RuntimeCommand, RuntimeQuery};

use crate::support::{
    World, and, cancel_turn, cancel_worker, create, delete, get_latest_turn, get_transcript,
    get_turn, get_worker, read_events, runtime_scope, scope_of, send_keyed, stop, stop_runtime,
    update,
};

/// Every request about a Worker, with the turn and the cursor that it names where it can.
fn requests_about(worker: &Value, turn_id: &Value, cursor: &Value) -> Vec<Value> {
    let after = json!({ "type": "after", "cursor": cursor });
    let events = read_events(&scope_of(worker));
    let mut requests = vec![
        send_keyed(worker, "hi", "k"),
        cancel_turn(worker),
        and(cancel_turn(worker), json!({ "turn_id": turn_id })),
        stop(worker),
        and(stop(worker), json!({ "deadline_ms": 0, "reason": "enough" })),
        cancel_worker(worker),
        delete(worker),
        and(update(worker), json!({ "labels": { "a": "b" }, "display_name": "Eve" })),
        get_worker(worker),
        get_turn(worker, turn_id),
        and(get_latest_turn(worker), json!({ "wait_ms": 0 })),
        json!({ "type": "list_turns", "worker": worker }),
        get_transcript(worker),
        events.clone(),
        and(events.clone(), json!({ "from": after })),
        and(events, json!({ "from": { "type": "after_sequence", "sequence": 1 } })),
        json!({ "type": "get_usage", "scope": scope_of(worker) }),
    ];
    let commands = requests.iter().filter(|it| is_one_of(it, RuntimeCommand::TYPES));
    let preview = |command: &Value| json!({ "type": "preview", "command": command });
    let previews: Vec<Value> = commands.map(preview).collect();
    requests.extend(previews);
    requests
}

/// Every request about the Runtime as the caller sees it.
fn requests_about_the_whole() -> Vec<Value> {
    let labels = json!({ "team": "red" });
    let events = read_events(&runtime_scope());
    vec![
        json!({ "type": "get_runtime" }),
        json!({ "type": "get_overview" }),
        json!({ "type": "list_workers" }),
        json!({ "type": "list_workers", "order": "active", "page": { "limit": 1 } }),
        json!({ "type": "list_workers", "order": "newest", "labels": labels }),
        json!({ "type": "list_workers", "name_contains": "a", "states": ["idle", "running"] }),
        events.clone(),
        and(events, json!({ "filter": { "labels": labels } })),
        json!({ "type": "get_usage", "scope": runtime_scope() }),
        json!({ "type": "list_diagnostics" }),
        and(create(), json!({ "idempotency_key": "k" })),
        json!({ "type": "preview", "command": create() }),
        json!({ "type": "preview", "command": stop_runtime() }),
    ]
}

fn is_one_of(request: &Value, types: &[&str]) -> bool {
    types.iter().any(|name| request["type"] == *name)
}

/// Makes a tenant have something of everything, in which every name and text has `word`. Returns the
/// Worker, its latest turn, and a cursor of the Worker and of the Runtime's scope.
async fn furnish(tenant: &World, word: &str) -> [Value; 4] {
    let of = |what: &str| format!("{word} {what}");
    let creation = json!({
        "display_name": of("Ada"),
        "intent": { "type": "task", "objective": of("objective") },
        "instructions": of("instructions"),
        "config_bundle": { "id": of("bundle") },
        "requested_capabilities": [of("shell")],
        "scope_claims": [{ "resource": format!("work/{word}"), "access": "exclusive" },
                         { "resource": "shared/place", "access": "exclusive" }],
        "labels": { "team": "red", "word": word },
        "history": [{ "role": "user", "text": of("history") }],
        "idempotency_key": "the same key",
        "meta": { "actor": of("actor") },
    });
    let worker = tenant.worker_with(creation).await;
    let turn_id = tenant.turn(&worker, &of("input")).await;
    let ended = tenant.worker_with(json!({ "display_name": of("ended") })).await;
    tenant.ok(and(stop(&ended), json!({ "reason": of("reason") }))).await;
    let gone = tenant.worker_with(json!({ "display_name": of("gone") })).await;
    tenant.turn(&gone, &of("forgotten")).await;
    tenant.ok(cancel_worker(&gone)).await;
    tenant.ok(delete(&gone)).await;
    // Whose handling panics is told to the tenant by a diagnostic.
    tenant.ids.panics.next(1);
    tenant.refused(send_keyed(&worker, "hi", "k")).await;
    let cursor = tenant.ok(get_worker(&worker)).await["cursor"].clone();
    let runtime = tenant.ok(json!({ "type": "get_runtime" })).await["cursor"].clone();
    [worker, turn_id, cursor, runtime]
}

/// Whether every command and query is among these requests.
fn are_all(requests: &[Value]) -> bool {
    let missing = |types: &[&'static str]| {
        let is_missing = |name: &&'static str| !requests.iter().any(|it| it["type"] == *name);
        types.iter().copied().find(|name| is_missing(name))
    };
    let missing = missing(RuntimeCommand::TYPES).or(missing(RuntimeQuery::TYPES));
    assert_eq!(missing, None, "say what a tenant sees of it");
    true
}

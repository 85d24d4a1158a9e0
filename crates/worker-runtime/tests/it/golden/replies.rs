//! An example of the reply to each command and to each query.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Examples;
use crate::support::{
    FIRST_PIECE, SteppedStore, Verdict, World, and, cancel_turn, cancel_worker, create, delete,
    full_creation, get_transcript, get_turn, get_worker, read_events, runtime_scope, scope_of,
    send, send_keyed, stop, stop_runtime, update,
};

fn keep(examples: &mut Examples, folder: &str, request: &Value, reply: Value) {
    let name = request["type"].as_str().expect("a type");
    assert!(examples.insert(format!("{folder}/{name}.json"), reply).is_none(), "one of each");
}

/// Examples of the reply to each command.
pub(super) async fn commands() -> Examples {
    let mut examples = Examples::new();
    let world = World::new().await;
    let created = world.ok(full_creation()).await;
    let ada = created["detail"]["worker"].clone();
    world.streamed(&ada, FIRST_PIECE).await;
    keep(&mut examples, "commands", &create(), created);
    world.clock.advance(1000);
    let bob = world.worker_with(json!({ "display_name": "Bob" })).await;
    let requests = [
        send_keyed(&bob, "Hello", "key-2"),
        and(update(&bob), json!({ "labels": { "team": "blue" } })),
        and(cancel_turn(&ada), json!({ "reason": "enough" })),
        and(stop(&bob), json!({ "deadline_ms": 60_000, "reason": "done" })),
        and(cancel_worker(&bob), json!({ "reason": "now" })),
        delete(&bob),
        and(stop_runtime(), json!({ "workers": "keep" })),
    ];
    for request in requests {
        world.clock.advance(1000);
        let reply = world.ok(request.clone()).await;
        keep(&mut examples, "commands", &request, reply);
    }
    examples
}

/// Examples of the reply to each query.
pub(super) async fn queries() -> Examples {
    let mut examples = Examples::new();
    let store = SteppedStore::new(Arc::default());
    let world = World::builder().store(store.as_store()).build().await;
    let created = world.ok(full_creation()).await;
    let ada = created["detail"]["worker"].clone();
    world.streamed(&ada, FIRST_PIECE).await;
    world.clock.advance(10_000);
    let turn_id = created["receipt"]["turn_id"].clone();
    world.finished(&ada, &turn_id).await;
    world.clock.advance(1000);
    let bob = world.worker_with(json!({ "display_name": "Bob" })).await;
    world.running(&bob, FIRST_PIECE).await;
    store.next([Verdict::UnknownTaken]);
    world.refused(create()).await;
    let requests = [
        json!({ "type": "get_runtime" }),
        json!({ "type": "get_overview", "recent": 1 }),
        json!({ "type": "list_workers", "page": { "limit": 1 } }),
        get_worker(&ada),
        get_turn(&ada, &turn_id),
        json!({ "type": "list_turns", "worker": bob }),
        get_transcript(&bob),
        and(read_events(&scope_of(&ada)), json!({ "limit": 2 })),
        json!({ "type": "get_usage", "scope": runtime_scope() }),
        json!({ "type": "list_diagnostics" }),
        json!({ "type": "preview", "command": send(&ada, "What would happen?") }),
    ];
    for request in requests {
        let mut reply = world.ok(request.clone()).await;
        if let Some(digest) = reply.pointer_mut("/api/schema_digest") {
            // The digest changes with every change of the schemas.
            *digest = json!("0".repeat(64));
        }
        keep(&mut examples, "queries", &request, reply);
    }
    examples
}

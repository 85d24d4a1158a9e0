//! Subscriptions: replay, live delivery, ends and erasure.

mod cursors;
mod deltas;
mod ends;
mod erasure;
mod filters;
mod replay;

use serde_json::{Value, json};
use worker_runtime::Subscription;

use crate::support::{World, collect};

/// A subscription in `scope` with these fields.
async fn subscribed(world: &World, scope: &Value, fields: Value) -> Subscription {
    let request = crate::support::and(json!({ "scope": scope }), fields);
    world.subscribe(request).await.expect("the subscription is made")
}

/// The items before `synced`.
async fn replayed(stream: &mut Subscription) -> Vec<Value> {
    let mut items = collect(stream, is_synced).await;
    items.pop();
    items
}

fn is_synced(item: &Value) -> bool {
    item["type"] == "synced"
}

fn ends_turn(item: &Value) -> bool {
    let ends = ["turn_completed", "turn_failed", "turn_cancelled", "turn_lost"];
    ends.iter().any(|end| item["type"] == *end)
}

/// The text of the deltas of a kind. Offset 0 replaces the text, any other offset appends without a gap.
fn joined(items: &[Value], kind: &str, turn_id: &Value) -> String {
    let mut text = String::new();
    for item in items.iter().filter(|item| item["type"] == kind && item["turn_id"] == *turn_id) {
        let offset = usize::try_from(item["offset"].as_u64().expect("an offset")).expect("small");
        if offset == 0 {
            text.clear();
        }
        assert_eq!(offset, text.len(), "no hole and no overlap: {item}");
        text.push_str(item["text"].as_str().expect("a text"));
    }
    text
}

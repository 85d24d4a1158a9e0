//! A tenant is told the same whether there are others or not.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{furnish, requests_about, requests_about_the_whole};
use crate::support::{
    ANSWER, FIRST_PIECE, World, and, cancel_turn, create, runtime_scope, send_keyed,
};

/// Replaces each id, position and token by the number of its first appearance.
#[derive(Default)]
struct Masks(BTreeMap<String, usize>);

impl Masks {
    fn mask(&mut self, value: &mut Value) {
        match value {
            Value::String(text) if is_opaque(text) => {
                let number = self.0.len();
                let number = *self.0.entry(text.clone()).or_insert(number);
                *text = format!("opaque {number}");
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.mask(field)),
            _ => {}
        }
    }
}

/// Whether a text is an id, or a position or a token with ids in it.
fn is_opaque(text: &str) -> bool {
    let is_id = text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4;
    let is_coded = text.len() > 30 && !text.contains(' ');
    // The names that the Runtime makes up end with a part of the id.
    is_id || is_coded || text.starts_with("worker-")
}

/// What a tenant does and is told, while something else may happen in between.
async fn life(world: &World, tenant: &World, meanwhile: impl AsyncFn()) -> Vec<Value> {
    let mut told = Vec::new();
    let mut stream = tenant.stream(&runtime_scope()).await;
    meanwhile().await;
    let [worker, turn_id, cursor, whole] = furnish(tenant, "plum").await;
    meanwhile().await;
    let running = tenant.running(&worker, FIRST_PIECE).await;
    meanwhile().await;
    for request in requests_about_the_whole() {
        told.push(tenant.call(request).await.unwrap_or_else(|error| error));
        meanwhile().await;
    }
    let after = json!({ "from": { "type": "after", "cursor": whole } });
    told.push(tenant.ok(and(crate::support::read_events(&runtime_scope()), after)).await);
    tenant.finished(&worker, &running).await;
    told.push(tenant.ok(crate::support::get_transcript(&worker)).await);
    assert!(told.last().expect("one").to_string().contains(ANSWER));
    meanwhile().await;
    for request in requests_about(&worker, &turn_id, &cursor) {
        told.push(tenant.call(request).await.unwrap_or_else(|error| error));
        meanwhile().await;
        // A turn that has begun streams its first piece before it is cancelled.
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    }
    let claim = json!({ "scope_claims": [{ "resource": "shared/place", "access": "shared" }] });
    told.push(tenant.call(and(create(), claim)).await.unwrap_or_else(|error| error));
    told.push(tenant.call(send_keyed(&worker, "again", "k")).await.unwrap_or_else(|error| error));
    told.push(tenant.call(cancel_turn(&worker)).await.unwrap_or_else(|error| error));
    world.ok(json!({ "type": "stop_runtime", "deadline_ms": 0 })).await;
    told.extend(crate::support::collect(&mut stream, |item| item["type"] == "ended").await);
    told
}

#[tokio::test(start_paused = true)]
async fn a_tenant_is_told_the_same_whether_there_are_others_or_not() {
    let world = World::new().await;
    let mut alone = life(&world, &world.tenant("acme"), async || {}).await;

    let world = World::new().await;
    let rival = world.tenant("rival");
    let mut among_others = life(&world, &world.tenant("acme"), async || {
        let claims = json!([{ "resource": "shared/place", "access": "shared" }]);
        let worker = rival.worker_with(json!({ "scope_claims": claims })).await;
        rival.running(&worker, FIRST_PIECE).await;
        rival.ok(crate::support::cancel_worker(&worker)).await;
        world.worker().await;
        rival.call(and(create(), json!({ "idempotency_key": "k" }))).await.ok();
        rival.ids.panics.next(1);
        rival.refused(create()).await;
    })
    .await;

    for told in [&mut alone, &mut among_others] {
        let mut masks = Masks::default();
        for value in told {
            masks.mask(value);
        }
    }
    for (alone, among_others) in alone.iter().zip(&among_others) {
        assert_eq!(alone, among_others);
    }
    assert_eq!(alone.len(), among_others.len());
}

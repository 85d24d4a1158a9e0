//! What of a tenant outlives a Runtime.

use std::sync::Arc;

use serde_json::json;
use worker_runtime::{TenantQuotas, store::MemoryStore};

use super::furnish;
use crate::support::{
    CountedIds, World, and, create, get_worker, read_events, runtime_scope, stop,
};

#[tokio::test(start_paused = true)]
async fn a_tenant_has_after_a_restart_what_it_had_before() {
    let store: Arc<MemoryStore> = Arc::default();
    let ids: Arc<CountedIds> = Arc::default();
    let build = || {
        let quotas = TenantQuotas::new().workers(2);
        let shared: Arc<MemoryStore> = Arc::clone(&store);
        let world = World::builder().store(shared).ids(Arc::clone(&ids));
        world.with(|builder| builder.quotas_of("acme", quotas)).build()
    };
    let world = build().await;
    let claims = json!([{ "resource": "shared/place", "access": "shared" }]);
    let [acme, rival] = ["acme", "rival"].map(|name| world.tenant(name));
    let of_acme = async |world: &World| -> [serde_json::Value; 3] {
        let acme = world.tenant("acme");
        let overview = acme.ok(json!({ "type": "get_overview" })).await;
        let usage = acme.ok(json!({ "type": "get_usage", "scope": runtime_scope() })).await;
        let allocation = acme.ok(json!({ "type": "get_runtime" })).await["allocation"].clone();
        [overview, usage, allocation]
    };
    let only = json!({ "display_name": "plum", "idempotency_key": "k", "scope_claims": claims });
    let keyed = and(create(), only);
    let worker = acme.ok(keyed.clone()).await["detail"]["worker"].clone();
    acme.turn(&worker, "hi").await;
    let ended = acme.worker().await;
    acme.ok(stop(&ended)).await;
    furnish(&rival, "pear").await;
    let before = of_acme(&world).await;
    let cursor = acme.ok(json!({ "type": "get_runtime" })).await["cursor"].clone();
    let of_worker = acme.ok(get_worker(&worker)).await["cursor"].clone();
    world.ok(json!({ "type": "stop_runtime" })).await;
    world.runtime.wait_stopped(std::time::Duration::from_mins(1)).await.expect("it stops");

    let world = build().await;
    let acme = world.tenant("acme");
    assert_eq!(of_acme(&world).await, before);
    assert_eq!(acme.ok(keyed).await["replayed"], true);
    assert_eq!(acme.refused(create()).await["max"], 2, "restored Workers count");
    let rest = acme.events_after(&crate::support::scope_of(&worker), &of_worker).await;
    assert!(rest.is_empty());
    let from = json!({ "type": "after", "cursor": cursor });
    let refused = acme.refused(and(read_events(&runtime_scope()), json!({ "from": from }))).await;
    assert_eq!(refused["what"], "epoch");
    let started = acme.events_from(&runtime_scope(), json!({ "type": "oldest" })).await;
    assert_eq!(crate::support::types(&started), ["runtime_started"]);
    world.tenant("rival").refused(get_worker(&worker)).await;
}

#[tokio::test(start_paused = true)]
async fn a_tenant_of_deleted_workers_keeps_its_totals() {
    let store: Arc<MemoryStore> = Arc::default();
    let ids: Arc<CountedIds> = Arc::default();
    let build = || {
        let shared: Arc<MemoryStore> = Arc::clone(&store);
        World::builder().store(shared).ids(Arc::clone(&ids)).build()
    };
    let world = build().await;
    let acme = world.tenant("acme");
    let worker = acme.worker().await;
    acme.turn(&worker, "hi").await;
    acme.ok(stop(&worker)).await;
    acme.ok(crate::support::delete(&worker)).await;
    let usage = json!({ "type": "get_usage", "scope": { "type": "tenant", "tenant": "acme" } });
    let before = world.ok(usage.clone()).await;
    assert_eq!(before["usage"]["turns"], 1);
    world.ok(json!({ "type": "stop_runtime" })).await;
    world.runtime.wait_stopped(std::time::Duration::from_mins(1)).await.expect("it stops");
    let world = build().await;
    assert_eq!(world.ok(usage).await, before);
}

//! Quotas of tenants.

use serde_json::{Value, json};
use worker_runtime::TenantQuotas;

use crate::support::{
    FIRST_PIECE, World, and, cancel_turn, cancel_worker, create, delete, runtime_scope, send,
};

async fn world() -> World {
    let each = TenantQuotas::new().workers(2).turns_in_flight(1).subscriptions(1);
    let of_big = TenantQuotas::new().workers(3);
    let build = World::builder().limits(|limits| limits.workers = 7);
    build.with(|builder| builder.tenant_quotas(each).quotas_of("big", of_big)).build().await
}

fn full(what: &str, max: u64) -> Value {
    json!([{ "code": "capacity_exhausted", "what": what, "max": max }])
}

fn shown(error: &Value) -> Value {
    json!([{ "code": error["code"], "what": error["what"], "max": error["max"] }])
}

#[tokio::test(start_paused = true)]
async fn a_tenant_has_no_more_workers_than_its_quota() {
    let world = world().await;
    let (acme, rival, big) = (world.tenant("acme"), world.tenant("rival"), world.tenant("big"));
    let worker = acme.worker().await;
    acme.worker().await;
    assert_eq!(shown(&acme.refused(create()).await), full("workers", 2));
    let preview = acme.ok(json!({ "type": "preview", "command": create() })).await;
    assert_eq!(shown(&preview["result"]["error"]), full("workers", 2));
    let by_backend = and(create(), json!({ "tenant": "acme" }));
    assert_eq!(shown(&world.refused(by_backend.clone()).await), full("workers", 2));
    rival.worker().await;
    for _ in 0..3 {
        big.worker().await;
    }
    assert_eq!(shown(&big.refused(create()).await), full("workers", 3));
    world.worker().await;
    assert_eq!(shown(&rival.refused(create()).await), full("workers", 7), "the Runtime is full");
    acme.ok(cancel_worker(&worker)).await;
    assert_eq!(shown(&acme.refused(create()).await), full("workers", 2), "an ended one counts");
    acme.ok(delete(&worker)).await;
    world.ok(by_backend).await;
    assert_eq!(shown(&acme.refused(create()).await), full("workers", 2));
    let limits = acme.ok(json!({ "type": "get_runtime" })).await["limits"].clone();
    let shown = [&limits["workers"], &limits["turns_in_flight"], &limits["subscriptions"]];
    assert_eq!(shown, [2, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_tenant_runs_no_more_turns_than_its_quota() {
    let world = world().await;
    let (acme, rival) = (world.tenant("acme"), world.tenant("rival"));
    let (one, two) = (acme.worker().await, acme.worker().await);
    let other = rival.worker().await;
    let turn_id = acme.running(&one, FIRST_PIECE).await;
    assert_eq!(shown(&acme.refused(send(&two, "hi")).await), full("turns_in_flight", 1));
    assert_eq!(shown(&world.refused(send(&two, "hi")).await), full("turns_in_flight", 1));
    let preview = acme.ok(json!({ "type": "preview", "command": send(&two, "hi") })).await;
    assert_eq!(shown(&preview["result"]["error"]), full("turns_in_flight", 1));
    rival.running(&other, FIRST_PIECE).await;
    acme.finished(&one, &turn_id).await;
    acme.running(&two, FIRST_PIECE).await;
    acme.ok(cancel_turn(&two)).await;
    acme.turn(&one, "hi").await;
    let first = and(create(), json!({ "initial_input": { "kind": "user", "text": "hi" } }));
    rival.running(&other, FIRST_PIECE).await;
    let third = rival.refused(first.clone()).await;
    assert_eq!(shown(&third), full("turns_in_flight", 1));
    assert_eq!(rival.ok(json!({ "type": "get_overview" })).await["workers"]["idle"], 0);
    rival.ok(cancel_turn(&other)).await;
    rival.ok(first).await;
}

#[tokio::test(start_paused = true)]
async fn a_tenant_has_no_more_subscriptions_than_its_quota() {
    let world = world().await;
    let acme = world.tenant("acme");
    let request = json!({ "scope": runtime_scope() });
    let stream = acme.subscribe(request.clone()).await.expect("a stream");
    let refused = acme.subscribe(request.clone()).await.expect_err("one too many");
    assert_eq!(shown(&refused), full("subscriptions", 1));
    let _others = world.subscribe(request.clone()).await.expect("the Backend's do not count");
    let open = |world: World| async move {
        world.ok(json!({ "type": "get_runtime" })).await["open"]["subscriptions"].clone()
    };
    assert_eq!(open(world.tenant("acme")).await, 1);
    assert_eq!(open(world.tenant("rival")).await, 0);
    drop(stream);
    let _again = acme.subscribe(request).await.expect("a stream");
}

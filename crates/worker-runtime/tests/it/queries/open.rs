//! What is open at once, as `get_runtime` counts it.

use serde_json::json;

use crate::support::{World, and, at_once, read_events, runtime_scope, scope_of};

#[tokio::test(start_paused = true)]
async fn open_subscriptions_and_waiting_queries_are_counted() {
    let world = World::new().await;
    let open = async || world.ok(json!({ "type": "get_runtime" })).await["open"].clone();
    assert_eq!(open().await, json!({ "subscriptions": 0, "waiting_queries": 0 }));
    let worker = world.worker().await;
    let one = world.stream(&runtime_scope()).await;
    let two = world.stream(&scope_of(&worker)).await;
    let wait = json!({ "from": { "type": "now" }, "wait_ms": 60_000 });
    let mut of_runtime = Box::pin(world.ok(and(read_events(&runtime_scope()), wait.clone())));
    let mut of_worker = Box::pin(world.ok(and(read_events(&scope_of(&worker)), wait)));
    for waiting in [&mut of_runtime, &mut of_worker] {
        for _ in 0..10 {
            assert!(at_once(&mut *waiting).await.is_none(), "it waits");
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(open().await, json!({ "subscriptions": 2, "waiting_queries": 2 }));
    drop((one, of_runtime));
    assert_eq!(open().await, json!({ "subscriptions": 1, "waiting_queries": 1 }));
    world.rename(&worker, "ann".to_owned()).await;
    of_worker.await;
    drop(two);
    assert_eq!(open().await, json!({ "subscriptions": 0, "waiting_queries": 0 }));
}

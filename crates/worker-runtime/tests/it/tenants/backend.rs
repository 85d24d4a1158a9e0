//! What the Backend sees of tenants.

use serde_json::{Value, json};

use super::furnish;
use crate::support::{
    World, and, cancel_worker, collect, create, get_worker, read_events, runtime_scope,
};

#[tokio::test(start_paused = true)]
async fn the_backend_sees_whose_a_worker_is() {
    let world = World::new().await;
    let created = world.ok(and(create(), json!({ "tenant": "acme" }))).await;
    assert_eq!(created["detail"]["tenant"], "acme");
    let worker = created["detail"]["worker"].clone();
    assert_eq!(world.tenant("acme").ok(get_worker(&worker)).await["detail"]["tenant"], "acme");
    let list = world.ok(json!({ "type": "list_workers" })).await;
    assert_eq!(list["items"][0]["tenant"], "acme");
    let events = world.events_from(&runtime_scope(), json!({ "type": "oldest" })).await;
    let tenants: Vec<&Value> = events.iter().map(|event| &event["tenant"]).collect();
    assert_eq!(tenants, [&Value::Null, &json!("acme")]);
}

#[tokio::test(start_paused = true)]
async fn the_backend_asks_by_tenant() {
    let world = World::new().await;
    let (acme, rival) = (world.tenant("acme"), world.tenant("rival"));
    furnish(&acme, "plum").await;
    furnish(&rival, "pear").await;
    furnish(&world, "fig").await;
    let by = |name: &str| json!({ "type": name, "tenant": "acme" });
    for name in ["list_workers", "get_overview", "list_diagnostics"] {
        let (mut asked, mut own) =
            (world.ok(by(name)).await, acme.ok(json!({ "type": name })).await);
        for reply in [&mut asked, &mut own] {
            // The Backend's cursor is of the Runtime's log.
            reply.as_object_mut().expect("a reply").remove("cursor");
        }
        assert_eq!(asked, own, "{name}");
    }
    let cursor = world.ok(by("list_workers")).await["cursor"].clone();
    assert!(world.events_after(&runtime_scope(), &cursor).await.is_empty());

    let usage = |scope: Value| json!({ "type": "get_usage", "scope": scope });
    let of_acme = json!({ "type": "tenant", "tenant": "acme" });
    let of_tenant = world.ok(usage(of_acme)).await["usage"].clone();
    assert_eq!(of_tenant["turns"], 2, "that of the deleted Worker too");
    assert_eq!(acme.ok(usage(runtime_scope())).await["usage"], of_tenant);
    assert_eq!(world.ok(usage(runtime_scope())).await["usage"]["turns"], 6);

    for name in ["list_workers", "list_diagnostics"] {
        let unknown = world.ok(json!({ "type": name, "tenant": "nobody" })).await;
        assert_eq!(unknown["items"], json!([]), "{name}");
    }
    let unknown = world.ok(json!({ "type": "get_overview", "tenant": "nobody" })).await;
    assert_eq!(unknown["workers"]["idle"], 0);
    let nobody = usage(json!({ "type": "tenant", "tenant": "nobody" }));
    assert_eq!(world.ok(nobody).await["usage"]["turns"], 0);
    let invalid = world.refused(json!({ "type": "list_workers", "tenant": "" })).await;
    assert_eq!(invalid["field"], "tenant");
}

#[tokio::test(start_paused = true)]
async fn the_backend_filters_events_by_tenant() {
    let world = World::new().await;
    let (acme, rival) = (world.tenant("acme"), world.tenant("rival"));
    let filter = json!({ "filter": { "tenant": "acme" } });
    let request =
        and(json!({ "scope": runtime_scope(), "from": { "type": "oldest" } }), filter.clone());
    let mut stream = world.subscribe(request).await.expect("a stream");
    let worker = acme.worker().await;
    rival.worker().await;
    world.worker().await;
    acme.ok(cancel_worker(&worker)).await;
    let read = world.ok(and(read_events(&runtime_scope()), filter)).await;
    let items = collect(&mut stream, |item| item["type"] == "worker_state_changed").await;
    let events: Vec<&Value> = items.iter().filter(|item| item.get("epoch").is_some()).collect();
    assert_eq!(events.len(), 2);
    assert_eq!(read["items"].as_array().map(Vec::len), Some(2));
    assert!(events.iter().all(|event| event["worker"] == worker));
    let wrong = and(read_events(&runtime_scope()), json!({ "filter": { "tenant": "" } }));
    assert_eq!(world.refused(wrong).await["field"], "filter.tenant");
}

/// The table in the documentation names every request with what it is about.
#[test]
fn the_documentation_says_of_every_request_what_a_tenant_sees() {
    let page = include_str!("../../../../../docs/tenants.md");
    let commands = worker_runtime::RuntimeCommand::TYPES.iter();
    for name in commands.chain(worker_runtime::RuntimeQuery::TYPES) {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        assert!(row.is_some_and(|row| row.matches('|').count() == 3), "{name} has no row");
    }
}

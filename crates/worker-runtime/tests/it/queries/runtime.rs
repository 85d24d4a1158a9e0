//! `get_runtime`: the Runtime's capabilities, limits, profiles and state.

use std::sync::Arc;

use llm_engine::ScriptedProvider;
use serde_json::{Value, json};
use worker_runtime::{BuildError, Profile, Runtime, RuntimeId, store::MemoryStore};

use crate::support::{
    BEGIN_MS, SteppedStore, Verdict, World, and, cancel_worker, create, runtime_scope, send, types,
    update,
};

async fn runtime(world: &World) -> Value {
    world.ok(json!({ "type": "get_runtime" })).await
}

#[tokio::test(start_paused = true)]
async fn a_new_runtime_shows_its_beginning() {
    let world = World::new().await;
    let reply = runtime(&world).await;
    let summary = &reply["summary"];
    assert_eq!(summary["runtime_id"], json!(world.runtime.runtime_id()));
    assert_eq!(summary["display_name"], "home");
    assert_eq!(summary["state"], "running");
    assert_eq!(summary["started_at_ms"], BEGIN_MS);
    assert_eq!(summary["turns_in_flight"], 0);
    assert_ne!(summary["epoch"], summary["runtime_id"]);
    let store = json!({ "kind": "memory", "durable": false, "failures": 0, "pending": 0 });
    assert_eq!(reply["store"], store);
    assert_eq!(reply["allocation"], json!({ "claims": 0, "holders": [], "more": false }));
    let events = world.events_from(&runtime_scope(), json!({ "type": "oldest" })).await;
    assert_eq!(types(&events), ["runtime_started"]);
    assert_eq!((&events[0]["sequence"], &events[0]["epoch"]), (&json!(1), &summary["epoch"]));
    assert_eq!(world.events_after(&runtime_scope(), &reply["cursor"]).await, [Value::Null; 0]);
}

#[tokio::test(start_paused = true)]
async fn profiles_are_listed_by_how_to_select_them() {
    let other = Profile::new("other", Arc::new(ScriptedProvider::hanging())).model("m-2");
    let world = World::builder().with(|builder| builder.profile(other)).build().await;
    let profiles = runtime(&world).await["capabilities"]["profiles"].clone();
    for profile in profiles.as_array().expect("profiles") {
        let fields = json!({ "profile": profile["selector"] });
        world.ok(and(create(), fields)).await;
    }
    let selectors: Vec<&Value> =
        profiles.as_array().expect("profiles").iter().map(|profile| &profile["selector"]).collect();
    for expected in [
        json!({ "type": "runtime_default" }),
        json!({ "type": "builtin", "name": "echo" }),
        json!({ "type": "named", "name": "other" }),
        json!({ "type": "named", "name": "slow" }),
    ] {
        assert!(selectors.contains(&&expected), "{expected}");
    }
    assert_eq!(profiles[0]["model"], "m-2", "the first one given is the default");
}

#[tokio::test(start_paused = true)]
async fn holders_are_shown_by_resource_and_bounded() {
    let world = World::new().await;
    let mut workers = Vec::new();
    for number in (0..60).rev() {
        let claim = |suffix: &str| json!({ "resource": format!("r{number:02}/{suffix}"), "access": "exclusive" });
        let fields = json!({ "scope_claims": [claim("a"), claim("b")] });
        workers.push(world.worker_with(fields).await);
    }
    let allocation = runtime(&world).await["allocation"].clone();
    assert_eq!((&allocation["claims"], &allocation["more"]), (&json!(120), &json!(true)));
    let holders = allocation["holders"].as_array().expect("holders");
    assert_eq!(holders.len(), 100);
    let first = json!({ "resource": "r00/a", "access": "exclusive", "worker": workers[59] });
    assert_eq!(holders[0], first);
    assert!(
        holders.is_sorted_by_key(|holder| holder["resource"].as_str().expect("a name").to_owned())
    );
    for worker in &workers {
        world.ok(cancel_worker(worker)).await;
    }
    assert_eq!(runtime(&world).await["allocation"]["claims"], 0);
}

#[tokio::test(start_paused = true)]
async fn the_stores_troubles_are_counted() {
    let store = SteppedStore::new(Arc::default());
    let world = World::builder().store(store.as_store()).build().await;
    let worker = world.worker().await;
    let rename = |name: &str| and(update(&worker), json!({ "display_name": name }));
    store.next([Verdict::Refused]);
    world.refused(rename("a")).await;
    assert_eq!(runtime(&world).await["store"]["failures"], 1);
    store.stop_settling();
    store.next([Verdict::UnknownTaken]);
    let error = world.refused(rename("b")).await;
    assert_eq!(error["certain"], false);
    let shown = runtime(&world).await["store"].clone();
    assert_eq!((&shown["failures"], &shown["pending"]), (&json!(2), &json!(1)));
    // Meanwhile reads go on, and changes fail for certain.
    assert_eq!(world.state(&worker).await, "idle");
    let error = world.refused(send(&worker, "hi")).await;
    assert_eq!((&error["code"], &error["certain"]), (&json!("store_failed"), &json!(true)));
    store.go_on_settling();
    tokio::time::sleep(std::time::Duration::from_mins(1)).await;
    assert_eq!(runtime(&world).await["store"]["pending"], 0);
    assert_eq!(world.detail(&worker).await["display_name"], "b", "the answer was: committed");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_commit_is_dropped_or_applied_by_the_stores_answer() {
    for (verdict, replayed) in [(Verdict::UnknownTaken, true), (Verdict::UnknownNever, false)] {
        let store = SteppedStore::new(Arc::default());
        let world = World::builder().store(store.as_store()).build().await;
        let worker = world.worker().await;
        store.next([verdict]);
        let request = crate::support::send_keyed(&worker, "hi", "k");
        assert_eq!(world.refused(request.clone()).await["certain"], false);
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        let again = world.ok(request).await;
        assert_eq!(again["replayed"], replayed, "{verdict:?}");
        let turn = world.finished(&worker, &again["receipt"]["turn_id"]).await;
        assert_eq!(turn["turn"]["outcome"], "completed", "{verdict:?}");
        assert_eq!(world.transcript(&worker).await["total"], 2);
    }
}

#[tokio::test(start_paused = true)]
async fn the_runtimes_id_is_the_stores() {
    let store = Arc::new(MemoryStore::new());
    let build = || Runtime::builder().store(Arc::<MemoryStore>::clone(&store));
    let chosen = RuntimeId::from_uuid(uuid::Uuid::from_u128(7));
    let first = build().runtime_id(chosen).build().await.expect("the Runtime is built");
    assert_eq!(first.runtime_id(), chosen);
    assert!(matches!(build().build().await, Err(BuildError::StoreOwned { .. })), "one at a time");
    drop(first);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let other = RuntimeId::from_uuid(uuid::Uuid::from_u128(8));
    let error = build().runtime_id(other).build().await.expect_err("it is another's");
    assert_eq!(error, BuildError::OtherRuntime { runtime_id: chosen });
    assert_eq!(build().build().await.expect("the Runtime is built").runtime_id(), chosen);
}

//! An example of each event type and of each kind of stream item.

use std::{sync::Arc, time::Duration};

use llm_engine::{EngineError, ErrorKind, Policy, RetryPolicy, Script, ScriptedProvider};
use serde_json::{Value, json};
use worker_runtime::{Profile, Subscription, store::MemoryStore};

use super::Examples;
use crate::support::{
    CountedIds, FIRST_PIECE, SteppedStore, TOKENS, Verdict, World, and, cancel_turn, collect,
    delete, next_item, read_events, runtime_scope, scope_of, send, stop, stop_runtime, update,
};

/// Examples of each event type in `read_events`, and of each kind of stream item.
pub(super) async fn examples() -> Examples {
    let mut examples = Examples::new();
    told_by_a_life(&mut examples).await;
    told_by_a_death(&mut examples).await;
    told_by_a_bad_store(&mut examples).await;
    told_by_a_slow_reader(&mut examples).await;
    examples
}

/// Keeps the first example of each kind.
fn keep(examples: &mut Examples, item: &Value) {
    let name = item["type"].as_str().expect("a type");
    let is_event = item.get("epoch").is_some();
    if is_event {
        examples.entry("items/event.json".to_owned()).or_insert_with(|| item.clone());
    }
    let folder = if is_event { "events" } else { "items" };
    let shown =
        if is_event { crate::support::without(item.clone(), ["cursor"]) } else { item.clone() };
    examples.entry(format!("{folder}/{name}.json")).or_insert(shown);
}

async fn keep_all(examples: &mut Examples, stream: &mut Subscription) {
    while let Some(item) = next_item(stream).await {
        keep(examples, &item);
    }
}

fn provider() -> ScriptedProvider {
    let busy = EngineError::new(ErrorKind::Overloaded, "the provider is busy")
        .with_retry_after(Duration::from_secs(2));
    ScriptedProvider::new()
        .script(Script::new().error(busy))
        .script(
            Script::new()
                .reasoning("Let me think.")
                .delay(Duration::from_secs(1))
                .text("An answer.")
                .finish_with(llm_engine::StopReason::EndTurn, TOKENS),
        )
        .script(Script::new().text("Half an").end_early())
        .script(Script::new().text(FIRST_PIECE).hang())
}

/// A profile whose retry delays are not random.
fn punctual(provider: ScriptedProvider) -> Profile {
    let policy = Policy::default().retry(RetryPolicy::default().initial_delay(Duration::ZERO));
    Profile::new("punctual", Arc::new(provider)).policy(policy)
}

async fn told_by_a_life(examples: &mut Examples) {
    let world =
        World::builder().with(|builder| builder.profile(punctual(provider()))).build().await;
    let mut all = world.stream(&runtime_scope()).await;
    let worker = world.worker_with(json!({ "display_name": "Ada" })).await;
    let mut own = world.stream(&scope_of(&worker)).await;
    collect(&mut own, |item| item["type"] == "synced").await;
    let meta = json!({ "idempotency_key": "key-1", "meta": { "actor": "ann" } });
    world.ok(and(send(&worker, "Hi"), meta)).await;
    for item in collect(&mut own, |item| item["to"] == "idle").await {
        keep(examples, &item);
    }
    world.turn(&worker, "Again").await;
    world.running(&worker, FIRST_PIECE).await;
    world.clock.advance(1000);
    world.ok(and(cancel_turn(&worker), json!({ "reason": "enough" }))).await;
    world.ok(and(update(&worker), json!({ "display_name": "Ada Lovelace" }))).await;
    world.ok(stop(&worker)).await;
    for item in collect(&mut all, |item| item["to"] == "stopped").await {
        keep(examples, &item);
    }
    world.ok(delete(&worker)).await;
    world.ok(and(stop_runtime(), json!({ "reason": "update" }))).await;
    keep_all(examples, &mut all).await;
    keep_all(examples, &mut own).await;
}

async fn told_by_a_death(examples: &mut Examples) {
    let store = Arc::new(MemoryStore::new());
    let ids = Arc::new(CountedIds::default());
    let build = || World::builder().store(Arc::<MemoryStore>::clone(&store)).ids(Arc::clone(&ids));
    let first = build().build().await;
    let worker = first.worker().await;
    first.running(&worker, FIRST_PIECE).await;
    drop(first);
    // The store is released in the background.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let second = build().build().await;
    for event in second.events(&worker).await {
        keep(examples, &event);
    }
}

async fn told_by_a_bad_store(examples: &mut Examples) {
    let store = SteppedStore::new(Arc::default());
    let world = World::builder().store(store.as_store()).build().await;
    let mut all = world.stream(&runtime_scope()).await;
    let worker = world.worker().await;
    store.next([Verdict::UnknownTaken]);
    world.refused(and(update(&worker), json!({ "display_name": "Ada" }))).await;
    for item in collect(&mut all, |item| item["type"] == "diagnostic").await {
        keep(examples, &item);
    }
}

async fn told_by_a_slow_reader(examples: &mut Examples) {
    let world = World::limited(|limits| limits.events_per_worker = 2).await;
    let worker = world.worker().await;
    let mut stream = world.stream(&scope_of(&worker)).await;
    for name in ["a", "b", "c", "d"] {
        world.ok(and(update(&worker), json!({ "display_name": name }))).await;
    }
    for item in collect(&mut stream, |item| item["type"] == "gap").await {
        keep(examples, &item);
    }
    let after = json!({ "type": "after_sequence", "sequence": 1 });
    let first = world.refused(and(read_events(&scope_of(&worker)), json!({ "from": after }))).await;
    let first = first["earliest"].clone();
    world.ok(and(update(&worker), json!({ "display_name": "e" }))).await;
    let from = json!({ "type": "after", "cursor": first, "or_oldest": true });
    let request = json!({ "scope": scope_of(&worker), "from": from });
    let mut stream = world.subscribe(request).await.expect("a stream");
    keep(examples, &next_item(&mut stream).await.expect("an item"));
}

//! Cursors that do not fit a log are refused, each with its own error.

use std::sync::Arc;

use serde_json::{Value, json};
use worker_runtime::store::{MemoryStore, Store};

use crate::support::{
    CountedIds, World, and, collect, get_worker, next_item, read_events, runtime_scope, scope_of,
    without,
};

/// Checks that both ways to read from `cursor` are refused with the same error, and returns the error.
async fn check(world: &World, scope: &Value, cursor: &Value) -> Value {
    let from = json!({ "from": { "type": "after", "cursor": cursor } });
    let read = world.refused(and(read_events(scope), from.clone())).await;
    let request = and(json!({ "scope": scope }), from);
    let subscribed = world.subscribe(request).await.expect_err("refused");
    assert_eq!(read, subscribed);
    read
}

/// Checks that both ways to read from `cursor`, or from the oldest event, begin there and say why.
async fn falls_back(world: &World, scope: &Value, cursor: &Value, reason: &str) {
    let after = json!({ "type": "after", "cursor": cursor, "or_oldest": true });
    let from = json!({ "from": after });
    let oldest = world.ok(read_events(scope)).await;
    let read = world.ok(and(read_events(scope), from.clone())).await;
    assert_eq!(read["reset"], reason);
    assert_eq!(without(read, ["reset"]), oldest);

    let mut stream = world.subscribe(and(json!({ "scope": scope }), from)).await.expect("a stream");
    let reset = next_item(&mut stream).await.expect("an item");
    assert_eq!((&reset["type"], &reset["reason"]), (&json!("reset"), &json!(reason)));
    let after_reset = json!({ "from": { "type": "after", "cursor": reset["cursor"] } });
    let after_the_reset = world.ok(and(read_events(scope), after_reset)).await;
    assert_eq!(after_the_reset, oldest, "nothing that is kept is left out");
    let items = collect(&mut stream, |item| item["type"] == "synced").await;
    let events = items.iter().filter(|item| item.get("epoch").is_some());
    let events: Vec<Value> = events.map(|event| without(event.clone(), ["cursor"])).collect();
    assert_eq!(json!(events), oldest["items"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_can_not_be_used_falls_back_to_the_oldest_event_if_asked_to() {
    let world = World::limited(|limits| {
        (limits.events_per_worker, limits.events_runtime) = (3, 5);
    })
    .await;
    let start = runtime_cursor(&world).await;
    let worker = world.worker().await;
    let first = worker_cursor(&world, &worker).await;
    world.turn(&worker, "hi").await;
    world.turn(&worker, "hi").await;
    let own = scope_of(&worker);
    falls_back(&world, &own, &first, "cursor_expired").await;
    falls_back(&world, &runtime_scope(), &start, "cursor_expired").await;
    falls_back(&world, &own, &json!("garbage"), "cursor_malformed").await;
    falls_back(&world, &runtime_scope(), &json!(""), "cursor_malformed").await;

    // One that can be used is used.
    let latest = worker_cursor(&world, &worker).await;
    let after = json!({ "type": "after", "cursor": latest, "or_oldest": true });
    let read = world.ok(and(read_events(&own), json!({ "from": after }))).await;
    assert_eq!((&read["items"], read.get("reset")), (&json!([]), None));
    let request = json!({ "scope": own, "from": after });
    let mut stream = world.subscribe(request).await.expect("a stream");
    assert_eq!(next_item(&mut stream).await.expect("an item")["type"], "synced");
    // What is asked for is a cursor: without `or_oldest`, or with `false`, it is refused.
    let strict = json!({ "type": "after", "cursor": first, "or_oldest": false });
    let refused = world.refused(and(read_events(&own), json!({ "from": strict }))).await;
    assert_eq!(refused["code"], "cursor_expired");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_ahead_falls_back_to_the_oldest_event_if_asked_to() {
    // As after a store was restored from a backup: the same Runtime has fewer events.
    let ids = || Arc::new(CountedIds::default());
    let later = World::builder().ids(ids()).build().await;
    let worker = later.worker().await;
    later.turn(&worker, "hi").await;
    let ahead = worker_cursor(&later, &worker).await;
    let earlier = World::builder().ids(ids()).build().await;
    assert_eq!(earlier.worker().await, worker);
    falls_back(&earlier, &scope_of(&worker), &ahead, "cursor_ahead").await;
}

async fn runtime_cursor(world: &World) -> Value {
    world.ok(json!({ "type": "get_runtime" })).await["cursor"].clone()
}

async fn worker_cursor(world: &World, worker: &Value) -> Value {
    world.ok(get_worker(worker)).await["cursor"].clone()
}

#[tokio::test(start_paused = true)]
async fn one_of_something_else_is_foreign_and_says_of_what() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let ids = Arc::new(CountedIds::default());
    let build = || World::builder().store(Arc::clone(&store)).ids(Arc::clone(&ids));
    let before = build().build().await;
    let [one, two] = [before.worker().await, before.worker().await];
    let old_runtime = runtime_cursor(&before).await;
    let old_worker = worker_cursor(&before, &one).await;
    drop(before);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let world = build().build().await;
    let elsewhere = World::builder().ids(Arc::clone(&ids)).build().await;
    let stranger = elsewhere.worker().await;
    let (all, own) = (runtime_scope(), scope_of(&one));
    let cases = [
        (&all, old_runtime, "epoch"),
        (&own, runtime_cursor(&world).await, "scope"),
        (&all, worker_cursor(&world, &one).await, "scope"),
        (&own, worker_cursor(&world, &two).await, "worker"),
        (&all, runtime_cursor(&elsewhere).await, "runtime"),
        (&own, worker_cursor(&elsewhere, &stranger).await, "runtime"),
        (&all, worker_cursor(&elsewhere, &stranger).await, "runtime"),
    ];
    for (scope, cursor, what) in cases {
        falls_back(&world, scope, &cursor, "cursor_foreign").await;
        let error = check(&world, scope, &cursor).await;
        assert_eq!(error["code"], "cursor_foreign", "{what}");
        assert_eq!(error["what"], what);
        assert_eq!(error["retry"], json!({ "type": "never" }));
    }
    // A cursor of a Worker's log stays valid after a restart.
    assert_eq!(world.events_after(&own, &old_worker).await, [Value::Null; 0]);
}

#[tokio::test(start_paused = true)]
async fn any_alteration_is_malformed() {
    let world = World::new().await;
    let worker = world.worker().await;
    for (scope, cursor) in [
        (runtime_scope(), runtime_cursor(&world).await),
        (scope_of(&worker), worker_cursor(&world, &worker).await),
    ] {
        let text = cursor.as_str().expect("a text");
        for place in 0..text.len() {
            for other in ["A", "B", "-", "!", "é"] {
                let altered = format!("{}{other}{}", &text[..place], &text[place + 1..]);
                if altered == text {
                    continue;
                }
                let error = check(&world, &scope, &json!(altered)).await;
                assert_eq!(error["code"], "cursor_malformed", "{altered} for {text}");
            }
        }
        let longer = format!("{text}A");
        let padded = format!("{text}=");
        for rubbish in ["", " ", "rubbish", &text[1..], &text[..text.len() - 1], &longer, &padded] {
            let error = check(&world, &scope, &json!(rubbish)).await;
            assert_eq!(error["code"], "cursor_malformed", "{rubbish:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_too_old_tells_where_to_go_on() {
    let limits = |limits: &mut worker_runtime::Limits| {
        (limits.events_per_worker, limits.events_runtime) = (3, 3);
    };
    let world = World::limited(limits).await;
    let worker = world.worker().await;
    let (all, own) = (runtime_cursor(&world).await, worker_cursor(&world, &worker).await);
    world.turn(&worker, "hi").await;
    for (scope, cursor) in [(runtime_scope(), all), (scope_of(&worker), own)] {
        let error = check(&world, &scope, &cursor).await;
        assert_eq!(error["code"], "cursor_expired");
        assert_eq!(world.events_after(&scope, &error["earliest"]).await.len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_ahead_tells_the_end() {
    // The position is after the log's end, as after a restore of the store from an older copy.
    let world = World::new().await;
    let worker = world.worker().await;
    let ahead = json!({ "type": "after_sequence", "sequence": 2 });
    let request = and(read_events(&scope_of(&worker)), json!({ "from": ahead }));
    let error = world.refused(request).await;
    assert_eq!(error["code"], "cursor_ahead");
    assert_eq!(error["latest"], worker_cursor(&world, &worker).await);
    let request = json!({ "scope": scope_of(&worker), "from": ahead });
    assert_eq!(world.subscribe(request).await.expect_err("refused"), error);
    let at_the_end = json!({ "type": "after_sequence", "sequence": 1 });
    let request = and(read_events(&scope_of(&worker)), json!({ "from": at_the_end }));
    assert_eq!(world.ok(request).await["items"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn after_sequence_is_for_a_worker_alone() {
    let world = World::new().await;
    let from = json!({ "type": "after_sequence", "sequence": 0 });
    let error = world.refused(and(read_events(&runtime_scope()), json!({ "from": from }))).await;
    assert_eq!(error["code"], "invalid_request");
    let request = json!({ "scope": runtime_scope(), "from": from });
    assert_eq!(world.subscribe(request).await.expect_err("refused"), error);
}

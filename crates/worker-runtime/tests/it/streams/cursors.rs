//! Cursors that do not fit a log are refused, each with its own error.

use std::sync::Arc;

use serde_json::{Value, json};
use worker_runtime::store::{MemoryStore, Store};

use crate::support::{CountedIds, World, and, get_worker, read_events, runtime_scope, scope_of};

/// Checks that both ways to read from `cursor` are refused with the same error, and returns the error.
async fn check(world: &World, scope: &Value, cursor: &Value) -> Value {
    let from = json!({ "from": { "type": "after", "cursor": cursor } });
    let read = world.refused(and(read_events(scope), from.clone())).await;
    let request = and(json!({ "scope": scope }), from);
    let subscribed = world.subscribe(request).await.expect_err("refused");
    assert_eq!(read, subscribed);
    read
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

//! Streams: replay, `synced`, live events, and `gap` for a reader that falls behind.

use serde_json::{Value, json};

use super::{is_synced, replayed, subscribed};
use crate::support::{
    World, and, at_once, collect, next_item, runtime_scope, scope_of, send, stop, types, update,
    without,
};

fn rename(worker: &Value, name: &str) -> Value {
    and(update(worker), json!({ "display_name": name }))
}

#[tokio::test(start_paused = true)]
async fn the_default_is_from_now_on() {
    let world = World::new().await;
    let worker = world.worker().await;
    for scope in [runtime_scope(), scope_of(&worker)] {
        let mut stream = subscribed(&world, &scope, json!({})).await;
        world.ok(rename(&worker, &scope["type"].to_string().replace('"', ""))).await;
        assert_eq!(replayed(&mut stream).await, [Value::Null; 0]);
        let live = next_item(&mut stream).await.expect("an item");
        assert_eq!(live["type"], "worker_updated", "an event before the first poll is live");
    }
}

#[tokio::test(start_paused = true)]
async fn every_beginning_replays_what_read_events_gives() {
    let world = World::new().await;
    let worker = world.worker().await;
    world.turn(&worker, "hi").await;
    let cursor = world.ok(crate::support::get_worker(&worker)).await["cursor"].clone();
    let runtime = world.ok(json!({ "type": "get_runtime" })).await["cursor"].clone();
    world.turn(&worker, "again").await;
    let after = |cursor: &Value| json!({ "type": "after", "cursor": cursor });
    let cases = [
        (scope_of(&worker), json!({ "type": "oldest" })),
        (scope_of(&worker), json!({ "type": "now" })),
        (scope_of(&worker), after(&cursor)),
        (scope_of(&worker), json!({ "type": "after_sequence", "sequence": 3 })),
        (scope_of(&worker), json!({ "type": "after_sequence", "sequence": 0 })),
        (runtime_scope(), json!({ "type": "oldest" })),
        (runtime_scope(), json!({ "type": "now" })),
        (runtime_scope(), after(&runtime)),
    ];
    for (scope, from) in cases {
        let mut stream = subscribed(&world, &scope, json!({ "from": from })).await;
        let items = collect(&mut stream, is_synced).await;
        let (synced, items) = items.split_last().expect("at least `synced`");
        let events = world.events_from(&scope, from.clone()).await;
        let bare: Vec<Value> = items.iter().map(|item| without(item.clone(), ["cursor"])).collect();
        assert_eq!(bare, events, "{from}");
        let end = world.ok(crate::support::read_events(&scope)).await["next"].clone();
        assert_eq!(synced["cursor"], end, "where the log ended when it was made");
    }
}

#[tokio::test(start_paused = true)]
async fn each_cursor_is_the_position_right_after_its_event() {
    let world = World::new().await;
    let worker = world.worker().await;
    world.turn(&worker, "hi").await;
    for scope in [runtime_scope(), scope_of(&worker)] {
        let mut stream = world.stream(&scope).await;
        let items = replayed(&mut stream).await;
        for (place, item) in items.iter().enumerate() {
            let after = world.events_after(&scope, &item["cursor"]).await;
            let rest: Vec<Value> =
                items[place + 1..].iter().map(|item| without(item.clone(), ["cursor"])).collect();
            assert_eq!(after, rest);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_live_without_a_seam() {
    let world = World::new().await;
    let worker = world.worker().await;
    let mut stream = world.stream(&runtime_scope()).await;
    world.ok(rename(&worker, "before")).await;
    let mut items = replayed(&mut stream).await;
    world.ok(rename(&worker, "after")).await;
    world.ok(stop(&worker)).await;
    items.extend(collect(&mut stream, |item| item["to"] == "stopped").await);
    let sequences: Vec<&Value> = items.iter().map(|item| &item["sequence"]).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5]);
    assert_eq!(items[3]["detail"]["display_name"], "after");
    assert!(at_once(stream.next()).await.is_none(), "nothing more has happened");
}

#[tokio::test(start_paused = true)]
async fn all_subscribers_see_the_same() {
    let world = World::new().await;
    let worker = world.worker().await;
    let mut streams = Vec::new();
    for _ in 0..40 {
        streams.push(world.stream(&scope_of(&worker)).await);
    }
    for stream in &mut streams {
        replayed(stream).await;
    }
    world.ok(send(&worker, "hi")).await;
    let mut seen = Vec::new();
    for stream in &mut streams {
        let items = collect(stream, |item| item["to"] == "idle").await;
        seen.push(items.into_iter().filter(|item| item.get("epoch").is_some()).collect::<Vec<_>>());
    }
    assert!(seen.iter().all(|events| *events == seen[0]));
    assert_eq!(types(&seen[0]).len(), 5);
}

#[tokio::test(start_paused = true)]
async fn who_falls_behind_gets_one_gap_and_goes_on() {
    const MANY: u64 = 3000;
    let limits = |limits: &mut worker_runtime::Limits| {
        (limits.events_per_worker, limits.events_runtime) = (3, 3);
    };
    let world = World::limited(limits).await;
    let worker = world.worker().await;
    for scope in [scope_of(&worker), runtime_scope()] {
        let mut stream = subscribed(&world, &scope, json!({})).await;
        replayed(&mut stream).await;
        for number in 1..=MANY {
            world.rename(&worker, format!("n{number}")).await;
        }
        let last = format!("n{MANY}");
        let items = collect(&mut stream, |item| item["detail"]["display_name"] == last).await;
        let (gap, rest) = items.split_first().expect("a gap");
        assert_eq!(gap["type"], "gap", "{scope}");
        let missed = gap["missed"].as_u64().expect("a count");
        assert!(rest.len() >= 3, "the newest are kept");
        assert_eq!(
            missed + rest.len() as u64,
            MANY,
            "the gap has the exact number of missed events"
        );
        for (number, item) in (missed + 1..).zip(rest) {
            assert_eq!(item["detail"]["display_name"], format!("n{number}"));
        }
        world.ok(rename(&worker, &format!("after {}", rest.len()))).await;
        assert_eq!(next_item(&mut stream).await.expect("an item")["type"], "worker_updated");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gaps_cursor_is_where_the_stream_goes_on() {
    let world = World::limited(|limits| limits.events_runtime = 3).await;
    let worker = world.worker().await;
    let mut stream = subscribed(&world, &runtime_scope(), json!({})).await;
    for name in ["a", "b", "c", "d", "e"] {
        world.ok(rename(&worker, name)).await;
    }
    // The subscription begins at the end of the log, so `synced` comes there.
    assert_eq!(replayed(&mut stream).await, [Value::Null; 0]);
    let gap = next_item(&mut stream).await.expect("an item");
    assert_eq!((&gap["type"], &gap["missed"]), (&json!("gap"), &json!(2)));
    let mut again = subscribed(
        &world,
        &runtime_scope(),
        json!({
            "from": { "type": "after", "cursor": gap["cursor"] },
        }),
    )
    .await;
    let rest = replayed(&mut again).await;
    assert_eq!(rest.len(), 3);
    for item in rest {
        assert_eq!(next_item(&mut stream).await, Some(item));
    }
}

#[tokio::test(start_paused = true)]
async fn one_noisy_worker_does_not_push_out_anothers_events() {
    let world = World::limited(|limits| limits.events_per_worker = 4).await;
    let [quiet, noisy] = [world.worker().await, world.worker().await];
    let mut stream = subscribed(&world, &scope_of(&quiet), json!({})).await;
    replayed(&mut stream).await;
    world.ok(rename(&quiet, "q")).await;
    for number in 0..50 {
        world.ok(rename(&noisy, &format!("n{number}"))).await;
    }
    assert_eq!(next_item(&mut stream).await.expect("an item")["detail"]["display_name"], "q");
    assert_eq!(world.events(&quiet).await.len(), 2);
}

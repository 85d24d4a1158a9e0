//! The text of a running turn, for early, late, slow and very late readers.

use std::time::Duration;

use llm_engine::Script;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ends_turn, is_synced, joined, replayed, subscribed};
use crate::support::{
    ANSWER, FIRST_PIECE, PAUSE, World, at_once, cancel_turn, collect, next_item, runtime_scope,
    scope_of, send, types,
};

/// Checks that `items`, which end with a terminal event, contain the whole text of the turn.
fn check_whole(items: &[Value]) {
    let end = items.last().expect("a terminal event");
    assert!(ends_turn(end), "{end}");
    let text = end.get("entry").map_or("", |entry| entry["text"].as_str().expect("a text"));
    assert_eq!(joined(items, "text_delta", &end["turn_id"]), text);
    let place = |kind: &str| items.iter().position(|item| item["type"] == kind);
    if let (Some(synced), Some(delta)) = (place("synced"), place("text_delta")) {
        assert!(synced < delta, "deltas come after `synced`");
    }
}

#[tokio::test(start_paused = true)]
async fn an_early_reader_gets_each_piece_as_it_comes() {
    let world = World::new().await;
    let worker = world.worker().await;
    let mut stream = subscribed(&world, &scope_of(&worker), json!({})).await;
    replayed(&mut stream).await;
    let began = tokio::time::Instant::now();
    let turn_id = world.ok(send(&worker, "hi")).await["receipt"]["turn_id"].clone();
    let first = collect(&mut stream, |item| item["type"] == "text_delta").await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    let piece = json!({
        "type": "text_delta", "turn_id": turn_id, "offset": 0, "text": FIRST_PIECE,
    });
    assert_eq!(first.last(), Some(&piece));
    let second = next_item(&mut stream).await.expect("an item");
    assert_eq!(began.elapsed(), PAUSE);
    let piece = json!({ "type": "text_delta", "turn_id": turn_id, "offset": 6, "text": "world" });
    assert_eq!(second, piece);
    assert_eq!(next_item(&mut stream).await.expect("an item")["type"], "turn_completed");
}

#[tokio::test(start_paused = true)]
async fn a_late_reader_gets_what_had_streamed_in_one_piece() {
    let script = Script::new().text("a").text("b").text("c").delay(PAUSE).text("d").finish();
    let world = World::builder().script(script).build().await;
    let worker = world.worker().await;
    world.running(&worker, "abc").await;
    for from in [json!({ "type": "now" }), json!({ "type": "oldest" })] {
        let mut stream = subscribed(&world, &scope_of(&worker), json!({ "from": from })).await;
        let items = collect(&mut stream, |item| item["type"] == "text_delta").await;
        let delta = items.last().expect("a delta");
        assert_eq!((&delta["offset"], &delta["text"]), (&json!(0), &json!("abc")));
        assert_eq!(items[items.len() - 2]["type"], "synced");
    }
}

#[tokio::test(start_paused = true)]
async fn one_made_while_it_ran_and_polled_after_the_end_gets_the_whole_text() {
    let world = World::new().await;
    let worker = world.worker().await;
    let turn_id = world.running(&worker, FIRST_PIECE).await;
    let mut now = subscribed(&world, &scope_of(&worker), json!({})).await;
    let mut oldest = world.stream(&scope_of(&worker)).await;
    world.finished(&worker, &turn_id).await;
    for stream in [&mut now, &mut oldest] {
        check_whole(&collect(stream, ends_turn).await);
    }
}

#[tokio::test(start_paused = true)]
async fn one_made_before_and_polled_after_the_end_gets_the_whole_text() {
    let world = World::new().await;
    let worker = world.worker().await;
    let mut stream = subscribed(&world, &scope_of(&worker), json!({})).await;
    let mut turns = Vec::new();
    for _ in 0..3 {
        turns.push(world.turn(&worker, "hi").await);
    }
    for turn_id in turns {
        let items = collect(&mut stream, ends_turn).await;
        check_whole(&items);
        assert_eq!(joined(&items, "text_delta", &turn_id), ANSWER);
    }
}

#[tokio::test(start_paused = true)]
async fn cancelled_and_failed_turns_are_whole_too() {
    let failing = Script::new().text(FIRST_PIECE).delay(PAUSE).text("more").end_early();
    let world = World::builder().script(failing).build().await;
    let worker = world.worker().await;
    let mut early = subscribed(&world, &scope_of(&worker), json!({})).await;
    let turn_id = world.running(&worker, FIRST_PIECE).await;
    let mut late = subscribed(&world, &scope_of(&worker), json!({})).await;
    world.finished(&worker, &turn_id).await;
    world.running(&worker, FIRST_PIECE).await;
    world.ok(cancel_turn(&worker)).await;
    for stream in [&mut early, &mut late] {
        for kind in ["turn_failed", "turn_cancelled"] {
            let items = collect(stream, ends_turn).await;
            check_whole(&items);
            assert_eq!(items.last().map(|item| &item["type"]), Some(&json!(kind)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_was_over_before_is_replayed_without_deltas() {
    let world = World::new().await;
    let worker = world.worker().await;
    world.turn(&worker, "hi").await;
    let mut stream = world.stream(&scope_of(&worker)).await;
    let items = replayed(&mut stream).await;
    assert!(!types(&items).contains(&"text_delta"));
    assert!(types(&items).contains(&"turn_completed"));
}

#[tokio::test(start_paused = true)]
async fn the_runtimes_scope_has_no_deltas() {
    let world = World::new().await;
    let mut stream = world.stream(&runtime_scope()).await;
    let worker = world.worker().await;
    world.ok(send(&worker, "hi")).await;
    let items = collect(&mut stream, |item| item["to"] == "idle").await;
    assert!(items.iter().all(|item| item.get("offset").is_none()));
}

#[tokio::test(start_paused = true)]
async fn deltas_come_whatever_the_filter() {
    let world = World::new().await;
    let worker = world.worker().await;
    let filter = json!({ "filter": { "types": ["turn_completed"], "labels": { "a": "b" } } });
    let mut stream = subscribed(&world, &scope_of(&worker), filter).await;
    let turn_id = world.ok(send(&worker, "hi")).await["receipt"]["turn_id"].clone();
    let mut items = Vec::new();
    while joined(&items, "text_delta", &turn_id) != ANSWER {
        items.push(next_item(&mut stream).await.expect("an item"));
    }
    assert!(items.iter().all(|item| is_synced(item) || item["type"] == "text_delta"), "{items:?}");
}

#[tokio::test(start_paused = true)]
async fn reasoning_that_comes_with_the_whole_answer_is_delivered_before_it() {
    let thinks = || Script::new().reasoning("thinking");
    let scripts = [("an answer", thinks().text("an answer").finish()), ("", thinks().end_early())];
    for (text, script) in scripts {
        let world = World::builder().script(script).build().await;
        let worker = world.worker().await;
        let mut stream = subscribed(&world, &scope_of(&worker), json!({})).await;
        replayed(&mut stream).await;
        let turn_id = world.ok(send(&worker, "hi")).await["receipt"]["turn_id"].clone();
        let items = collect(&mut stream, ends_turn).await;
        check_whole(&items);
        assert_eq!(joined(&items, "reasoning_delta", &turn_id), "thinking");
        assert_eq!(joined(&items, "text_delta", &turn_id), text);
        let place = |kind: &str| items.iter().position(|item| item["type"] == kind);
        assert!(text.is_empty() || place("reasoning_delta") < place("text_delta"));
    }
}

#[tokio::test(start_paused = true)]
async fn reasoning_reaches_a_reader_that_looks_only_after_the_end_of_the_turn() {
    let script = Script::new().reasoning("thinking").text("an answer").finish();
    let world = World::builder().script(script).build().await;
    let created = world.ok(json!({ "type": "create_worker" })).await;
    let worker = created["detail"]["worker"].clone();
    // The reader begins with events that are older than itself, which come from the store.
    let from = json!({ "from": { "type": "after", "cursor": created["cursor"] } });
    let mut stream = subscribed(&world, &scope_of(&worker), from).await;
    let turn_id = world.ok(send(&worker, "hi")).await["receipt"]["turn_id"].clone();
    tokio::time::sleep(PAUSE).await;
    let items = collect(&mut stream, ends_turn).await;
    assert_eq!(items[0]["type"], "worker_created");
    assert_eq!(joined(&items, "reasoning_delta", &turn_id), "thinking");
    assert_eq!(joined(&items, "text_delta", &turn_id), "an answer");
}

#[tokio::test(start_paused = true)]
async fn reasoning_is_live_and_kept_nowhere() {
    let script = Script::new()
        .reasoning("thinking")
        .delay(PAUSE)
        .reasoning(" more")
        .delay(PAUSE)
        .text("done")
        .finish();
    let world = World::builder().script(script).build().await;
    let worker = world.worker().await;
    let mut early = subscribed(&world, &scope_of(&worker), json!({})).await;
    replayed(&mut early).await;
    let turn_id = world.ok(send(&worker, "hi")).await["receipt"]["turn_id"].clone();
    let first = collect(&mut early, |item| item["type"] == "reasoning_delta").await;
    let expected = json!({
        "type": "reasoning_delta", "turn_id": turn_id, "offset": 0, "text": "thinking",
    });
    assert_eq!(first.last(), Some(&expected));
    let mut late = subscribed(&world, &scope_of(&worker), json!({})).await;
    replayed(&mut late).await;
    let mut items = first;
    items.extend(collect(&mut early, ends_turn).await);
    assert_eq!(joined(&items, "reasoning_delta", &turn_id), "thinking more");
    assert_eq!(joined(&items, "text_delta", &turn_id), "done");
    check_whole(&collect(&mut late, ends_turn).await);
    let mut after = world.stream(&scope_of(&worker)).await;
    let replay = replayed(&mut after).await;
    assert!(!json!(replay).to_string().contains("thinking"));
    assert!(!world.everything().await.to_string().contains("thinking"));
}

#[tokio::test(start_paused = true)]
async fn a_reader_slower_than_a_flood_loses_no_text() {
    let mut script = Script::new();
    for number in 0..400 {
        script = script
            .text(format!("piece {number} of a long answer é🦀 "))
            .delay(Duration::from_millis(1));
    }
    let world = World::builder().script(script.finish()).build().await;
    let worker = world.worker().await;
    let mut stream = subscribed(&world, &scope_of(&worker), json!({})).await;
    replayed(&mut stream).await;
    world.ok(send(&worker, "hi")).await;
    let mut items = Vec::new();
    loop {
        tokio::time::sleep(Duration::from_millis(37)).await;
        items.push(next_item(&mut stream).await.expect("an item"));
        if items.last().is_some_and(ends_turn) {
            break;
        }
    }
    check_whole(&items);
    let deltas = items.iter().filter(|item| item["type"] == "text_delta").count();
    assert!((2..100).contains(&deltas), "fewer, longer deltas: {deltas}");
}

#[tokio::test(start_paused = true)]
async fn a_very_long_answer_comes_whole() {
    let text = "0123456789abcdé".repeat(20_000);
    let world =
        World::builder().script(Script::new().text(&text).delay(PAUSE).finish()).build().await;
    let worker = world.worker().await;
    let mut early = subscribed(&world, &scope_of(&worker), json!({})).await;
    let turn_id = world.ok(send(&worker, "hi")).await["receipt"]["turn_id"].clone();
    let items = collect(&mut early, ends_turn).await;
    assert!(joined(&items, "text_delta", &turn_id) == text);
    check_whole(&items);
}

/// An action of a random reader between two pieces of an answer.
#[derive(Clone, Debug)]
enum Reading {
    Wait(u64),
    Poll(usize),
    Subscribe,
}

fn reading() -> impl Strategy<Value = Reading> {
    prop_oneof![
        (0..30_u64).prop_map(Reading::Wait),
        (1..6_usize).prop_map(Reading::Poll),
        Just(Reading::Subscribe),
    ]
}

fn read_at_random(pieces: Vec<(String, u64)>, readings: Vec<Reading>) {
    let mut tokio = tokio::runtime::Builder::new_current_thread();
    let tokio = tokio.enable_time().start_paused(true).build().expect("a tokio runtime");
    tokio.block_on(async {
        let mut script = Script::new().delay(Duration::from_millis(1));
        for (text, pause) in &pieces {
            script = script.text(text).delay(Duration::from_millis(*pause));
        }
        let world = World::builder().script(script.finish()).build().await;
        let worker = world.worker().await;
        let turn_id = world.ok(send(&worker, "hi")).await["receipt"]["turn_id"].clone();
        let mut readers =
            vec![(subscribed(&world, &scope_of(&worker), json!({})).await, Vec::new())];
        for reading in readings {
            match reading {
                Reading::Wait(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                Reading::Poll(count) => {
                    for (stream, items) in &mut readers {
                        for _ in 0..count {
                            let Some(Some(item)) = at_once(stream.next()).await else { break };
                            items.push(json!(item));
                        }
                    }
                }
                Reading::Subscribe => {
                    let turn = world.ok(crate::support::get_turn(&worker, &turn_id)).await;
                    if turn["turn"].get("outcome").is_none() {
                        readers.push((
                            subscribed(&world, &scope_of(&worker), json!({})).await,
                            Vec::new(),
                        ));
                    }
                }
            }
        }
        for (mut stream, mut items) in readers {
            if !items.iter().any(ends_turn) {
                items.extend(collect(&mut stream, ends_turn).await);
            }
            let end = items.iter().position(ends_turn).expect("a terminal event");
            check_whole(&items[..=end]);
        }
    });
}

#[test]
fn whoever_reads_however_gets_the_whole_text() {
    let config = proptest::test_runner::Config {
        cases: 60,
        failure_persistence: None,
        ..Default::default()
    };
    let pieces = proptest::collection::vec(("[a-zé🦀 ]{0,12}", 0..15_u64), 0..12);
    let readings = proptest::collection::vec(reading(), 0..15);
    proptest!(config, |(pieces in pieces, readings in readings)| read_at_random(pieces, readings));
}

//! `get_transcript`: parts of transcripts.

use llm_engine::Script;
use serde_json::{Value, json};

use crate::support::{BEGIN_MS, FIRST_PIECE, World, and, get_transcript};

async fn ten_entries() -> (World, Value) {
    let world = World::builder().script(Script::new().text("yes").finish()).build().await;
    let worker = world.worker().await;
    for _ in 0..5 {
        world.turn(&worker, "no").await;
    }
    (world, worker)
}

/// Checks the reply and returns the sequences on the page.
async fn page(world: &World, worker: &Value, fields: Value) -> Vec<u64> {
    let reply = world.ok(and(get_transcript(worker), fields)).await;
    let entries = reply["entries"].as_array().expect("entries");
    let sequences: Vec<u64> =
        entries.iter().map(|entry| entry["sequence"].as_u64().expect("a sequence")).collect();
    assert_eq!(reply.get("first").and_then(Value::as_u64), sequences.first().copied());
    assert_eq!(reply.get("last").and_then(Value::as_u64), sequences.last().copied());
    assert!(sequences.windows(2).all(|pair| pair[1] == pair[0] + 1), "ascending, without holes");
    sequences
}

#[tokio::test(start_paused = true)]
async fn every_part_can_be_had_and_is_ascending() {
    let (world, worker) = ten_entries().await;
    let of = |from: Value, limit: u64| json!({ "from": from, "limit": limit });
    let start = json!({ "type": "start" });
    let tail = json!({ "type": "tail" });
    let after = |sequence: u64| json!({ "type": "after", "sequence": sequence });
    let before = |sequence: u64| json!({ "type": "before", "sequence": sequence });
    let cases: [(Value, Vec<u64>); 15] = [
        (json!({}), (1..=10).collect()),
        (json!({ "limit": 3 }), vec![8, 9, 10]),
        (of(tail.clone(), 1), vec![10]),
        (of(start.clone(), 3), vec![1, 2, 3]),
        (of(start, 1000), (1..=10).collect()),
        (of(after(0), 2), vec![1, 2]),
        (of(after(7), 2), vec![8, 9]),
        (of(after(9), 5), vec![10]),
        (of(after(10), 5), vec![]),
        (of(after(999), 5), vec![]),
        (of(after((1 << 53) - 1), 5), vec![]),
        (of(before(4), 2), vec![2, 3]),
        (of(before(3), 5), vec![1, 2]),
        (of(before(1), 5), vec![]),
        (of(before(999), 2), vec![9, 10]),
    ];
    for (fields, expected) in cases {
        assert_eq!(page(&world, &worker, fields.clone()).await, expected, "{fields}");
    }
    assert_eq!(page(&world, &worker, of(before(0), 5)).await, [0_u64; 0]);
    let reply = world.ok(and(get_transcript(&worker), of(after(10), 5))).await;
    assert_eq!(reply["total"], 10, "`total` is the transcript's");
}

#[tokio::test(start_paused = true)]
async fn an_empty_transcript_has_no_first_and_no_last() {
    let world = World::new().await;
    let worker = world.worker().await;
    for from in ["start", "tail"] {
        assert_eq!(page(&world, &worker, json!({ "from": { "type": from } })).await, [0_u64; 0]);
    }
    assert_eq!(world.transcript(&worker).await["total"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_page_is_bounded_in_bytes_too_and_never_stuck() {
    let world = World::new().await;
    let text = "x".repeat(200_000);
    let entry = json!({ "role": "user", "text": text });
    let worker = world.worker_with(json!({ "history": vec![entry; 12] })).await;
    let mut sequence = 0;
    let mut calls = 0;
    while sequence < 12 {
        let from = json!({ "type": "after", "sequence": sequence });
        let page = page(&world, &worker, json!({ "from": from, "limit": 1000 })).await;
        assert_eq!(page[0], sequence + 1, "the page continues after the last one");
        assert!(page.len() < 12, "the page is bounded");
        sequence = *page.last().expect("at least one");
        calls += 1;
    }
    assert!(calls > 1);
    let tail = page(&world, &worker, json!({})).await;
    assert_eq!(tail.last(), Some(&12), "a tail keeps its end");
    let before =
        page(&world, &worker, json!({ "from": { "type": "before", "sequence": 6 } })).await;
    assert_eq!(before.last(), Some(&5));
}

#[tokio::test(start_paused = true)]
async fn an_entry_larger_than_a_page_is_a_page() {
    let world =
        World::limited(|limits| (limits.input_bytes, limits.request_bytes) = (4 << 20, 8 << 20))
            .await;
    let entry = json!({ "role": "user", "text": "x".repeat(3 << 20) });
    let worker = world.worker_with(json!({ "history": [entry, entry] })).await;
    assert_eq!(page(&world, &worker, json!({ "from": { "type": "start" } })).await, [1]);
    assert_eq!(page(&world, &worker, json!({ "from": { "type": "tail" } })).await, [2]);
}

#[tokio::test(start_paused = true)]
async fn what_is_being_written_is_shown_apart() {
    let world = World::new().await;
    let worker = world.worker().await;
    assert_eq!(world.transcript(&worker).await.get("in_progress"), None);
    let turn_id = world.running(&worker, FIRST_PIECE).await;
    let reply = world.transcript(&worker).await;
    let expected = json!({ "turn_id": turn_id, "text": FIRST_PIECE, "started_at_ms": BEGIN_MS });
    assert_eq!(reply["in_progress"], expected);
    assert_eq!(reply["total"], 1, "a running answer is no entry");
    world.finished(&worker, &turn_id).await;
    assert_eq!(world.transcript(&worker).await.get("in_progress"), None);
}

#[tokio::test(start_paused = true)]
async fn instructions_are_no_entry() {
    let world = World::new().await;
    let worker = world.worker_with(json!({ "instructions": "be brief" })).await;
    world.turn(&worker, "hi").await;
    assert!(!world.transcript(&worker).await.to_string().contains("be brief"));
}

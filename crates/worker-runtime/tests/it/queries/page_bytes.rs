//! A page is bounded in bytes, and what did not fit comes with the next one.

use serde_json::{Value, json};

use crate::support::{World, and, update};

/// The most bytes of JSON that the items of a page take together.
const PAGE_BYTES: usize = 1 << 20;

/// Labels of nearly the largest size, which JSON writes with four bytes a character.
fn wide_labels(mark: usize) -> Value {
    let wide = |number: usize| format!("{number:03}{}", "\u{1f980}".repeat(125));
    let labels = (0..32).map(|number| (wide(number), json!(wide(mark))));
    json!({ "labels": labels.collect::<serde_json::Map<_, _>>() })
}

fn bytes(items: &Value) -> usize {
    items.as_array().expect("items").iter().map(|item| item.to_string().len()).sum()
}

#[tokio::test(start_paused = true)]
async fn workers_that_do_not_fit_come_with_the_next_page() {
    let world = World::new().await;
    let mut expected = Vec::new();
    for mark in 0..60 {
        let worker = world.worker().await;
        world.ok(and(update(&worker), wide_labels(mark))).await;
        expected.push(worker);
    }
    for order in ["oldest", "newest", "active"] {
        let mut seen = Vec::new();
        let mut page = json!({ "limit": 1000 });
        loop {
            let list = json!({ "type": "list_workers", "order": order, "page": page });
            let reply = world.ok(list).await;
            assert!(bytes(&reply["items"]) <= PAGE_BYTES, "{order}");
            let items = reply["items"].as_array().expect("items");
            assert!(!items.is_empty(), "{order}");
            seen.extend(items.iter().map(|item| item["worker"].clone()));
            let Some(token) = reply.get("next") else { break };
            page["token"] = token.clone();
        }
        if order != "oldest" {
            seen.reverse();
        }
        assert_eq!(seen, expected, "{order}");
    }
    let overview = world.ok(json!({ "type": "get_overview", "recent": 1000 })).await;
    assert!(bytes(&overview["recent"]) <= PAGE_BYTES);
    assert!(!overview["recent"].as_array().expect("a list").is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_overview_shows_as_many_workers_as_asked_for() {
    let world = World::new().await;
    for _ in 0..600 {
        world.worker().await;
    }
    let overview = world.ok(json!({ "type": "get_overview", "recent": 550 })).await;
    assert_eq!(overview["recent"].as_array().expect("a list").len(), 550);
}

#[tokio::test(start_paused = true)]
async fn entries_with_large_metadata_are_counted_whole() {
    let world = World::new().await;
    let worker = world.worker().await;
    // Control characters take six bytes each in JSON.
    let pairs = (0..16).map(|number| (format!("m{number}"), json!("\u{1}".repeat(256))));
    let meta = json!({ "meta": pairs.collect::<serde_json::Map<_, _>>() });
    for _ in 0..50 {
        let turn_id = world.ok(and(crate::support::send(&worker, "hi"), meta.clone())).await
            ["receipt"]["turn_id"]
            .clone();
        world.finished(&worker, &turn_id).await;
    }
    let mut last = 0;
    loop {
        let from = json!({ "type": "after", "sequence": last });
        let query =
            json!({ "type": "get_transcript", "worker": worker, "from": from, "limit": 1000 });
        let reply = world.ok(query).await;
        let entries = reply["entries"].as_array().expect("entries");
        if entries.is_empty() {
            break;
        }
        assert!(bytes(&reply["entries"]) <= PAGE_BYTES);
        assert_eq!(reply["first"], last + 1, "nothing is left out");
        last = reply["last"].as_u64().expect("a sequence");
    }
    assert_eq!(last, 100);
    let turns =
        world.ok(json!({ "type": "list_turns", "worker": worker, "page": { "limit": 1000 } }));
    let turns = turns.await;
    assert!(bytes(&turns["items"]) <= PAGE_BYTES);
    assert!(turns["next"].is_string(), "50 turns with such metadata do not fit a page");
}

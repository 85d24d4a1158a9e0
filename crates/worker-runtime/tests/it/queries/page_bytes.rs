//! A page is bounded in bytes, and what did not fit comes with the next one.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::FutureExt;
use serde_json::{Value, json};
use worker_runtime::store::{
    CorruptWorker, MemoryStore, OpenError, OpenRequest, Opened, Store, StoreError, StoreFuture,
    StoreWrapper, StoredWorker, Totals,
};

use crate::support::{World, and, read_events, runtime_scope, scope_of, update};

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

#[tokio::test(start_paused = true)]
async fn events_that_do_not_fit_come_with_the_next_page() {
    let world = World::new().await;
    let worker = world.worker().await;
    for mark in 0..30 {
        world.ok(and(update(&worker), wide_labels(mark))).await;
    }
    for (scope, field) in [(runtime_scope(), "sequence"), (scope_of(&worker), "worker_sequence")] {
        let mut sequences = Vec::new();
        let mut from = json!({ "type": "oldest" });
        loop {
            let read = and(read_events(&scope), json!({ "from": from, "limit": 1000 }));
            let reply = world.ok(read).await;
            assert!(bytes(&reply["items"]) <= PAGE_BYTES, "{}", bytes(&reply["items"]));
            let items = reply["items"].as_array().expect("items");
            sequences.extend(items.iter().map(|item| item[field].clone()));
            if reply["more"] == false {
                break;
            }
            assert!(!items.is_empty());
            from = json!({ "type": "after", "cursor": reply["next"] });
        }
        let last = if field == "sequence" { 32 } else { 31 };
        assert_eq!(sequences, (1..=last).map(|number| json!(number)).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_a_stream_ends_with_the_item_that_fills_it() {
    let world = World::new().await;
    let worker = world.worker().await;
    let mut stream = world.stream(&scope_of(&worker)).await;
    for mark in 0..30 {
        world.ok(and(update(&worker), wide_labels(mark))).await;
    }
    let mut all = Vec::new();
    while all.len() < 32 {
        let batch = stream.next_batch().await.expect("a batch");
        let items = serde_json::to_value(&batch).expect("items");
        let last = items[batch.len() - 1].to_string().len();
        assert!(bytes(&items) - last < PAGE_BYTES, "{} items", batch.len());
        all.extend(items.as_array().expect("items").clone());
    }
    assert_eq!(all.len(), 32, "the creation, `synced`, and the updates");
}

/// A store with very many Workers that it cannot read, and has much to say of each.
struct Unreadable(MemoryStore);

impl StoreWrapper for Unreadable {
    fn inner(&self) -> &dyn Store {
        &self.0
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        let opened = self.0.open(request).now_or_never().expect("an answer at once");
        let totals = Totals { created: 900, ..Totals::default() };
        StoreFuture::ready(opened.map(|opened| Opened { totals, ..opened }))
    }

    fn workers(
        &self,
        after: u64,
        limit: usize,
    ) -> StoreFuture<Result<Vec<Result<StoredWorker, CorruptWorker>>, StoreError>> {
        let unreadable = |ordinal| {
            let problem = "\u{1f980}".repeat(10_000);
            Err(CorruptWorker { ordinal, worker_id: None, problem })
        };
        StoreFuture::ready(Ok((after + 1..=900).take(limit).map(unreadable).collect()))
    }
}

#[tokio::test(start_paused = true)]
async fn diagnostics_that_do_not_fit_come_with_the_next_page() {
    let world = World::builder().store(Arc::new(Unreadable(MemoryStore::new()))).build().await;
    let mut ids = BTreeSet::new();
    let mut page = json!({ "limit": 1000 });
    loop {
        let reply = world.ok(json!({ "type": "list_diagnostics", "page": page })).await;
        assert!(bytes(&reply["items"]) <= PAGE_BYTES, "{}", bytes(&reply["items"]));
        let items = reply["items"].as_array().expect("items");
        ids.extend(items.iter().map(|item| item["diagnostic_id"].to_string()));
        let Some(token) = reply.get("next") else { break };
        assert!(!items.is_empty());
        page["token"] = token.clone();
    }
    assert_eq!(ids.len(), 900);
}

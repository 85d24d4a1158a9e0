//! Pages and page tokens.

use serde_json::{Value, json};

use crate::support::{SteppedStore, Verdict, World, and, create, delete, send, stop, update};

fn list() -> Value {
    json!({ "type": "list_workers" })
}

fn page(query: &Value, limit: u64, token: &Value) -> Value {
    and(query.clone(), json!({ "page": { "limit": limit, "token": token } }))
}

/// All pages of `query`, each of at most `limit` items.
async fn pages(world: &World, query: &Value, limit: u64) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut token = Value::Null;
    loop {
        let reply = world.ok(page(query, limit, &token)).await;
        let items = reply["items"].as_array().expect("items").clone();
        assert!(items.len() as u64 <= limit);
        pages.push(items);
        match reply.get("next") {
            Some(next) => token = next.clone(),
            None => return pages,
        }
    }
}

fn names(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["display_name"].as_str().expect("a name")).collect()
}

async fn world_of(names: &[&str]) -> (World, Vec<Value>) {
    let world = World::new().await;
    let mut workers = Vec::new();
    for name in names {
        world.clock.advance(10);
        workers.push(world.worker_with(json!({ "display_name": name })).await);
    }
    (world, workers)
}

#[tokio::test(start_paused = true)]
async fn pages_joined_are_the_whole_list_in_every_order() {
    let (world, workers) = world_of(&["a", "b", "c", "d", "e"]).await;
    world.clock.advance(10);
    world.ok(and(update(&workers[1]), json!({ "labels": { "x": "y" } }))).await;
    for (order, expected) in [
        ("oldest", ["a", "b", "c", "d", "e"]),
        ("newest", ["e", "d", "c", "b", "a"]),
        ("active", ["b", "e", "d", "c", "a"]),
    ] {
        let query = and(list(), json!({ "order": order }));
        for limit in [1, 2, 3, 5, 100] {
            let pages = pages(&world, &query, limit).await;
            assert_eq!(names(&pages.concat()), expected, "{order} by {limit}");
        }
    }
    let reply = world.ok(list()).await;
    assert_eq!(names(reply["items"].as_array().expect("items")), ["a", "b", "c", "d", "e"]);
}

#[tokio::test(start_paused = true)]
async fn an_altered_token_is_an_invalid_request() {
    let (world, workers) = world_of(&["a", "b", "c"]).await;
    world.turn(&workers[0], "one").await;
    world.turn(&workers[0], "two").await;
    let turns = json!({ "type": "list_turns", "worker": workers[0] });
    for query in [list(), and(list(), json!({ "order": "active" })), turns.clone()] {
        let token = world.ok(page(&query, 1, &Value::Null)).await["next"].clone();
        let text = token.as_str().expect("a text");
        world.ok(page(&query, 1, &token)).await;
        for place in 0..text.len() {
            let mut altered = text.as_bytes().to_vec();
            altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).expect("ASCII");
            let error = world.refused(page(&query, 1, &json!(altered))).await;
            assert_eq!(error["code"], "invalid_request", "{query}: {altered} for {text}");
            assert_eq!(error["field"], "page.token", "{query}: {altered} for {text}");
        }
        for rubbish in ["", "rubbish", &format!("{text}A"), &text[1..], &format!("{text}=")] {
            let error = world.refused(page(&query, 1, &json!(rubbish))).await;
            assert_eq!(error["code"], "invalid_request", "{rubbish:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_good_for_its_own_list_alone() {
    let (world, workers) = world_of(&["a", "b", "c"]).await;
    for worker in &workers[..2] {
        world.turn(worker, "one").await;
        world.turn(worker, "two").await;
    }
    let turns = |worker: &Value| json!({ "type": "list_turns", "worker": worker });
    let token = world.ok(page(&list(), 1, &Value::Null)).await["next"].clone();
    let others = [
        and(list(), json!({ "order": "newest" })),
        and(list(), json!({ "states": ["idle"] })),
        and(list(), json!({ "name_contains": "a" })),
        and(list(), json!({ "labels": { "a": "b" } })),
        turns(&workers[0]),
        json!({ "type": "list_diagnostics" }),
    ];
    for query in others {
        let error = world.refused(page(&query, 1, &token)).await;
        assert_eq!(error["code"], "invalid_request", "{query}");
    }
    let token = world.ok(page(&turns(&workers[0]), 1, &Value::Null)).await["next"].clone();
    let error = world.refused(page(&turns(&workers[1]), 1, &token)).await;
    assert_eq!(error["code"], "invalid_request");
    let elsewhere = World::builder().ids(std::sync::Arc::clone(&world.ids)).build().await;
    let token = world.ok(page(&list(), 1, &Value::Null)).await["next"].clone();
    assert_eq!(elsewhere.refused(page(&list(), 1, &token)).await["code"], "invalid_request");
}

#[tokio::test(start_paused = true)]
async fn equal_positions_have_equal_tokens() {
    let (world, _) = world_of(&["a", "b", "c"]).await;
    let one = world.ok(page(&list(), 1, &Value::Null)).await["next"].clone();
    let by_two = world.ok(page(&list(), 2, &Value::Null)).await["next"].clone();
    let two = world.ok(page(&list(), 1, &one)).await["next"].clone();
    assert_eq!(two, by_two);
    assert_eq!(world.ok(page(&list(), 1, &Value::Null)).await["next"], one);
}

#[tokio::test(start_paused = true)]
async fn listing_stays_correct_while_workers_come_and_go() {
    for order in ["oldest", "newest"] {
        let (world, workers) = world_of(&["a", "b", "c", "d", "e", "f"]).await;
        let query = and(list(), json!({ "order": order }));
        let mut seen = Vec::new();
        let mut token = Value::Null;
        for round in 0.. {
            let reply = world.ok(page(&query, 1, &token)).await;
            seen.extend(reply["items"].as_array().expect("items").clone());
            let Some(next) = reply.get("next") else { break };
            token = next.clone();
            if round < 2 {
                // Delete a Worker that was listed and one that was not, and create one.
                for gone in [round, 5 - round] {
                    world.ok(stop(&workers[gone])).await;
                    world.ok(delete(&workers[gone])).await;
                }
                world.ok(and(create(), json!({ "display_name": format!("new{round}") }))).await;
                world.ok(send(&workers[2], "hi")).await;
                world.ok(crate::support::cancel_turn(&workers[2])).await;
            }
        }
        let names = names(&seen);
        for always in ["c", "d"] {
            assert_eq!(
                names.iter().filter(|name| **name == always).count(),
                1,
                "{order}: {names:?}"
            );
        }
        let mut unique = names.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), names.len(), "{order}: nothing is shown twice: {names:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_page_has_no_next_even_when_it_is_full() {
    let (world, _) = world_of(&["a", "b"]).await;
    let reply = world.ok(page(&list(), 2, &Value::Null)).await;
    assert_eq!(reply["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(pages(&world, &list(), 2).await.concat().len(), 2);
    let empty = World::new().await;
    assert_eq!(pages(&empty, &list(), 2).await, [Vec::<Value>::new()]);
}

#[tokio::test(start_paused = true)]
async fn diagnostics_come_newest_first_page_by_page() {
    let store = SteppedStore::new(std::sync::Arc::default());
    let world = World::builder().store(store.as_store()).build().await;
    let worker = world.worker().await;
    for number in 0..3 {
        world.clock.advance(10);
        store.next([Verdict::UnknownTaken]);
        world.refused(and(update(&worker), json!({ "display_name": format!("n{number}") }))).await;
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    }
    let query = json!({ "type": "list_diagnostics" });
    let all = pages(&world, &query, 100).await.concat();
    assert!(all.len() >= 3);
    let times: Vec<u64> =
        all.iter().map(|event| event["at_ms"].as_u64().expect("a time")).collect();
    assert!(times.is_sorted_by(|one, two| one >= two), "{times:?}");
    for limit in [1, 2] {
        assert_eq!(pages(&world, &query, limit).await.concat(), all);
    }
    let severity = |least: &str| and(query.clone(), json!({ "severity": least }));
    let of = |items: &[Value], kinds: &[&str]| {
        items
            .iter()
            .filter(|item| kinds.iter().any(|kind| item["severity"] == *kind))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(pages(&world, &severity("info"), 2).await.concat(), all);
    let warnings = of(&all, &["warning", "error"]);
    assert_eq!(pages(&world, &severity("warning"), 1).await.concat(), warnings);
    assert_eq!(pages(&world, &severity("error"), 1).await.concat(), of(&all, &["error"]));
    let first = world.ok(page(&severity("warning"), 1, &Value::Null)).await["next"].clone();
    let error = world.refused(page(&severity("error"), 1, &first)).await;
    assert_eq!(error["code"], "invalid_request");
}

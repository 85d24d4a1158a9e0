//! Subscriptions as server-sent events.

use std::sync::Arc;

use reqwest::header::HeaderValue;
use serde_json::{Value, json};
use worker_runtime::{Limits, TenantQuotas, commands::StopRuntime, store::MemoryStore};

use crate::support::{
    ACME, Answer, Client, Events, Frame, OPERATOR, Server, about, events_of, named, send,
    sequences, text_of, until, words,
};

fn items(frames: &[Frame]) -> impl Iterator<Item = &Value> {
    frames.iter().map(|frame| &frame.data)
}

fn last_id(frames: &[Frame]) -> String {
    frames.iter().rev().find_map(|frame| frame.id.clone()).expect("an id")
}

#[tokio::test]
async fn an_answer_streams_word_by_word() {
    let server = Server::new().await;
    let client = server.client(ACME);
    let worker = client.create(named("gated")).await;
    let mut events = client.events(&events_of(&worker)).await;
    let mut frames = events.up_to("synced").await;
    client.command(send(&worker, "3")).await;
    for count in 1..=3 {
        server.allow(1);
        while text_of(items(&frames)) != words(count) {
            frames.push(events.next().await.expect("more text"));
        }
    }
    frames.extend(events.up_to("turn_completed").await);

    for frame in &frames {
        assert_eq!(frame.event, frame.data["type"], "{frame:?}");
        assert_eq!(frame.id.as_deref(), frame.data["cursor"].as_str(), "{frame:?}");
        assert_eq!(frame.id.is_none(), frame.event == "text_delta", "{frame:?}");
    }
    assert_eq!(frames.last().expect("the end").data["entry"]["text"], words(3));
}

#[tokio::test]
async fn a_client_that_comes_back_after_each_word_misses_nothing() {
    let server = Server::new().await;
    let client = server.client(ACME);
    let worker = client.create(named("gated")).await;
    let path = events_of(&worker);
    client.command(send(&worker, "6")).await;

    let mut events = client.events(&format!("{path}?from=oldest")).await;
    let mut frames = Vec::new();
    for count in 1..=6 {
        server.allow(1);
        while text_of(items(&frames)) != words(count) {
            frames.push(events.next().await.expect("more text"));
        }
        drop(events);
        events = client.events_after(&path, &last_id(&frames)).await;
    }
    frames.extend(events.up_to("turn_completed").await);

    assert_eq!(text_of(items(&frames)), words(6));
    assert_eq!(frames.last().expect("the end").data["entry"]["text"], words(6));
    let seen = sequences(items(&frames));
    assert_eq!(seen, (1..=seen.len() as u64).collect::<Vec<_>>());
    assert!(frames.iter().all(|frame| frame.event != "reset" && frame.event != "gap"));
}

#[tokio::test]
async fn a_cursor_of_an_earlier_start_goes_on_or_is_reset() {
    let store = Arc::new(MemoryStore::new());
    let before = Server::with(|builder| builder.store(store.clone())).await;
    let client = before.client(ACME);
    let worker = client.create(json!({})).await;
    let path = events_of(&worker);
    let of_worker = last_id(&client.events(&path).await.up_to("synced").await);
    let of_runtime = last_id(&client.events("/events").await.up_to("synced").await);
    client.turn(&worker, "hello").await;
    let stream = client.events(&path).await;
    before.runtime.handle(StopRuntime::new()).await.expect("the Runtime stops");
    assert_eq!(stream.rest().await.last().expect("ended").data["reason"], "runtime_stopped");

    let after = Server::with(|builder| builder.store(store)).await;
    let client = after.client(ACME);
    let frames = client.events_after(&path, &of_worker).await.up_to("synced").await;
    assert_eq!(frames[0].data["worker_sequence"], 2, "{frames:?}");
    assert!(frames.iter().any(|frame| frame.event == "turn_completed"));

    let frames = client.events_after("/events", &of_runtime).await.up_to("synced").await;
    assert_eq!((&*frames[0].event, &frames[0].data["reason"]), ("reset", &json!("cursor_foreign")));
}

#[tokio::test]
async fn the_place_to_begin_is_named_by_the_header_or_by_the_query() {
    let server = Server::new().await;
    let client = server.client(ACME);
    let worker = client.create(json!({})).await;
    let path = events_of(&worker);
    client.turn(&worker, "hello").await;
    let all = client.events(&format!("{path}?from=oldest")).await.up_to("synced").await;
    assert_eq!(all[0].data["worker_sequence"], 1);
    let cursor = |at: usize| all[at].id.clone().expect("an id");
    let first = async |events: Events| {
        let mut events = events;
        events.next().await.expect("an item").data["worker_sequence"].clone()
    };

    let after = format!("{path}?after={}", cursor(0));
    assert_eq!(first(client.events(&after).await).await, 2);
    // A browser sends the header when it connects again, with the address that it was given first.
    assert_eq!(first(client.events_after(&after, &cursor(2)).await).await, 4);
    assert_eq!(first(client.events_after(&after, "").await).await, 2);
    let now = client.events(&format!("{path}?after=")).await.up_to("synced").await;
    assert_eq!(now.len(), 1);
    let now = client.events(&format!("{path}?from=now")).await.up_to("synced").await;
    assert_eq!(now.len(), 1);
}

#[tokio::test]
async fn a_broken_cursor_is_a_reset() {
    let server = Server::new().await;
    let client = server.client(ACME);
    let worker = client.create(json!({})).await;
    let path = events_of(&worker);
    let broken = [&b"garbage"[..], b"\xff\xfe", "caf\u{e9}".as_bytes()];
    for id in broken.map(|id| HeaderValue::from_bytes(id).expect("a header")) {
        let request = client.get(&path).header("last-event-id", id.clone());
        let frames = Events::of(request).await.up_to("synced").await;
        assert_eq!(frames[0].data["reason"], "cursor_malformed", "{id:?}");
        assert_eq!(sequences(items(&frames))[0], 1, "{id:?}");
    }
}

#[tokio::test]
async fn a_filter_lets_pass_what_it_names() {
    let server = Server::new().await;
    let client = server.client(ACME);
    let worker = client.create(json!({ "labels": { "team": "red" } })).await;
    client.create(json!({ "labels": { "team": "blue" } })).await;
    client.turn(&worker, "hello").await;
    let read = async |filter: &str| {
        let path = format!("/events?from=oldest&filter={filter}");
        let frames = client.events(&path).await.up_to("synced").await;
        frames.iter().map(|frame| frame.event.clone()).collect::<Vec<_>>()
    };
    let ends = read(r#"{"types":["turn_completed"]}"#).await;
    assert_eq!(ends, ["turn_completed", "synced"]);
    let created = read(r#"{"types":["worker_created"],"labels":{"team":"red"}}"#).await;
    assert_eq!(created, ["worker_created", "synced"]);
    assert!(read("null").await.len() > 4);

    for (filter, field) in [
        ("{", "filter"),
        ("", "filter"),
        ("[]", "filter"),
        (r#"{"types":["turn_compelted"]}"#, "filter.types[0]"),
        (r#"{"colour":"blue"}"#, "filter.colour"),
    ] {
        let answer = Answer::of(client.get(&format!("/events?filter={filter}"))).await;
        assert_eq!(answer.error(), (400, "invalid_request"), "{filter}");
        assert_eq!(answer.body["field"], field, "{filter}: {answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_events_is_kept_alive() {
    let server = Server::new().await;
    let mut events = server.client(ACME).events("/events").await;
    events.up_to("synced").await;
    for _ in 0..3 {
        assert!(events.any().await.expect("the stream goes on").is_comment);
    }
}

#[tokio::test]
async fn the_response_ends_after_the_worker_is_deleted() {
    let server = Server::new().await;
    let client = server.client(ACME);
    let worker = client.create(json!({})).await;
    let path = events_of(&worker);
    let stream = client.events(&path).await;
    client.command(about("stop_worker", &worker)).await;
    client.command(about("delete_worker", &worker)).await;
    let frames = stream.rest().await;
    let last = frames.last().expect("an item");
    assert_eq!((&*last.event, &last.data["reason"]), ("ended", &json!("worker_deleted")));
    assert_eq!(last.id, None);
    // A browser that connects again is told to give up.
    let again = Answer::of(client.get(&path).header("last-event-id", last_id(&frames))).await;
    assert_eq!(again.error(), (404, "worker_not_found"));
    until_no_subscription(&client).await;
}

#[tokio::test]
async fn a_client_that_goes_away_frees_its_place() {
    let quotas = TenantQuotas::new().subscriptions(1);
    let server = Server::with(|builder| builder.tenant_quotas(quotas)).await;
    let client = server.client(ACME);
    for _ in 0..3 {
        let mut events = client.events("/events").await;
        let refused = Answer::of(client.get("/events")).await;
        assert_eq!(refused.error(), (429, "capacity_exhausted"));
        assert_eq!(refused.header("retry-after"), Some("1"));
        events.up_to("synced").await;
        drop(events);
        until_no_subscription(&client).await;
    }
}

async fn until_no_subscription(client: &Client) {
    until("no subscription", async || client.subscriptions().await == 0).await;
}

/// The answers are more than the buffers of a connection hold, and the log keeps few of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_nothing_holds_up_nobody() {
    const TURNS: u64 = 100;
    let limits = Limits::default().events_per_worker(64);
    let server = Server::with(|builder| builder.limits(limits)).await;
    let client = server.client(OPERATOR);
    let worker = client.create(json!({})).await;
    let path = events_of(&worker);
    let mut slow = client.events(&format!("{path}?from=oldest")).await;
    let mut fast = client.events(&path).await;
    let text = "x".repeat(150_000);
    for _ in 0..TURNS {
        client.command(send(&worker, &text)).await;
        fast.up_to("turn_completed").await;
        client.ended(&worker).await;
    }

    client.command(about("stop_worker", &worker)).await;
    let newest =
        client.query(about("get_worker", &worker)).await["detail"]["worker_sequence"].clone();
    let (mut position, mut missed) = (0, 0);
    while position < newest.as_u64().expect("a number") {
        let item = slow.next().await.expect("the stream goes on").data;
        if let Some(sequence) = item["worker_sequence"].as_u64() {
            position += 1;
            assert_eq!(sequence, position);
        } else if item["type"] == "gap" {
            missed += item["missed"].as_u64().expect("a number");
            position += item["missed"].as_u64().expect("a number");
        }
    }
    assert!(missed > TURNS, "of {position} events {missed} were missed: nothing was queued");
}

//! What transports need besides requests and replies: statuses, names, positions, ids from paths.

use std::{collections::BTreeMap, str::FromStr, time::Duration};

use serde_json::json;
use worker_runtime::{RuntimeError, RuntimeId, StreamItem, TurnId, WorkerId};

use crate::support::{World, and, collect, runtime_scope, scope_of, stop_runtime};

#[tokio::test(start_paused = true)]
async fn every_error_has_a_status_and_says_when_to_try_again() {
    let expected: BTreeMap<&str, (u16, Option<u64>)> = [
        ("invalid_request", (400, None)),
        ("wrong_runtime", (404, None)),
        ("runtime_stopping", (503, Some(1))),
        ("runtime_stopped", (503, Some(1))),
        ("worker_not_found", (404, None)),
        ("turn_not_found", (404, None)),
        ("worker_busy", (409, None)),
        ("worker_stopping", (409, None)),
        ("worker_ended", (409, None)),
        ("worker_not_terminal", (409, None)),
        ("profile_not_found", (422, None)),
        ("scope_conflict", (409, None)),
        ("idempotency_conflict", (409, None)),
        ("limit_out_of_range", (400, None)),
        ("too_large", (413, None)),
        ("capacity_exhausted", (429, None)),
        ("cursor_expired", (410, None)),
        ("cursor_ahead", (409, None)),
        ("cursor_foreign", (409, None)),
        ("cursor_malformed", (400, None)),
        ("not_allowed", (403, None)),
        ("store_failed", (503, Some(1))),
        ("internal", (500, None)),
    ]
    .into();
    let mut seen = BTreeMap::new();
    for (error, _) in crate::errors::provoked().await {
        let error: RuntimeError = serde_json::from_value(error).expect("an error");
        let retry_after = error.retry_after().map(|pause| pause.as_secs());
        seen.insert(error.code().to_owned(), (error.http_status(), retry_after));
    }
    let seen: BTreeMap<&str, _> = seen.iter().map(|(code, said)| (&**code, *said)).collect();
    assert_eq!(seen, expected);
}

#[test]
fn an_error_of_a_later_version_is_told_by_its_advice() {
    let error = json!({
        "code": "of_a_later_version", "message": "a message", "retry": { "type": "after_ms", "ms": 1500 },
    });
    let error: RuntimeError = serde_json::from_value(error).expect("an error");
    assert_eq!(error.http_status(), 500);
    assert_eq!(error.retry_after(), Some(Duration::from_millis(1500)));
}

#[test]
fn a_request_that_could_act_twice_is_not_worth_another_try() {
    let error = json!({
        "code": "store_failed", "message": "m", "retry": { "type": "never" }, "certain": false,
    });
    let error: RuntimeError = serde_json::from_value(error).expect("an error");
    assert_eq!((error.http_status(), error.retry_after()), (500, None));
    for (what, pause) in [("turns_in_flight", Some(1)), ("workers", None)] {
        let full = RuntimeError::CapacityExhausted { what: what.to_owned(), max: 1 };
        assert_eq!(full.retry_after(), pause.map(Duration::from_secs), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_name_and_the_position_of_an_item_are_those_on_the_wire() {
    let world = World::new().await;
    let worker = world.worker().await;
    let mut streams =
        [world.stream(&scope_of(&worker)).await, world.stream(&runtime_scope()).await];
    let from = json!({ "from": { "type": "after", "cursor": "garbage", "or_oldest": true } });
    let request = and(json!({ "scope": scope_of(&worker) }), from);
    let reset = world.subscribe(request).await.expect("a stream");
    world.turn(&worker, "hi").await;
    world.ok(stop_runtime()).await;
    let mut items = Vec::new();
    for stream in streams.iter_mut().chain([&mut { reset }]) {
        items.extend(collect(stream, |item| item["type"] == "ended").await);
    }
    items.push(json!({ "type": "of_a_later_version", "cursor": "c" }));
    let mut without_position = 0;
    for item in &items {
        let read: StreamItem = serde_json::from_value(item.clone()).expect("an item");
        assert_eq!(read.name(), item["type"], "{item}");
        let is_known = item["type"] != "of_a_later_version";
        let cursor = item.get("cursor").filter(|_| is_known).cloned();
        assert_eq!(read.cursor().map(|cursor| json!(cursor)), cursor, "{item}");
        without_position += usize::from(read.cursor().is_none());
    }
    assert!(without_position > 4 && items.iter().any(|item| item["type"] == "reset"));
}

#[tokio::test]
async fn an_id_is_read_from_a_segment_of_a_path() {
    fn read<Id: FromStr>(text: &str) -> Result<Id, RuntimeError>
    where
        RuntimeError: From<Id::Err>,
    {
        Ok(text.parse::<Id>()?)
    }
    const ID: &str = "018bcfe5-6800-7000-8000-000000000001";
    let runtime = worker_runtime::Runtime::builder().build().await.expect("a Runtime");
    let worker = runtime.worker(read(ID).expect("an id"));
    assert_eq!(
        (worker.runtime_id, worker.worker_id.to_string()),
        (runtime.runtime_id(), ID.into())
    );
    assert_eq!(runtime.tenant("acme").worker(worker.worker_id), worker);
    let problem = "must be a UUID in its hyphenated form";
    for text in ["", "1", "018bcfe568007000800000000000001", "018bcfe5-6800-7000-8000-00000000000g"]
    {
        let fields = [
            read::<RuntimeId>(text).expect_err("no id"),
            read::<WorkerId>(text).expect_err("no id"),
            read::<TurnId>(text).expect_err("no id"),
        ];
        let expected = ["runtime_id", "worker_id", "turn_id"].map(|field| {
            RuntimeError::InvalidRequest { field: field.into(), problem: problem.into() }
        });
        assert_eq!(fields, expected, "{text:?}");
    }
}

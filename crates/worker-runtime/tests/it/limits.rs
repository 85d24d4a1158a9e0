//! Every limit: a value at the limit is accepted, a value one past the limit is refused.

mod counts;
mod logs;
mod texts;
mod times;

use serde_json::{Value, json};
use worker_runtime::{Limits, Runtime};

use crate::support::World;

/// One test for each limit, named after it.
macro_rules! tests {
    ($($name:ident: $test:path,)+) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $name() {
                $test().await;
            }
        )+

        const TESTED: &[&str] = &[$(stringify!($name),)+];
    };
}

tests! {
    workers: counts::workers,
    turns_in_flight: counts::turns_in_flight,
    transcript_entries: counts::transcript_entries,
    history_entries: counts::history_entries,
    request_bytes: texts::request_bytes,
    input_bytes: texts::input_bytes,
    answer_bytes: texts::answer_bytes,
    instructions_bytes: texts::instructions_bytes,
    display_name_chars: texts::display_name_chars,
    text_chars: texts::text_chars,
    requested_capabilities: counts::requested_capabilities,
    labels: counts::labels,
    label_chars: texts::label_chars,
    meta_pairs: counts::meta_pairs,
    meta_chars: texts::meta_chars,
    key_chars: texts::key_chars,
    scope_claims: counts::scope_claims,
    page_items: counts::page_items,
    list_scan: counts::list_scan,
    events_per_worker: logs::events_per_worker,
    events_runtime: logs::events_runtime,
    diagnostics: logs::diagnostics,
    idempotency_keys: logs::idempotency_keys,
    idempotency_keys_create: logs::idempotency_keys_create,
    idempotency_age_ms: times::idempotency_age_ms,
    turn_ms: times::turn_ms,
    turn_first_event_ms: times::turn_first_event_ms,
    turn_idle_ms: times::turn_idle_ms,
    wait_ms: times::wait_ms,
    commit_ms: times::commit_ms,
    subscriptions: counts::subscriptions,
}

#[test]
fn every_limit_is_tested() {
    let names: Vec<&str> = Limits::default().iter().map(|(name, _)| name).collect();
    assert_eq!(TESTED, names);
}

#[tokio::test(start_paused = true)]
async fn limits_are_published() {
    let world = World::limited(|limits| limits.workers = 42).await;
    let reply = world.ok(json!({ "type": "get_runtime" })).await;
    assert_eq!(reply["limits"], json!(world.runtime.limits()));
    assert_eq!(reply["limits"]["workers"], 42);
}

#[tokio::test(start_paused = true)]
async fn limits_that_make_no_sense_are_refused_by_name() {
    let mut too_long = Limits::default();
    too_long.wait_ms = 1 << 53;
    let refused = [
        ("workers", Limits::default().workers(0)),
        ("wait_ms", too_long),
        ("request_bytes", Limits::default().request_bytes(1999).input_bytes(1000)),
    ];
    for (name, limits) in refused {
        let error = Runtime::builder().limits(limits).build().await.expect_err(name);
        assert!(error.to_string().contains(name), "{error}");
    }
    let edge = Limits::default().request_bytes(2000).input_bytes(1000);
    Runtime::builder().limits(edge).build().await.expect("exactly twice will do");
}

/// Checks that the first request is accepted, and that the second fails with `too_large` in `field` and
/// leaves no trace.
async fn check_size(world: &World, at_edge: Value, past: Value, field: &str, max: u64) {
    world.ok(at_edge).await;
    let before = world.everything().await;
    let error = world.refused(past.clone()).await;
    let said = (&error["code"], &error["field"], &error["max"]);
    assert_eq!(said, (&json!("too_large"), &json!(field), &json!(max)), "{past}");
    assert_eq!(world.everything().await, before, "{past}");
}

/// A text of `count` characters with two bytes each.
fn chars(count: usize) -> String {
    "é".repeat(count)
}

//! Tests of many requests at once, which are begun in order and answered as they are ready.

use serde_json::{Value, json};

use super::client::{Client, request, said};

const ROUNDS: usize = 300;

/// Requests to one Worker, each of which is refused unless those before it took effect.
fn in_need_of_order(worker: &Value) -> Vec<String> {
    let rounds = (0..ROUNDS).flat_map(|round| {
        let labels = json!({ "round": round.to_string() });
        [
            request("send", "send_input", &said(worker, "hello")),
            request("cancel", "cancel_turn", &json!({ "worker": worker })),
            request("update", "update_worker", &json!({ "worker": worker, "labels": labels })),
        ]
    });
    rounds.chain([request("last", "get_worker", &json!({ "worker": worker }))]).collect()
}

#[track_caller]
fn check_order(responses: impl IntoIterator<Item = Value>) {
    let mut last = None;
    for response in responses {
        assert!(response["error"].is_null(), "{response}");
        if response["id"] == "last" {
            last = Some(response["result"]["detail"].clone());
        }
    }
    let detail = last.expect("the last request is answered");
    assert_eq!(detail["labels"]["round"], (ROUNDS - 1).to_string());
    assert_eq!(detail["usage"]["turns"], ROUNDS);
}

#[test]
fn requests_to_one_worker_take_effect_in_the_order_of_their_lines() {
    let mut client = Client::start(&["--echo-delay-ms", "60000"]);
    let worker = client.worker();
    let lines = in_need_of_order(&worker);
    client.write(lines.join("\n") + "\n");
    check_order(lines.iter().map(|_| client.message()));
}

#[test]
fn requests_of_a_batch_take_effect_in_their_order() {
    let mut client = Client::start(&["--echo-delay-ms", "60000"]);
    let worker = client.worker();
    let entries = in_need_of_order(&worker);
    client.send(format!("[{}]", entries.join(",")));
    let responses = client.message();
    check_order(responses.as_array().expect("an array").clone());
}

#[test]
fn a_reply_that_is_ready_does_not_wait_for_an_earlier_one() {
    let mut client = Client::start(&["--echo-delay-ms", "60000"]);
    let worker = client.worker();
    client.call("send_input", &said(&worker, "hello"));
    let wait =
        json!({ "scope": { "type": "runtime" }, "from": { "type": "now" }, "wait_ms": 60_000 });
    client.send(request("wait", "read_events", &wait));
    client.send(request("now", "get_overview", &json!({})));
    assert_eq!(client.message()["id"], "now");
    client.send(request("cancel", "cancel_turn", &json!({ "worker": worker })));
    let ids = [client.message()["id"].take(), client.message()["id"].take()];
    assert!(ids.contains(&json!("wait")) && ids.contains(&json!("cancel")), "{ids:?}");
}

/// The most queries that may wait at once.
const WAITING: usize = 4096;
/// The most requests in a batch.
const BATCH: usize = 1024;

/// A query that waits until a turn is cancelled.
fn wait_for_cancel(id: &str) -> String {
    let params = json!({
        "scope": { "type": "runtime" }, "from": { "type": "now" },
        "filter": { "types": ["turn_cancelled"] }, "wait_ms": 60_000
    });
    request(id, "read_events", &params)
}

/// A client, and a Worker whose turn runs until it is cancelled.
fn with_running_turn() -> (Client, Value) {
    let mut client = Client::start(&["--echo-delay-ms", "60000"]);
    let worker = client.worker();
    client.call("send_input", &said(&worker, "hello"));
    (client, worker)
}

#[track_caller]
fn check_refused_to_wait(response: &Value) {
    let error = &response["error"];
    assert_eq!(error["code"], -32000, "{response}");
    assert_eq!(error["data"]["code"], "capacity_exhausted");
    assert_eq!(error["data"]["what"], "waiting_queries");
    assert_eq!(error["data"]["max"], WAITING);
    assert_eq!(error["data"]["retry"], json!({ "type": "after_change" }));
}

#[test]
fn a_command_does_not_wait_for_the_queries_before_it() {
    let (mut client, worker) = with_running_turn();
    for number in 0..WAITING {
        client.send(wait_for_cancel(&number.to_string()));
    }
    // There is no place left to wait, neither for a line of its own nor in a batch.
    client.send(wait_for_cancel("one more"));
    let refused = client.message();
    assert_eq!(refused["id"], "one more");
    check_refused_to_wait(&refused);
    let overview = request("overview", "get_overview", &json!({}));
    client.send(format!("[{},{overview}]", wait_for_cancel("in a batch")));
    let batch = client.message();
    check_refused_to_wait(&batch[0]);
    assert_eq!(batch[1]["result"]["type"], "overview");
    // What is ready does not need a place.
    let ready = json!({ "scope": { "type": "runtime" }, "wait_ms": 60_000 });
    let first = client.call("read_events", &ready)["items"][0].take();
    assert_eq!(first["type"], "runtime_started");

    client.send(request("cancel", "cancel_turn", &json!({ "worker": worker })));
    let mut answered = vec![false; WAITING];
    for _ in 0..=WAITING {
        let response = client.message();
        if response["id"] == "cancel" {
            assert!(response["error"].is_null(), "{response}");
            continue;
        }
        assert_eq!(response["result"]["items"][0]["type"], "turn_cancelled", "{response}");
        let number: usize = response["id"].as_str().expect("a string").parse().expect("a number");
        assert!(!answered[number], "{number} is answered once");
        answered[number] = true;
    }

    // The places are free again.
    client.call("send_input", &said(&worker, "hello"));
    client.send(wait_for_cancel("again"));
    client.send(request("cancel", "cancel_turn", &json!({ "worker": worker })));
    let responses = [client.message(), client.message()];
    assert!(responses.iter().all(|response| response["error"].is_null()), "{responses:?}");
}

#[test]
fn a_command_does_not_wait_for_batches_of_queries_before_it() {
    let (mut client, worker) = with_running_turn();
    let batch = format!("[{}]", vec![wait_for_cancel("wait"); BATCH].join(","));
    for _ in 0..WAITING / BATCH {
        client.send(&batch);
    }
    client.send(&batch);
    let refused = client.message();
    let refused = refused.as_array().expect("an array");
    assert_eq!(refused.len(), BATCH);
    refused.iter().for_each(check_refused_to_wait);

    client.send(request("cancel", "cancel_turn", &json!({ "worker": worker })));
    let mut answered = 0;
    for _ in 0..=WAITING / BATCH {
        let response = client.message();
        if response["id"] == "cancel" {
            assert!(response["error"].is_null(), "{response}");
            continue;
        }
        for response in response.as_array().expect("an array") {
            assert_eq!(response["result"]["items"][0]["type"], "turn_cancelled", "{response}");
            answered += 1;
        }
    }
    assert_eq!(answered, WAITING);
}

#[test]
fn whoever_reads_slowly_loses_nothing() {
    const REQUESTS: usize = 5000;
    let mut client = Client::start(&[]);
    // The requests do not fit into the pipes, so writing has to wait for reading.
    client.write((request("n", "get_runtime", &json!({})) + "\n").repeat(REQUESTS));
    for _ in 0..REQUESTS {
        assert_eq!(client.message()["id"], "n");
    }
    let ended = client.end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
}

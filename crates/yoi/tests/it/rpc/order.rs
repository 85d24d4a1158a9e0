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

#[test]
fn more_requests_than_are_under_way_at_once_are_all_answered() {
    const WAITING: usize = 3000;
    let mut client = Client::start(&["--echo-delay-ms", "100"]);
    let worker = client.worker();
    let turn = client.call("send_input", &said(&worker, "one two three"));
    let wait = json!({
        "worker": worker, "turn": { "type": "id", "turn_id": turn["receipt"]["turn_id"] }, "wait_ms": 60_000
    });
    let lines: String =
        (0..WAITING).map(|number| request(&number.to_string(), "get_turn", &wait) + "\n").collect();
    client.write(lines);
    let mut answered = vec![false; WAITING];
    for _ in 0..WAITING {
        let response = client.message();
        assert_eq!(response["result"]["turn"]["outcome"], "completed", "{response}");
        let number: usize = response["id"].as_str().expect("a string").parse().expect("a number");
        assert!(!answered[number], "{number} is answered once");
        answered[number] = true;
    }
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

//! Tests of empty, long and last lines, and of the flags.

use serde_json::json;

use super::client::{Client, NOTE, request};
use crate::process::Process;

#[test]
fn empty_lines_are_ignored() {
    let mut client = Client::start(&[]);
    client.write("\n\r\n  \t \n");
    assert_eq!(client.call("get_overview", &json!({}))["type"], "overview");
    let ended = client.end();
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", NOTE));
}

#[test]
fn a_line_may_end_with_carriage_return_and_newline() {
    let mut client = Client::start(&[]);
    client.write(request("1", "get_overview", &json!({})) + "\r\n");
    assert_eq!(client.message()["id"], "1");
}

#[test]
fn the_last_line_needs_no_newline() {
    let mut client = Client::start(&[]);
    client.write(request("1", "get_overview", &json!({})));
    client.close_stdin();
    assert_eq!(client.message()["id"], "1");
}

#[test]
fn a_line_past_the_limit_is_too_large_and_skipped() {
    let mut client = Client::start(&["--limit", "request_bytes=200", "--limit", "input_bytes=100"]);
    let line = request("1", "get_overview", &json!({}));
    let of_length = |length: usize| line.clone() + &" ".repeat(length - line.len());
    client.send(of_length(200));
    assert_eq!(client.message()["id"], "1");
    for length in [201, 10_000_000] {
        client.send(of_length(length));
        let response = client.message();
        assert!(response["id"].is_null());
        assert_eq!(response["error"]["code"], -32000);
        assert_eq!(response["error"]["message"], "the request is larger than 200");
        assert_eq!(response["error"]["message"], response["error"]["data"]["message"]);
        assert_eq!(response["error"]["data"]["code"], "too_large");
        assert_eq!(response["error"]["data"]["field"], "");
        assert_eq!(response["error"]["data"]["max"], 200);
    }
    assert_eq!(client.call("get_overview", &json!({}))["type"], "overview");
}

#[test]
fn limits_are_set_by_name() {
    let mut client = Client::start(&["--limit", "workers=1", "--limit", "key_chars=7"]);
    let limits = client.call("get_runtime", &json!({}))["limits"].take();
    assert_eq!((&limits["workers"], &limits["key_chars"]), (&json!(1), &json!(7)));
    client.worker();
    let error = client.refused("create_worker", &json!({}));
    assert_eq!(error["data"]["code"], "capacity_exhausted");
}

#[test]
fn the_runtime_is_named_by_a_flag() {
    let mut client = Client::start(&["--name", "backend"]);
    let summary = client.call("get_runtime", &json!({}))["summary"].take();
    assert_eq!(summary["display_name"], "backend");
}

#[test]
fn settings_that_make_no_sense_are_usage_errors() {
    for (arguments, problem) in [
        (["--limit", "wrokers=1"], "no limit `wrokers`"),
        (["--limit", "workers"], "must be LIMIT=N"),
        (["--limit", "workers=many"], "invalid digit"),
        (["--limit", "workers=0"], "limit `workers` must be from 1"),
        (["--name", "a@b"], "`@`"),
        (["--grace-ms", "soon"], "invalid digit"),
    ] {
        let ended = Process::start(&[&["rpc"], &arguments[..]].concat()).end();
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(problem), "{ended:?}");
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn the_results_of_a_batch_are_bounded_together() {
    let mut client = Client::start(&[]);
    let worker = client.worker();
    let text = "x".repeat(200_000);
    let sent = client.call(
        "send_input",
        &json!({ "worker": worker, "input": { "kind": "user", "text": text } }),
    );
    let turn = json!({ "type": "id", "turn_id": sent["receipt"]["turn_id"] });
    let get = json!({ "worker": worker, "turn": turn, "wait_ms": 60_000 });
    let one = client.call("get_turn", &get);
    assert_eq!(one["turn"]["outcome"], "completed");
    let size = one.to_string().len();
    let batch: Vec<String> =
        (0..100).map(|id| request(&id.to_string(), "get_turn", &get)).collect();
    client.send(format!("[{}]", batch.join(",")));
    let responses = client.message();
    let responses = responses.as_array().expect("a batch");
    let whole = responses.iter().filter(|response| response["result"] == one).count();
    let fit = (16 << 20) / size;
    assert!(whole.abs_diff(fit) <= 1, "{whole} of {fit}");
    for response in responses.iter().filter(|response| response["result"].is_null()) {
        let data = &response["error"]["data"];
        assert_eq!(data["code"], "capacity_exhausted");
        assert_eq!((&data["what"], &data["max"]), (&json!("batch_bytes"), &json!(16 << 20)));
    }
    assert_eq!(responses.len(), 100);
}

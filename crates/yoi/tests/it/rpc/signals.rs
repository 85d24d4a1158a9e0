//! Tests of SIGINT and SIGTERM. Stdin stays open, so only the signal ends the session.

use serde_json::json;

use super::client::{Client, NOTE, request, said};

/// A query that waits for the end of a turn.
fn wait_for_turn() -> String {
    let params = json!({
        "scope": { "type": "runtime" }, "from": { "type": "now" },
        "filter": { "types": ["turn_completed", "turn_cancelled"] }, "wait_ms": 60_000
    });
    request("wait", "read_events", &params)
}

#[test]
fn a_signal_is_a_clean_end() {
    for signal in ["INT", "TERM"] {
        let mut client = Client::start(&["--echo-delay-ms", "20", "--grace-ms", "60000"]);
        let worker = client.worker();
        client.subscribe(&worker);
        client.send(wait_for_turn());
        client.send(request("send", "send_input", &said(&worker, "one two three")));
        let (mut is_answered, mut is_completed) = (false, false);
        loop {
            let message = client.message();
            let item = &message["params"]["item"];
            if message["id"] == "send" {
                client.signal(signal);
            } else if message["id"] == "wait" {
                assert_eq!(message["result"]["items"][0]["type"], "turn_completed", "{message}");
                is_answered = true;
            } else if item["type"] == "turn_completed" {
                assert_eq!(item["entry"]["text"], "echo: one two three");
                is_completed = true;
            } else if item["type"] == "ended" {
                assert_eq!(item["reason"], "runtime_stopped");
                break;
            }
        }
        assert!(is_answered && is_completed, "{is_answered} {is_completed}");
        // Nothing is read any more.
        client.send(request("late", "get_runtime", &json!({})));
        let ended = client.wait();
        let output = (ended.stdout.as_str(), ended.stderr.as_str());
        assert_eq!((ended.code, output), (Some(0), ("", NOTE)), "SIG{signal}");
    }
}

#[test]
fn past_the_grace_a_signal_cancels_what_runs() {
    let mut client = Client::start(&["--echo-delay-ms", "60000", "--grace-ms", "50"]);
    let worker = client.worker();
    client.subscribe(&worker);
    client.send(wait_for_turn());
    client.call("send_input", &said(&worker, "hello"));
    client.signal("TERM");
    let ended = client.wait();
    for part in [r#""id":"wait","result""#, r#""turn_cancelled""#, r#""runtime_stopped""#] {
        assert!(ended.stdout.contains(part), "{ended:?}");
    }
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), NOTE));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut client = Client::start(&["--echo-delay-ms", "600000", "--grace-ms", "600000"]);
        let worker = client.worker();
        client.subscribe_to_runtime();
        client.call("send_input", &said(&worker, "hello"));
        client.signal("TERM");
        client.item("runtime_stopping");
        client.signal(signal);
        assert_eq!(client.wait().code, Some(code));
    }
}

#[test]
fn a_signal_ends_it_although_nobody_reads_stdout() {
    let clients = [true, false].map(|is_stdin_open| {
        let mut client = Client::start(&["--grace-ms", "50"]);
        let worker = client.worker();
        client.send(wait_for_turn());
        client.send(request("send", "send_input", &said(&worker, &"x".repeat(250_000))));
        for _ in ["wait", "send"] {
            let response = client.message();
            assert!(response["error"].is_null(), "{response}");
        }
        client.send(request("t", "get_transcript", &json!({ "worker": worker })));
        // The rest of the response does not fit into the pipe.
        client.until(r#""id":"t","result":"#);
        if !is_stdin_open {
            client.close_stdin();
        }
        client.signal("TERM");
        client
    });
    for client in clients {
        let ended = client.wait_without_reading();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("stdout was not read to the end in time"), "{ended:?}");
    }
}

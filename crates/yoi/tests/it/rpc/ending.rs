//! Tests of the end of input and of a closed stdout.

use serde_json::{Value, json};

use super::client::{Client, NOTE, request, said};
#[cfg(unix)]
use crate::process::yoi;

#[test]
fn no_input_is_no_output() {
    let ended = Client::start(&[]).end();
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", NOTE));
}

#[test]
fn what_was_asked_before_the_end_is_answered() {
    let mut client = Client::start(&["--echo-delay-ms", "20"]);
    let worker = client.worker();
    let turn = client.call("send_input", &said(&worker, "one two three"));
    let wait = json!({
        "worker": worker, "turn": { "type": "id", "turn_id": turn["receipt"]["turn_id"] }, "wait_ms": 60_000
    });
    client.send(request("t", "get_turn", &wait));
    client.close_stdin();
    let answer = client.message();
    assert_eq!(answer["result"]["turn"]["outcome"], "completed");
    assert_eq!(answer["result"]["answer"]["text"], "echo: one two three");
    assert_eq!(client.line(), None);
    assert_eq!(client.end().code, Some(0));
}

#[test]
fn turns_may_finish_within_the_grace() {
    let mut client = Client::start(&["--echo-delay-ms", "20", "--grace-ms", "60000"]);
    let worker = client.worker();
    client.subscribe(&worker);
    client.call("send_input", &said(&worker, "one two three"));
    client.close_stdin();
    assert_eq!(client.item("turn_completed")["entry"]["text"], "echo: one two three");
    assert_eq!(client.item("worker_state_changed")["to"], "idle");
    assert_eq!(client.item("ended")["reason"], "runtime_stopped");
    assert_eq!(client.line(), None);
    assert_eq!(client.end().code, Some(0));
}

#[test]
fn past_the_grace_what_runs_is_cancelled() {
    let mut client = Client::start(&["--echo-delay-ms", "60000", "--grace-ms", "50"]);
    let worker = client.worker();
    client.subscribe(&worker);
    client.subscribe_to_runtime();
    let turn = client.call("send_input", &said(&worker, "hello"));
    let wait = json!({
        "worker": worker, "turn": { "type": "id", "turn_id": turn["receipt"]["turn_id"] }, "wait_ms": 60_000
    });
    client.send(request("t", "get_turn", &wait));
    client.close_stdin();
    let rest = client.end();
    let messages: Vec<Value> = rest
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let reply = messages.iter().find(|it| it["id"] == "t").expect("the reply is written");
    assert_eq!(reply["result"]["turn"]["outcome"], "cancelled");
    let of_type =
        |name: &str| messages.iter().filter(|it| it["params"]["item"]["type"] == name).count();
    assert_eq!(of_type("turn_cancelled"), 2);
    assert_eq!(of_type("runtime_stopped"), 1);
    assert_eq!(of_type("ended"), 2);
    assert_eq!((rest.code, rest.stderr.as_str()), (Some(0), NOTE));
}

#[test]
fn a_runtime_that_the_client_stopped_is_no_trouble() {
    let mut client = Client::start(&[]);
    client.subscribe_to_runtime();
    client.call("stop_runtime", &json!({}));
    assert_eq!(client.item("ended")["reason"], "runtime_stopped");
    let error = client.refused("create_worker", &json!({}));
    assert_eq!(error["data"]["code"], "runtime_stopped");
    assert_eq!(client.call("get_runtime", &json!({}))["summary"]["state"], "stopped");
    let ended = client.end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
}

#[test]
fn a_closed_stdout_ends_it_although_more_could_come() {
    let mut client = Client::start(&["--echo-delay-ms", "60000", "--grace-ms", "50"]);
    let worker = client.worker();
    client.subscribe(&worker);
    client.call("send_input", &said(&worker, "hello"));
    client.close_stdout();
    // One request is not enough: its response may be written before the pipe is closed.
    for _ in 0..100 {
        client.send(request("n", "get_runtime", &json!({})));
    }
    let ended = client.wait();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), NOTE));
}

/// A directory can be opened and not be read.
#[cfg(unix)]
#[test]
fn input_that_cannot_be_read_is_an_error() {
    let folder = std::fs::File::open("/").expect("there is a root");
    let ended = yoi().arg("rpc").stdin(folder).output().expect("yoi starts");
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!((ended.status.code(), ended.stdout.as_slice()), (Some(2), &[][..]), "{stderr}");
    assert!(stderr.contains("cannot read stdin"), "{stderr}");
}

/// A write to `/dev/full` fails like one to a full disk.
#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() {
    use std::{fs::File, io::Write, process::Stdio};

    let full = File::options().write(true).open("/dev/full").expect("the device is there");
    let mut child = yoi()
        .arg("rpc")
        .stdin(Stdio::piped())
        .stdout(full)
        .stderr(Stdio::piped())
        .spawn()
        .expect("yoi starts");
    // Stdin stays open, so only the failure ends the process.
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let line = request("1", "get_runtime", &json!({})) + "\n";
    stdin.write_all(line.as_bytes()).expect("the process reads");
    let ended = child.wait_with_output().expect("the process ends");
    assert_eq!(ended.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert!(stderr.contains("cannot write to stdout"), "{stderr}");
    drop(stdin);
}

//! A fuzz test: any line gets at most one reply, and the session goes on.

use std::cell::{Cell, RefCell};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::client::Client;

/// A request with up to three random changes.
fn nearly_a_request() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(&[
        r#"{"jsonrpc":"2.0","id":1,"method":"get_overview","params":{"recent":1}}"#,
        r#"{"jsonrpc":"2.0","id":"a","method":"create_worker","params":{"labels":{"a":"b"}}}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"subscribe","params":{"scope":{"type":"runtime"}}}"#,
        r#"[{"jsonrpc":"2.0","id":1,"method":"list_workers"},{"jsonrpc":"2.0","method":"x"},1]"#,
        r#"{"jsonrpc":"2.0","method":"list_workers","params":[1,2,{"a":[[[]]]}]}"#,
    ]);
    let changes = prop::collection::vec((any::<prop::sample::Index>(), change()), 0..4);
    (line, changes).prop_map(|(line, changes)| {
        let mut line = line.as_bytes().to_vec();
        for (at, change) in changes {
            let at = at.index(line.len());
            match change {
                Change::Cut => line.truncate(at.max(1)),
                Change::Put(byte) => line[at] = byte,
                Change::Insert(bytes) => {
                    line.splice(at..at, bytes);
                }
            }
        }
        line
    })
}

#[derive(Clone, Debug)]
enum Change {
    Cut,
    Put(u8),
    Insert(Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Cut),
        any::<u8>().prop_map(Change::Put),
        prop::sample::select(&b"{}[]\",:0-e\\ "[..]).prop_map(Change::Put),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Change::Insert),
    ]
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    prop_oneof![1 => bytes, 3 => nearly_a_request()].prop_map(|mut line| {
        line.retain(|byte| *byte != b'\n');
        line
    })
}

#[test]
fn any_lines_get_at_most_one_reply_each_and_never_end_the_session() {
    let client = RefCell::new(Client::start(&["--limit", "workers=20"]));
    let (sent, answered) = (Cell::new(0), Cell::new(0));
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) };
    proptest!(config, |(lines in prop::collection::vec(line(), 1..20))| {
        let mut client = client.borrow_mut();
        for line in &lines {
            client.send(line);
            sent.set(sent.get() + 1);
        }
        let asked = json!({ "jsonrpc": "2.0", "id": "still there?", "method": "get_usage",
                            "params": { "scope": { "type": "runtime" } } });
        client.send(asked.to_string());
        loop {
            let message = client.message();
            if message["id"] == "still there?" {
                prop_assert_eq!(&message["result"]["type"], "usage");
                break;
            }
            if message["method"] != "event" {
                answered.set(answered.get() + 1);
                prop_assert!(is_response(&message), "{message}");
            }
        }
        prop_assert!(answered.get() <= sent.get(), "{} of {}", answered.get(), sent.get());
    });
    let ended = client.into_inner().end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

fn is_response(message: &Value) -> bool {
    match message {
        Value::Array(batch) => !batch.is_empty() && batch.iter().all(is_response),
        response => {
            response["jsonrpc"] == "2.0"
                && response.get("id").is_some()
                && response["result"].is_null() != response["error"].is_null()
        }
    }
}

//! Whole folders of documents, and the one that is data.

use std::collections::BTreeMap;

use schema_compat::compare_sets;
use serde_json::{Value, json};

#[track_caller]
fn check(old: &[(&str, Value)], new: &[(&str, Value)], expected: &[&str]) {
    let set = |documents: &[(&str, Value)]| -> BTreeMap<String, Value> {
        documents.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    };
    let found: Vec<_> =
        compare_sets(&set(old), &set(new)).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn check_data(old: Value, new: Value, expected: &[&str]) {
    let expected: Vec<_> =
        expected.iter().map(|line| line.replacen("  ", "  lifecycle.json  ", 1)).collect();
    let expected: Vec<_> = expected.iter().map(String::as_str).collect();
    check(&[("lifecycle.json", old)], &[("lifecycle.json", new)], &expected);
}

#[test]
fn each_document_has_its_direction() {
    let (narrow, wide) = (json!({"type": "integer"}), json!({"type": "number"}));
    for (name, impact) in [
        ("runtime_command.json", "additive"),
        ("runtime_query.json", "additive"),
        ("subscribe.json", "additive"),
        ("subscribe", "additive"),
        ("command_reply.json", "breaking"),
        ("query_reply.json", "breaking"),
        ("runtime_event.json", "breaking"),
        ("stream_item.json", "breaking"),
        ("runtime_error.json", "breaking"),
    ] {
        let line = format!("{impact}  {name}  /: type changed from integer to number");
        check(&[(name, narrow.clone())], &[(name, wide.clone())], &[&line]);
    }
}

#[test]
fn a_document_may_come_but_not_go() {
    let document = [("subscribe.json", json!({}))];
    check(&document, &[], &["breaking  subscribe.json  /: document removed"]);
    check(&[], &document, &["additive  subscribe.json  /: document added"]);
}

#[test]
fn a_document_of_unknown_use_must_stay_as_it_is() {
    let (old, new) = ([("other.json", json!({"a": 1}))], [("other.json", json!({"a": 2}))]);
    check(&old, &old, &[]);
    let line = "breaking  other.json  /: a document of unknown use differs, \
                which this check does not understand";
    check(&old, &new, &[line]);
}

fn row(state: &str, command: &str, to: &str) -> Value {
    json!({"state": state, "command": command, "to": to})
}

fn table(rows: &[Value]) -> Value {
    json!({"rows": rows})
}

#[test]
fn a_row_is_known_by_its_leading_fields() {
    let other = [row("idle", "send", "running"), row("running", "send", "running")];
    check_data(
        table(&[row("idle", "stop", "stopped"), other[0].clone(), other[1].clone()]),
        table(&[row("idle", "stop", "stopping"), other[0].clone(), other[1].clone()]),
        &["breaking  /rows/idle,stop/to: changed from \"stopped\" to \"stopping\""],
    );
}

#[test]
fn a_row_may_come_but_not_go() {
    let (stop, send) = (row("idle", "stop", "stopped"), row("idle", "send", "running"));
    let (one, two) = (table(std::slice::from_ref(&stop)), table(&[send, stop]));
    check_data(two.clone(), one.clone(), &["breaking  /rows/idle,send: entry removed"]);
    check_data(one, two, &["additive  /rows/idle,send: entry added"]);
}

#[test]
fn order_counts_in_a_list_but_new_entries_may_come_anywhere() {
    let order = |events: Value| json!({"event_order": events});
    check_data(
        order(json!(["created", "started"])),
        order(json!(["created", "accepted", "started"])),
        &["additive  /event_order/accepted: entry added"],
    );
    check_data(
        order(json!(["created", "started"])),
        order(json!(["started", "created"])),
        &["breaking  /event_order: entries reordered"],
    );
}

#[test]
fn equal_entries_are_counted() {
    check_data(json!(["a", "a"]), json!(["a"]), &["breaking  /a: entry removed"]);
    check_data(json!(["a"]), json!(["a", "a"]), &["additive  /a: entry added"]);
}

#[test]
fn documentation_of_data_does_not_count() {
    check_data(
        json!({"title": "A", "a": {"description": "B"}}),
        json!({"title": "C", "a": {}}),
        &[],
    );
    check_data(json!({"a": {}}), json!({"a": {"description": "B"}}), &[]);
}

#[test]
fn a_key_may_come_but_not_go() {
    let (with, without) = (json!({"a": {"b": 1}}), json!({"a": {}}));
    check_data(with.clone(), without.clone(), &["breaking  /a/b: entry removed"]);
    check_data(without, with, &["additive  /a/b: entry added"]);
}

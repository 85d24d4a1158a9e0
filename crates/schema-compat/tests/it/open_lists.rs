//! Open lists: values with a name, and any other value.

use schema_compat::Direction;
use serde_json::{Value, json};

use super::{check, check_same, lines};

fn open(named: &[&str]) -> Value {
    json!({"x-yoi-open": true, "oneOf": [
        {"type": "string", "enum": named},
        {"type": "string", "not": {"enum": named}, "tsType": "string & {}"},
    ]})
}

fn closed(named: &[&str]) -> Value {
    json!({"type": "string", "enum": named})
}

#[test]
fn an_open_list_may_name_one_more_value() {
    let lines = ["+ : value \"paused\" added"];
    check(&open(&["idle", "running"]), &open(&["idle", "running", "paused"]), &lines, &lines);
    check(&json!({"type": "string"}), &open(&["paused"]), &lines, &lines);
}

#[test]
fn an_open_list_names_a_value_for_good() {
    let lines = ["! : value \"paused\" removed"];
    check(&open(&["idle", "running", "paused"]), &open(&["running", "idle"]), &lines, &lines);
    check(&open(&["paused"]), &json!({"type": "string"}), &lines, &lines);
}

#[test]
fn opening_a_list_breaks_replies() {
    check(
        &closed(&["idle", "running"]),
        &open(&["running", "idle"]),
        &["+ : other values are allowed now"],
        &["! : other values are allowed now"],
    );
    check(
        &closed(&["idle"]),
        &open(&["idle", "paused"]),
        &["+ : value \"paused\" added", "+ : other values are allowed now"],
        &["! : value \"paused\" added", "! : other values are allowed now"],
    );
}

#[test]
fn closing_a_list_breaks_requests() {
    check(
        &open(&["idle", "running"]),
        &closed(&["running", "idle"]),
        &["! : other values are refused now"],
        &["+ : other values are refused now"],
    );
}

#[test]
fn a_closed_list_still_gains_no_value_in_a_reply() {
    check(
        &closed(&["idle"]),
        &closed(&["idle", "paused"]),
        &["+ : value \"paused\" added"],
        &["! : value \"paused\" added"],
    );
}

#[test]
fn an_open_list_may_be_null_and_may_be_spelled_otherwise() {
    let nullable = |list: Value| json!({"anyOf": [list, {"type": "null"}]});
    let line = ["+ : value \"b\" added"];
    check(&nullable(open(&["a"])), &nullable(open(&["a", "b"])), &line, &line);
    check_same(
        &open(&["a", "b"]),
        &json!({"anyOf": [
            {"type": "string", "not": {"enum": ["b", "a"]}},
            {"const": "a"},
            {"const": "b"},
        ]}),
    );
    check_same(
        &json!({"type": "string", "not": {"enum": ["a", "b"]}}),
        &json!({"type": "string", "not": {"$ref": "#/$defs/Named"}, "$defs": {"Named": {"enum": ["a", "b"]}}}),
    );
    check_same(
        &json!({"type": "string", "not": {"const": "a"}}),
        &json!({"type": "string", "not": {"enum": ["a", 1]}}),
    );
}

/// A value that a list names is refused by the part for all others, and must be.
#[test]
fn a_list_that_is_out_of_step_is_no_open_list() {
    let list = |named: Value, others: Value| {
        json!({"oneOf": [
            {"type": "string", "enum": named}, {"type": "string", "not": {"enum": others}},
        ]})
    };
    let whole = list(json!(["a"]), json!(["a"]));
    // Nothing accepts `b` any more.
    for (direction, mark) in [(Direction::Request, "!"), (Direction::Reply, "+")] {
        let found = lines(&whole, &list(json!(["a"]), json!(["a", "b"])), direction);
        assert!(found.iter().any(|line| line.starts_with(mark)), "{direction:?}: {found:?}");
    }
    // Both branches accept `b`, so `oneOf` refuses it.
    let found = lines(&whole, &list(json!(["a", "b"]), json!(["a"])), Direction::Request);
    assert!(
        found.iter().any(|line| line.contains("oneOf with branches that overlap")),
        "{found:?}"
    );
}

#[test]
fn the_other_values_may_be_bounded() {
    let list = |named: Value, most: u32| {
        json!({"oneOf": [
            {"type": "string", "enum": named},
            {"type": "string", "not": {"enum": named}, "maxLength": most},
        ]})
    };
    check(
        &list(json!(["a"]), 8),
        &list(json!(["a"]), 4),
        &["! : maxLength lowered from 8 to 4"],
        &["+ : maxLength lowered from 8 to 4"],
    );
    // No value of that length could come before.
    check(
        &list(json!(["a"]), 1),
        &list(json!(["a", "bb"]), 1),
        &["+ : value \"bb\" added"],
        &["! : value \"bb\" added"],
    );
}

#[test]
fn a_value_that_is_refused_narrows() {
    let but = |values: Value| json!({"type": "string", "not": {"enum": values}});
    check(
        &but(json!(["a"])),
        &but(json!(["a", "b"])),
        &["! : value \"b\" removed"],
        &["+ : value \"b\" removed"],
    );
    check(
        &but(json!(["a", "b"])),
        &but(json!(["a"])),
        &["+ : value \"b\" added"],
        &["! : value \"b\" added"],
    );
    check(
        &json!({"type": "string"}),
        &but(json!(["a"])),
        &["! : value \"a\" removed"],
        &["+ : value \"a\" removed"],
    );
    let listed = ["! : limited to \"a\", \"b\"", "+ : value \"a\" added"];
    check(
        &but(json!(["a"])),
        &closed(&["a", "b"]),
        &listed,
        &["+ : limited to \"a\", \"b\"", "! : value \"a\" added"],
    );
}

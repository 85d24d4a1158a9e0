//! Types that become wider, narrower or others.

use serde_json::{Value, json};

use super::check;

#[test]
fn null_may_come_to_a_request_and_leave_a_reply() {
    let (text, nullable) = (json!({"type": "string"}), json!({"type": ["string", "null"]}));
    let wider = "type changed from string to string or null";
    check(&text, &nullable, &[&format!("+ : {wider}")], &[&format!("! : {wider}")]);
    let narrower = "type changed from string or null to string";
    check(&nullable, &text, &[&format!("! : {narrower}")], &[&format!("+ : {narrower}")]);
}

#[test]
fn an_integer_may_become_a_number_in_a_request() {
    check(
        &json!({"type": "integer"}),
        &json!({"type": "number"}),
        &["+ : type changed from integer to number"],
        &["! : type changed from integer to number"],
    );
    check(
        &json!({"type": "number"}),
        &json!({"type": ["integer", "null"]}),
        &["! : type changed from number to integer or null"],
        &["! : type changed from number to integer or null"],
    );
}

#[test]
fn another_type_breaks_both() {
    let lines = ["! /count: type changed from integer to string"];
    let of = |name: &str| json!({"properties": {"count": {"type": name}}});
    check(&of("integer"), &of("string"), &lines, &lines);
}

#[test]
fn a_type_that_carried_fields_may_not_go() {
    let error = json!({"type": "object", "properties": {"kind": {"type": "string"}}});
    let lines = ["! : type changed from object or null to null"];
    check(&json!({"anyOf": [error, {"type": "null"}]}), &json!({"type": "null"}), &lines, &lines);
}

#[test]
fn a_field_that_nothing_fits_any_more_is_gone() {
    let of = |schema: Value| json!({"properties": {"note": schema}});
    let lines = ["! /note: type changed from string to nothing"];
    check(&of(json!({"type": "string"})), &of(json!(false)), &lines, &lines);
}

#[test]
fn a_schema_that_accepted_anything_is_narrowed() {
    check(
        &json!(true),
        &json!({"type": "string"}),
        &["! : type changed from boolean or number or string or array or object or null to string"],
        &["+ : type changed from boolean or number or string or array or object or null to string"],
    );
}

#[test]
fn a_change_deep_inside_is_reported_where_the_value_is() {
    let schema = |length: u32| {
        json!({
            "type": "object",
            "properties": {"worker": {"$ref": "#/$defs/Worker"}},
            "$defs": {
                "Worker": {"properties": {"turns": {"type": "array", "items": {"$ref": "#/$defs/Turn"}}}},
                "Turn": {"properties": {"reason": {"type": "string", "maxLength": length}}},
            },
        })
    };
    check(
        &schema(10),
        &schema(20),
        &["+ /worker/turns/*/reason: maxLength raised from 10 to 20"],
        &["! /worker/turns/*/reason: maxLength raised from 10 to 20"],
    );
}

#[test]
fn recursion_ends() {
    let tree = |length: u32| {
        json!({
            "$ref": "#/$defs/Node",
            "$defs": {"Node": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "maxLength": length},
                    "parent": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
                },
            }},
        })
    };
    let found = super::lines(&tree(10), &tree(5), schema_compat::Direction::Request);
    assert!(found.contains(&"! /name: maxLength lowered from 10 to 5".to_owned()), "{found:?}");
    assert!(found.iter().all(|line| line.ends_with("maxLength lowered from 10 to 5")), "{found:?}");
    super::check_same(&tree(10), &tree(10));
}

/// The same definition against another one is not the comparison that is open already.
#[test]
fn recursion_may_go_another_way_inside() {
    let once = json!({
        "$ref": "#/$defs/Node",
        "$defs": {"Node": {"properties": {"next": {"$ref": "#/$defs/Node"}, "value": {"type": "string"}}}},
    });
    let twice = json!({
        "$ref": "#/$defs/Node",
        "$defs": {
            "Node": {"properties": {"next": {"$ref": "#/$defs/Other"}, "value": {"type": "string"}}},
            "Other": {"properties": {"next": {"$ref": "#/$defs/Other"}, "value": {"type": "null"}}},
        },
    });
    let lines = [
        "! /next/value: type changed from string to null",
        "~ /$defs/Node: definition replaced by Other at /$defs/Node/next",
    ];
    check(&once, &twice, &lines, &lines);
    let lines = [
        "! /next/value: type changed from null to string",
        "~ /$defs/Other: definition renamed to Node",
    ];
    check(&twice, &once, &lines, &lines);
}

#[test]
fn a_schema_may_be_recursive_from_its_root() {
    let tree = |of: &str| json!({"properties": {"next": {"$ref": "#"}, "value": {"type": of}}});
    let found = super::lines(&tree("string"), &tree("integer"), schema_compat::Direction::Reply);
    assert_eq!(found, ["! /value: type changed from string to integer"]);
}

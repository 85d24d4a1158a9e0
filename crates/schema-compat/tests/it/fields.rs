//! Fields that come, go, and become required or optional.

use serde_json::{Value, json};

use super::check;

fn closed(fields: Value, required: Value) -> Value {
    json!({"type": "object", "properties": fields, "required": required,
           "additionalProperties": false})
}

fn open(fields: Value, required: Value) -> Value {
    json!({"type": "object", "properties": fields, "required": required})
}

#[test]
fn an_optional_field_may_come_to_a_request() {
    check(
        &closed(json!({}), json!([])),
        &closed(json!({"reason": {"type": "string"}}), json!([])),
        &["+ /reason: optional field added"],
        &["! /reason: optional field added"],
    );
}

#[test]
fn a_required_field_may_come_to_a_reply() {
    check(
        &open(json!({}), json!([])),
        &open(json!({"reason": {"type": "string"}}), json!(["reason"])),
        &["! /reason: required field added"],
        &["+ /reason: required field added"],
    );
}

#[test]
fn an_optional_field_may_come_to_a_reply() {
    check(
        &open(json!({}), json!([])),
        &open(json!({"reason": {"type": "string"}}), json!([])),
        &["! /reason: optional field added"],
        &["+ /reason: optional field added"],
    );
}

#[test]
fn a_required_field_may_not_come_to_a_closed_request() {
    check(
        &closed(json!({}), json!([])),
        &closed(json!({"reason": {"type": "string"}}), json!(["reason"])),
        &["! /reason: required field added"],
        &["! /reason: required field added"],
    );
}

#[test]
fn no_field_may_go() {
    let (with, without) = (json!({"reason": {"type": "string"}}), json!({}));
    let gone = ["! /reason: field removed"];
    check(&closed(with.clone(), json!([])), &closed(without.clone(), json!([])), &gone, &gone);
    check(&open(with.clone(), json!(["reason"])), &open(without, json!([])), &gone, &gone);
}

#[test]
fn a_field_that_becomes_required_breaks_requests() {
    let fields = json!({"reason": {"type": "string"}});
    check(
        &open(fields.clone(), json!([])),
        &open(fields, json!(["reason"])),
        &["! /reason: optional field became required"],
        &["+ /reason: optional field became required"],
    );
}

#[test]
fn a_field_that_becomes_optional_breaks_replies() {
    let fields = json!({"reason": {"type": "string"}});
    check(
        &open(fields.clone(), json!(["reason"])),
        &open(fields, json!([])),
        &["+ /reason: required field became optional"],
        &["! /reason: required field became optional"],
    );
}

#[test]
fn a_field_may_be_required_without_being_described() {
    check(
        &json!({"type": "object"}),
        &json!({"type": "object", "required": ["reason"]}),
        &["! /reason: optional field became required"],
        &["+ /reason: optional field became required"],
    );
}

#[test]
fn closing_an_object_breaks_requests() {
    check(
        &open(json!({}), json!([])),
        &closed(json!({}), json!([])),
        &["! : other fields are refused now"],
        &["+ : other fields are refused now"],
    );
}

#[test]
fn opening_an_object_breaks_replies() {
    check(
        &closed(json!({}), json!([])),
        &open(json!({}), json!([])),
        &["+ : other fields are allowed now"],
        &["! : other fields are allowed now"],
    );
}

#[test]
fn the_values_of_a_map_are_compared_like_fields() {
    let labels = |length: u32| {
        open(
            json!({"labels": {"type": "object", "additionalProperties": {"maxLength": length}}}),
            json!([]),
        )
    };
    check(
        &labels(10),
        &labels(5),
        &["! /labels/*: maxLength lowered from 10 to 5"],
        &["+ /labels/*: maxLength lowered from 10 to 5"],
    );
}

#[test]
fn the_keys_of_a_map_are_compared_as_strings() {
    let labels = |names: Value| json!({"type": "object", "propertyNames": names});
    check(
        &labels(json!({"maxLength": 10})),
        &labels(json!({"type": "string", "maxLength": 5})),
        &["! /{name}: maxLength lowered from 10 to 5"],
        &["+ /{name}: maxLength lowered from 10 to 5"],
    );
    check(
        &json!({"type": "object"}),
        &labels(json!({"pattern": "^a"})),
        &["! /{name}: pattern \"^a\" added"],
        &["+ /{name}: pattern \"^a\" added"],
    );
}

#[test]
fn a_field_of_a_map_that_gets_its_own_schema_is_measured_by_that_of_the_map() {
    let map = |fields: Value| json!({"type": "object", "properties": fields, "additionalProperties": {"type": "string"}});
    check(
        &map(json!({})),
        &map(json!({"actor": {"type": "string", "maxLength": 5}})),
        &["! /actor: optional field added"],
        &["+ /actor: optional field added"],
    );
    check(
        &map(json!({})),
        &map(json!({"actor": {"type": ["string", "null"]}})),
        &["+ /actor: optional field added"],
        &["! /actor: optional field added"],
    );
}

#[test]
fn names_are_escaped_like_in_a_json_pointer() {
    let field =
        |of: &str| json!({"properties": {"a/b~c": {"type": "array", "items": {"type": of}}}});
    check(
        &field("integer"),
        &field("number"),
        &["+ /a~1b~0c/*: type changed from integer to number"],
        &["! /a~1b~0c/*: type changed from integer to number"],
    );
}

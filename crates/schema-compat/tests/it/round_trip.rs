//! Fields that clients receive in a reply and send back in a request.

use std::collections::BTreeMap;

use schema_compat::compare_sets;
use serde_json::{Value, json};

/// A folder of one command and its reply, which both have a configuration.
fn folder(of_request: &Value, of_reply: &Value) -> BTreeMap<String, Value> {
    let document = |definition: &Value| {
        json!({
            "oneOf": [{
                "type": "object",
                "properties": {
                    "type": {"const": "create_worker"},
                    "config": {"$ref": "#/$defs/Config"},
                },
                "required": ["type"],
                "additionalProperties": false,
            }],
            "$defs": {"Config": definition},
        })
    };
    BTreeMap::from([
        ("command_reply.json".to_owned(), document(of_reply)),
        ("runtime_command.json".to_owned(), document(of_request)),
    ])
}

fn object(fields: &Value, is_closed: bool) -> Value {
    let mut object = json!({"type": "object", "properties": fields});
    if is_closed {
        object["additionalProperties"] = json!(false);
    }
    object
}

/// Checks what is reported, for definitions of requests and of replies.
#[track_caller]
fn check(old: [&Value; 2], new: [&Value; 2], expected: &[&str]) {
    let found = compare_sets(&folder(old[0], old[1]), &folder(new[0], new[1]));
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

const REFUSED: &str = "field added that runtime_command.json refuses when a client sends it back";

#[test]
fn a_field_that_comes_to_replies_alone_cannot_be_sent_back() {
    let (one, two) = (json!({"model": {}}), json!({"model": {}, "note": {}}));
    let old = [&object(&one, true), &object(&one, false)];
    let added = "additive  command_reply.json  /create_worker/config/note: optional field added";
    check(
        old,
        [old[0], &object(&two, false)],
        &[added, &format!("breaking  command_reply.json  /$defs/Config/note: {REFUSED}")],
    );
    check(
        old,
        [&object(&two, true), &object(&two, false)],
        &[
            added,
            "additive  runtime_command.json  /create_worker/config/note: optional field added",
        ],
    );
}

#[test]
fn an_open_request_takes_back_what_it_does_not_know() {
    let (one, two) = (object(&json!({}), false), object(&json!({"note": {}}), false));
    let added = "additive  command_reply.json  /create_worker/config/note: optional field added";
    check([&one, &one], [&one, &two], &[added]);
}

#[test]
fn a_definition_that_never_grows_is_closed_in_replies_too() {
    let (one, two) = (object(&json!({}), true), object(&json!({"note": {}}), true));
    check(
        [&one, &one],
        [&two, &two],
        &[
            "breaking  command_reply.json  /create_worker/config/note: optional field added",
            "additive  runtime_command.json  /create_worker/config/note: optional field added",
        ],
    );
}

#[test]
fn a_required_field_breaks_requests() {
    let of = |fields: Value, required: Value, is_closed| {
        let mut object = object(&fields, is_closed);
        object["required"] = required;
        object
    };
    let old = [true, false].map(|is_closed| of(json!({}), json!([]), is_closed));
    let new = [true, false].map(|is_closed| of(json!({"note": {}}), json!(["note"]), is_closed));
    check(
        old.each_ref(),
        new.each_ref(),
        &[
            "additive  command_reply.json  /create_worker/config/note: required field added",
            "breaking  runtime_command.json  /create_worker/config/note: required field added",
        ],
    );
}

/// An intent is a union, open where it is read and closed where it is sent.
#[test]
fn the_variants_of_a_union_are_sent_back_too() {
    let variant = |fields: &Value, is_closed| {
        let mut variant = object(fields, is_closed);
        variant["properties"]["type"] = json!({"const": "task"});
        variant["required"] = json!(["type"]);
        variant
    };
    let others = json!({
        "type": "object",
        "properties": {"type": {"type": "string", "not": {"enum": ["task"]}}},
        "required": ["type"],
        "additionalProperties": {},
    });
    let reply = |fields: &Value| json!({"oneOf": [{"oneOf": [variant(fields, false)]}, others]});
    let request = |fields: &Value| json!({"oneOf": [variant(fields, true)]});
    let (none, tools) = (json!({}), json!({"tools": {"type": "array"}}));
    let old = [&request(&none), &reply(&none)];
    let added = "/create_worker/config/task/tools: optional field added";
    check(
        old,
        [old[0], &reply(&tools)],
        &[
            &format!("additive  command_reply.json  {added}"),
            &format!("breaking  command_reply.json  /$defs/Config/task/tools: {REFUSED}"),
        ],
    );
    check(
        old,
        [&request(&tools), &reply(&tools)],
        &[
            &format!("additive  command_reply.json  {added}"),
            &format!("additive  runtime_command.json  {added}"),
        ],
    );
}

#[test]
fn what_is_inside_a_field_is_sent_back_too() {
    let of = |fields: Value, is_closed| {
        let limit = object(&fields, is_closed);
        let limits = json!({"type": "array", "items": limit});
        object(&json!({"limits": {"anyOf": [limits, {"type": "null"}]}}), is_closed)
    };
    let old = [&of(json!({}), true), &of(json!({}), false)];
    check(
        old,
        [old[0], &of(json!({"most": {}}), false)],
        &[
            "additive  command_reply.json  /create_worker/config/limits/*/most: optional field added",
            &format!("breaking  command_reply.json  /$defs/Config/limits/*/most: {REFUSED}"),
        ],
    );
}

#[test]
fn what_only_replies_have_may_grow() {
    let of = |fields: &Value| {
        let mut documents = folder(&object(&json!({}), true), &object(fields, false));
        let reply = documents.get_mut("command_reply.json").expect("it is there");
        let text = reply.to_string().replace("Config", "ConfigInUse");
        *reply = serde_json::from_str(&text).expect("it is JSON");
        documents
    };
    let found = compare_sets(&of(&json!({})), &of(&json!({"note": {}})));
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    let added = "additive  command_reply.json  /create_worker/config/note: optional field added";
    assert_eq!(found, [added]);
}

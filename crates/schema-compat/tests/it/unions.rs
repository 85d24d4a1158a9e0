//! Variants of tagged unions, and alternatives without tag.

use schema_compat::Direction;
use serde_json::{Value, json};

use super::{check, check_same, lines};

fn variant(tag: &str, fields: Value) -> Value {
    let mut variant = json!({"type": "object", "properties": fields, "required": ["type"],
                             "additionalProperties": false});
    variant["properties"]["type"] = json!({"type": "string", "const": tag});
    variant
}

fn union(variants: &[Value]) -> Value {
    json!({"oneOf": variants})
}

#[test]
fn a_variant_may_come_to_a_request_only() {
    let stop = variant("stop_worker", json!({}));
    check(
        &union(std::slice::from_ref(&stop)),
        &union(&[stop, variant("cancel_worker", json!({}))]),
        &["+ /cancel_worker: variant added"],
        &["! /cancel_worker: variant added"],
    );
}

/// Nobody gets an answer to a request that they do not know. That says nothing of a union inside
/// the answer.
#[test]
fn a_variant_may_come_to_an_answer_as_a_whole_only() {
    let answers = |states: &[Value], more: &[Value]| {
        let stopped = variant("worker_stop", json!({"state": union(states)}));
        union(&[&[stopped], more].concat())
    };
    let (idle, ended) = (variant("idle", json!({})), variant("ended", json!({})));
    let old = answers(std::slice::from_ref(&idle), &[]);
    let found = lines(
        &old,
        &answers(std::slice::from_ref(&idle), &[variant("worker_cancel", json!({}))]),
        Direction::Answer,
    );
    assert_eq!(found, ["+ /worker_cancel: variant added"]);
    let found = lines(&old, &answers(&[idle, ended], &[]), Direction::Answer);
    assert_eq!(found, ["! /worker_stop/state/ended: variant added"]);
}

#[test]
fn a_variant_may_go_in_neither_direction() {
    let stop = variant("stop_worker", json!({}));
    let lines = ["! /cancel_worker: variant removed"];
    check(
        &union(&[variant("cancel_worker", json!({})), stop.clone()]),
        &union(&[stop]),
        &lines,
        &lines,
    );
}

#[test]
fn a_renamed_variant_is_one_gone_and_one_come() {
    check(
        &union(&[variant("stop", json!({}))]),
        &union(&[variant("stop_worker", json!({}))]),
        &["! /stop: variant removed", "+ /stop_worker: variant added"],
        &["! /stop: variant removed", "! /stop_worker: variant added"],
    );
}

#[test]
fn variants_are_compared_by_tag_whatever_their_order() {
    let input = |length: u32| {
        let input = json!({"type": "object", "properties": {"text": {"type": "string", "maxLength": length}}});
        variant("send_input", json!({"input": input}))
    };
    let stop = variant("stop_worker", json!({}));
    check(
        &union(&[input(10), stop.clone()]),
        &union(&[stop, input(5)]),
        &["! /send_input/input/text: maxLength lowered from 10 to 5"],
        &["+ /send_input/input/text: maxLength lowered from 10 to 5"],
    );
}

#[test]
fn unions_inside_unions_have_their_tags_in_the_path() {
    let create = |fields: Value| {
        let intent = union(&[variant("assistant", json!({})), variant("task", fields)]);
        union(&[variant("create_worker", json!({"intent": {"anyOf": [intent, {"type": "null"}]}}))])
    };
    check(
        &create(json!({})),
        &create(json!({"objective": {"type": "string"}})),
        &["+ /create_worker/intent/task/objective: optional field added"],
        &["! /create_worker/intent/task/objective: optional field added"],
    );
}

#[test]
fn errors_are_tagged_by_code() {
    let error = |code: &str| json!({"type": "object", "properties": {"code": {"const": code}}, "required": ["code"]});
    check(
        &union(&[error("worker_busy")]),
        &union(&[error("worker_busy"), error("worker_ended")]),
        &["+ /worker_ended: variant added"],
        &["! /worker_ended: variant added"],
    );
}

/// A preview tells what the reply to a command would be.
#[test]
fn an_answer_within_an_answer_is_one_as_a_whole() {
    let preview = |replies: &[Value], name: &str| {
        let reply = json!({"$ref": format!("#/$defs/{name}")});
        let mut preview = union(&[variant("preview", json!({"reply": reply}))]);
        preview["$defs"] = json!({name: union(replies)});
        preview
    };
    let [one, two] = ["worker_stop", "worker_cancel"].map(|tag| variant(tag, json!({})));
    for (name, mark) in [("CommandReply", "+"), ("Outcome", "!")] {
        let (old, new) = (std::slice::from_ref(&one), &[one.clone(), two.clone()]);
        let found = lines(&preview(old, name), &preview(new, name), Direction::Answer);
        assert_eq!(found, [format!("{mark} /preview/reply/worker_cancel: variant added")]);
    }
}

/// What schemars writes for an envelope with a flattened union.
#[test]
fn an_envelope_belongs_to_every_variant() {
    let event = |at: &str| {
        json!({
            "type": "object",
            "properties": {"at_ms": {"type": at}},
            "required": ["at_ms"],
            "oneOf": [
                {"type": "object", "properties": {"type": {"const": "started"}}, "required": ["type"]},
                {"type": "object", "properties": {"type": {"const": "ended"}}, "required": ["type"]},
            ],
        })
    };
    check(
        &event("integer"),
        &event("number"),
        &[
            "+ /ended/at_ms: type changed from integer to number",
            "+ /started/at_ms: type changed from integer to number",
        ],
        &[
            "! /ended/at_ms: type changed from integer to number",
            "! /started/at_ms: type changed from integer to number",
        ],
    );
}

/// What schemars writes for a variant whose payload is open.
#[test]
fn a_reference_with_siblings_is_one_object() {
    let referenced = json!({
        "oneOf": [{"type": "object", "properties": {"type": {"type": "string", "const": "worker"}},
                   "$ref": "#/$defs/Found", "required": ["type"]}],
        "$defs": {"Found": {"type": "object", "properties": {"worker": {"type": "string"}},
                            "required": ["worker"]}},
    });
    let inlined = json!({
        "oneOf": [{"type": "object", "required": ["worker", "type"],
                   "properties": {"type": {"const": "worker"}, "worker": {"type": "string"}}}],
    });
    check_same(&referenced, &inlined);
}

#[test]
fn a_stream_item_is_one_union_of_events_and_more() {
    let event = union(&[variant("turn_started", json!({}))]);
    let nested = json!({"anyOf": [event, variant("gap", json!({}))]});
    check_same(&nested, &union(&[variant("turn_started", json!({})), variant("gap", json!({}))]));
}

/// The plain enum is closed: only a tag tells consumers to expect more.
#[test]
fn a_single_field_with_listed_values_is_no_union() {
    let state = |values: Value| json!({"type": "object", "properties": {"type": {"enum": values}}, "required": ["type"]});
    check(
        &state(json!(["idle", "running"])),
        &state(json!(["idle", "running", "stopping"])),
        &["+ /type: value \"stopping\" added"],
        &["! /type: value \"stopping\" added"],
    );
}

#[test]
fn an_alternative_without_tag_may_come_to_a_request_only() {
    let of = |names: &[&str]| {
        let branch = |name: &&str| json!({"type": "object", "required": [name]});
        json!({"anyOf": names.iter().map(branch).collect::<Vec<_>>()})
    };
    check(
        &of(&["turn_id", "key"]),
        &of(&["turn_id", "key", "last"]),
        &["+ : another form of object added"],
        &["! : another form of object added"],
    );
    check(
        &of(&["turn_id", "key", "last"]),
        &of(&["turn_id", "key"]),
        &["! : a form of object removed"],
        &["! : a form of object removed"],
    );
}

/// Two branches that may both fit: `oneOf` then refuses what `anyOf` would accept.
#[test]
fn branches_that_overlap_are_not_understood() {
    let stop = variant("stop_worker", json!({}));
    let now = variant("stop_worker", json!({"now": {"const": true}}));
    for (old, new) in [
        (union(std::slice::from_ref(&stop)), union(&[stop, now])),
        (
            json!({"oneOf": [{"enum": ["a"]}]}),
            json!({"oneOf": [{"enum": ["a"]}, {"enum": ["a", "b"]}]}),
        ),
        (
            json!({"oneOf": [{"type": "integer"}]}),
            json!({"oneOf": [{"type": "integer"}, {"type": "number"}]}),
        ),
    ] {
        for direction in [Direction::Request, Direction::Reply] {
            let found = lines(&old, &new, direction);
            let what = ": oneOf with branches that overlap differs";
            assert!(
                found.iter().any(|line| line.starts_with('!') && line.contains(what)),
                "{found:?}"
            );
        }
    }
}

/// To be ignored is for a consumer to decide, not for the schema of another place.
#[test]
fn a_new_variant_is_announced_where_it_comes_only() {
    let known = union(&[variant("idle", json!({}))]);
    let more = union(&[variant("idle", json!({})), variant("paused", json!({}))]);
    check(
        &json!({"type": "object", "additionalProperties": known}),
        &json!({"type": "object", "additionalProperties": known, "properties": {"first": more}}),
        &["+ /first: optional field added"],
        &["! /first: optional field added"],
    );
}

#[test]
fn an_alternative_that_another_one_covers_takes_nothing_away() {
    let narrow = json!({"type": "string", "maxLength": 3});
    let wide = json!({"type": "string", "maxLength": 9});
    let pattern = json!({"type": "string", "pattern": "^a"});
    check(
        &json!({"anyOf": [wide, pattern, narrow]}),
        &json!({"anyOf": [wide, pattern]}),
        &["+ : a form of string removed"],
        &["! : a form of string removed"],
    );
    check(
        &json!({"anyOf": [wide, pattern]}),
        &json!({"anyOf": [wide, pattern, narrow]}),
        &["+ : another form of string added"],
        &["+ : another form of string added"],
    );
}

#[test]
fn one_changed_alternative_among_others_is_shown_in_detail() {
    let of = |length: u32| {
        json!({"anyOf": [{"type": "string", "pattern": "^a"},
                         {"type": "string", "maxLength": length}]})
    };
    check(
        &of(9),
        &of(3),
        &["! : maxLength lowered from 9 to 3"],
        &["+ : a form of string removed", "+ : another form of string added"],
    );
}

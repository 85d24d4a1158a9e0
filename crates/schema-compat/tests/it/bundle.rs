//! The bundle of all types, and whole folders in the form that the documents have.

use std::collections::BTreeMap;

use schema_compat::{Impact, compare_sets};
use serde_json::{Value, json};

use crate::contract::Contract;

fn bundle(document: Value) -> BTreeMap<String, Value> {
    BTreeMap::from([("yoi.json".to_owned(), document)])
}

fn lines(old: &BTreeMap<String, Value>, new: &BTreeMap<String, Value>) -> Vec<String> {
    compare_sets(old, new).iter().map(ToString::to_string).collect()
}

/// Checks what is reported of two bundles.
#[track_caller]
fn check(old: Value, new: Value, expected: &[&str]) {
    let lines = lines(&bundle(old), &bundle(new));
    let expected: Vec<_> =
        expected.iter().map(|line| line.replacen("  ", "  yoi.json  ", 1)).collect();
    assert_eq!(lines, expected);
}

/// Checks that a change is additive and no more in all documents, and in how many places.
#[track_caller]
fn check_additive(new: &Contract, places: usize) {
    let (old, new) = (Contract::today().folder(), new.folder());
    let found = compare_sets(&old, &new);
    let lines: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert!(found.iter().all(|it| it.impact == Impact::Additive), "{lines:#?}");
    assert_eq!(found.len(), places, "{lines:#?}");
    // And it may not be taken back.
    let back = compare_sets(&new, &old);
    assert!(back.iter().any(|it| it.impact == Impact::Breaking), "{back:?}");
}

#[test]
fn a_new_type_of_event_is_additive() {
    let mut new = Contract::today();
    new.events.push("turn_paused");
    // The events and the stream's items, in their documents and in the bundle, and the list of
    // event types.
    check_additive(&new, 5);
    check(
        Contract::today().bundle(),
        new.bundle(),
        &[
            "additive  /$defs/EventType: value \"turn_paused\" added",
            "additive  /$defs/RuntimeEvent/turn_paused: variant added",
            "additive  /$defs/StreamItem/turn_paused: variant added",
        ],
    );
}

#[test]
fn a_new_notice_retry_error_or_command_is_additive() {
    let mut new = Contract::today();
    new.notices.push("caught_up");
    check_additive(&new, 2);
    let mut new = Contract::today();
    new.retries.push("after_ms");
    // In the bundle it is told once. In the document of errors it is told for a known and for any
    // other error.
    check_additive(&new, 3);
    let mut new = Contract::today();
    new.errors.push("worker_ended");
    check_additive(&new, 2);
    let mut new = Contract::today();
    new.commands.push("stop_worker");
    check_additive(&new, 4);
}

#[test]
fn a_field_of_both_directions_is_additive() {
    let mut new = Contract::today();
    new.config.push("note");
    check(
        Contract::today().bundle(),
        new.bundle(),
        &["additive  /$defs/Config/note: optional field added"],
    );
    let mut required = new.bundle();
    required["$defs"]["Config"]["required"] = json!(["note"]);
    check(
        Contract::today().bundle(),
        required,
        &["breaking  /$defs/Config/note: required field added"],
    );
}

#[test]
fn a_closed_definition_of_both_directions_never_grows() {
    let mut new = Contract::today();
    new.worker_ref.push("name");
    check(
        Contract::today().bundle(),
        new.bundle(),
        &["breaking  /$defs/WorkerRef/name: optional field added"],
    );
}

/// A change in one definition that is at the place of this pointer.
fn changed(pointer: &str, value: Value) -> Value {
    let mut bundle = Contract::today().bundle();
    *bundle.pointer_mut(pointer).expect("it is there") = value;
    bundle
}

#[test]
fn each_definition_has_its_direction() {
    let nullable = json!({"type": ["string", "null"]});
    let (today, to) = (Contract::today().bundle(), "type changed from string to string or null");
    // Both directions: the worse one counts.
    check(
        today.clone(),
        changed("/$defs/Config/properties/model", nullable.clone()),
        &[&format!("breaking  /$defs/Config/model: {to}")],
    );
    // A request.
    let of_command = "/$defs/RuntimeCommand/oneOf/0/properties/config";
    check(
        changed(of_command, json!({"type": "string"})),
        changed(of_command, nullable.clone()),
        &[&format!("additive  /$defs/RuntimeCommand/create_worker/config: {to}")],
    );
    // A reply.
    let of_reply = "/$defs/CommandReply/oneOf/0/properties/config";
    check(
        changed(of_reply, nullable.clone()),
        changed(of_reply, json!({"type": "string"})),
        &["additive  /$defs/CommandReply/create_worker/config: \
           type changed from string or null to string"],
    );
    // Nothing leads to it: it may be of any use.
    let with = |text: &Value| {
        let mut bundle = today.clone();
        bundle["$defs"]["Other"] = json!({"properties": {"text": text}});
        bundle
    };
    let text = json!({"type": "string"});
    check(with(&text), with(&nullable), &[&format!("breaking  /$defs/Other/text: {to}")]);
    let to = "type changed from string or null to string";
    check(with(&nullable), with(&text), &[&format!("breaking  /$defs/Other/text: {to}")]);
}

#[test]
fn a_definition_may_come_but_not_go_unseen() {
    let mut more = Contract::today().bundle();
    more["$defs"]["Other"] = json!({"type": "string"});
    check(Contract::today().bundle(), more.clone(), &[]);
    check(more, Contract::today().bundle(), &["source  /$defs/Other: definition removed"]);
}

#[test]
fn a_whole_request_or_reply_may_not_go() {
    let mut less = Contract::today().bundle();
    less["$defs"].as_object_mut().expect("definitions").shift_remove("Subscribed");
    check(Contract::today().bundle(), less, &["breaking  /$defs/Subscribed: definition removed"]);
}

#[test]
fn a_definition_may_have_another_name() {
    let renamed = Contract::today().bundle().to_string().replace("Config", "Configuration");
    let renamed = serde_json::from_str(&renamed).expect("it is JSON");
    check(
        Contract::today().bundle(),
        renamed,
        &["source  /$defs/Config: definition renamed to Configuration"],
    );
}

/// The variants with a name are part of an open union, unless a place has only these.
#[test]
fn known_variants_that_stand_alone_are_a_closed_union() {
    let of = |retries: &[&'static str]| {
        let mut contract = Contract::today();
        contract.retries = retries.to_vec();
        let mut bundle = contract.bundle();
        bundle["$defs"]["Subscribed"]["properties"]["retry"] =
            json!({"$ref": "#/$defs/KnownRetry"});
        bundle
    };
    check(
        of(&["never"]),
        of(&["never", "after_ms"]),
        &[
            "breaking  /$defs/KnownRetry/after_ms: variant added",
            "additive  /$defs/Retry/after_ms: variant added",
        ],
    );
}

#[test]
fn the_first_bundle_is_additive() {
    let mut old = Contract::today().folder();
    old.remove("yoi.json");
    let new = Contract::today().folder();
    assert_eq!(lines(&old, &new), ["additive  yoi.json  /: document added"]);
}

#[test]
fn the_table_of_methods_may_only_grow() {
    let set =
        |methods: Value| BTreeMap::from([("rpc.json".to_owned(), json!({"methods": methods}))]);
    let (one, two) = (json!([{"name": "a", "params": "A"}]), json!([{"name": "a", "params": "B"}]));
    assert_eq!(
        lines(&set(one.clone()), &set(two)),
        ["breaking  rpc.json  /methods/a/params: changed from \"A\" to \"B\""]
    );
    let more = json!([{"name": "a", "params": "A"}, {"name": "b", "params": "B"}]);
    assert_eq!(
        lines(&set(one.clone()), &set(more.clone())),
        ["additive  rpc.json  /methods/b: entry added"]
    );
    let version = |minor: u32| {
        BTreeMap::from([("rpc.json".to_owned(), json!({"api": {"major": 1, "minor": minor}}))])
    };
    assert_eq!(
        lines(&version(0), &version(1)),
        ["additive  rpc.json  /api/minor: changed from 0 to 1"]
    );
    assert_eq!(
        lines(&version(1), &version(0)),
        ["breaking  rpc.json  /api/minor: changed from 1 to 0"]
    );
    assert_eq!(lines(&set(more), &set(one)), ["breaking  rpc.json  /methods/b: entry removed"]);
}

#[test]
fn what_is_derived_may_change_freely() {
    let set =
        |version: u32| BTreeMap::from([("openrpc.json".to_owned(), json!({"openrpc": version}))]);
    assert_eq!(lines(&set(1), &set(2)), [""; 0]);
    assert_eq!(lines(&set(1), &BTreeMap::new()), ["breaking  openrpc.json  /: document removed"]);
}

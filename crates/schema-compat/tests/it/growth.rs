//! The documents of today, in which something is added that a later version could add.

use std::collections::BTreeMap;

use schema_compat::{Impact, compare_sets};
use serde_json::{Value, json};
use worker_runtime::schema;

type Documents = BTreeMap<String, Value>;

fn today() -> Documents {
    let documents = schema::documents().into_iter();
    documents.map(|(name, document)| (name.to_owned(), document)).collect()
}

/// The documents with changes to all their schemas.
fn changed(change: &impl Fn(&mut Value)) -> Documents {
    let mut documents = today();
    for (name, document) in &mut documents {
        if !["lifecycle.json", "rpc.json", "openrpc.json"].contains(&name.as_str()) {
            everywhere(document, change);
        }
    }
    documents
}

fn everywhere(value: &mut Value, change: &impl Fn(&mut Value)) {
    change(value);
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|it| everywhere(it, change)),
        Value::Array(items) => items.iter_mut().for_each(|it| everywhere(it, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Adds a variant with the fields of a known one, and its name wherever that of the known one is
/// listed.
fn with_variant(tag: &str, like: &str, name: &str) -> Documents {
    changed(&|schema| {
        if let Some(Value::Array(names)) = schema.get_mut("enum")
            && names.contains(&json!(like))
        {
            names.push(json!(name));
        }
        if let Some(Value::Array(variants)) = schema.get_mut("oneOf") {
            let is_like = |variant: &&Value| variant["properties"][tag]["const"] == like;
            if let Some(mut variant) = variants.iter().find(is_like).cloned() {
                variant["properties"][tag]["const"] = json!(name);
                variant["title"] = json!("Added");
                variants.push(variant);
            }
        }
    })
}

/// Checks that there is a difference, and that all are additive.
#[track_caller]
fn check_additive(new: &Documents, one_of_them: &str) {
    let found = compare_sets(&today(), new);
    let lines: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert!(found.iter().all(|it| it.impact == Impact::Additive), "{lines:#?}");
    assert!(lines.iter().any(|line| line == one_of_them), "{lines:#?}");
}

#[test]
fn a_new_event_is_additive() {
    check_additive(
        &with_variant("type", "turn_lost", "turn_paused"),
        "additive  stream_item.json  /turn_paused: variant added",
    );
}

#[test]
fn a_new_error_is_additive() {
    check_additive(
        &with_variant("code", "worker_busy", "worker_asleep"),
        "additive  runtime_error.json  /worker_asleep: variant added",
    );
}

#[test]
fn a_new_retry_is_additive() {
    check_additive(
        &with_variant("type", "same_request", "after_restart"),
        "additive  yoi.json  /$defs/Retry/after_restart: variant added",
    );
}

#[test]
fn a_new_reason_to_stop_is_additive() {
    check_additive(
        &with_variant("type", "end_turn", "paused"),
        "additive  yoi.json  /$defs/StopReason: value \"paused\" added",
    );
}

#[test]
fn a_new_command_is_additive_with_its_reply() {
    let mut new = with_variant("type", "cancel_worker", "pause_worker");
    for (name, document) in with_variant("type", "worker_cancelled", "worker_paused") {
        if name.ends_with("_reply.json") {
            new.insert(name, document);
        }
    }
    check_additive(&new, "additive  command_reply.json  /worker_paused: variant added");
}

#[test]
fn a_reference_to_a_worker_never_grows() {
    let mut new = today();
    for document in new.values_mut() {
        if let Some(reference) = document.pointer_mut("/$defs/WorkerRef/properties") {
            reference["name"] = json!({"type": "string"});
        }
    }
    let found = compare_sets(&today(), &new);
    let lines: Vec<_> = found.iter().map(ToString::to_string).collect();
    let line = "breaking  yoi.json  /$defs/WorkerRef/name: optional field added".to_owned();
    assert!(lines.contains(&line), "{lines:#?}");
}

#[test]
fn a_configuration_grows_in_both_directions_or_not_at_all() {
    let grown = |is_of: fn(&str) -> bool| {
        let mut documents = today();
        for (_, document) in documents.iter_mut().filter(|(name, _)| is_of(name)) {
            if let Some(fields) = document.pointer_mut("/$defs/ConfigBundle/properties") {
                fields["note"] = json!({"type": "string"});
            }
        }
        compare_sets(&today(), &documents)
    };
    let is_additive = |of| grown(of).iter().all(|it| it.impact == Impact::Additive);
    assert!(is_additive(|_| true), "{:#?}", grown(|_| true));
    assert!(!is_additive(|name| name.ends_with("_reply.json")));
}

/// The bundle says which of its definitions are whole requests and replies.
#[test]
fn no_whole_request_or_reply_may_go() {
    let bundle = &today()["yoi.json"];
    for root in bundle["x-yoi-roots"].as_array().expect("the bundle lists its roots") {
        let root = root.as_str().expect("a name");
        let mut less = bundle.clone();
        less["$defs"].as_object_mut().expect("definitions").shift_remove(root);
        let set = |document: &Value| BTreeMap::from([("yoi.json".to_owned(), document.clone())]);
        let found = compare_sets(&set(bundle), &set(&less));
        let line = format!("breaking  yoi.json  /$defs/{root}: definition removed");
        assert!(found.iter().any(|it| it.to_string() == line), "{root}: {found:#?}");
    }
}

//! A small contract in the form that the documents have: open lists, and open unions of two
//! definitions.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What a version of the contract has.
#[derive(Debug, Clone)]
pub(crate) struct Contract {
    pub(crate) events: Vec<&'static str>,
    pub(crate) notices: Vec<&'static str>,
    pub(crate) retries: Vec<&'static str>,
    pub(crate) errors: Vec<&'static str>,
    pub(crate) commands: Vec<&'static str>,
    /// The fields of a type that stands in requests and in replies.
    pub(crate) config: Vec<&'static str>,
    /// The fields of a reference, which never grows.
    pub(crate) worker_ref: Vec<&'static str>,
}

impl Contract {
    pub(crate) fn today() -> Self {
        Self {
            events: vec!["turn_started", "turn_completed"],
            notices: vec!["gap"],
            retries: vec!["never", "same_request"],
            errors: vec!["worker_busy"],
            commands: vec!["create_worker"],
            config: vec!["model"],
            worker_ref: vec!["worker_id"],
        }
    }

    /// The bundle: all types by name, and no type of its own.
    pub(crate) fn bundle(&self) -> Value {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Yoi",
            "$defs": self.definitions(),
        })
    }

    /// A document of one type, with the definitions to which it leads.
    pub(crate) fn document(&self, root: &str) -> Value {
        let definitions = self.definitions();
        let mut document = definitions[root].clone();
        document["$defs"] = Value::Object(definitions);
        document
    }

    /// All documents by file name.
    pub(crate) fn folder(&self) -> BTreeMap<String, Value> {
        let documents = [
            ("runtime_command.json", "RuntimeCommand"),
            ("command_reply.json", "CommandReply"),
            ("runtime_error.json", "RuntimeError"),
            ("runtime_event.json", "RuntimeEvent"),
            ("stream_item.json", "StreamItem"),
        ];
        let documents = documents.map(|(name, root)| (name.to_owned(), self.document(root)));
        let bundle = ("yoi.json".to_owned(), self.bundle());
        documents.into_iter().chain([bundle]).collect()
    }

    fn definitions(&self) -> Map<String, Value> {
        let cursor = json!({"cursor": {"type": "string"}});
        let event = json!({
            "at_ms": {"type": "integer", "format": "int64", "minimum": 0},
            "worker": {"$ref": "#/$defs/WorkerRef"},
        });
        let failure = json!({"message": {"type": "string"}, "retry": {"$ref": "#/$defs/Retry"}});
        let config =
            json!({"config": {"$ref": "#/$defs/Config"}, "of": {"$ref": "#/$defs/WorkerRef"}});
        let (events, notices) = (self.events.as_slice(), self.notices.as_slice());
        let items = [events, notices].concat();
        let definitions = json!({
            "EventType": open_list("EventType", events),
            "KnownRuntimeEvent": known("type", "Event", events, &event, &["at_ms", "worker"]),
            "UnknownRuntimeEvent": unknown("type", events, &event, &["at_ms", "worker"]),
            "RuntimeEvent": open_union("RuntimeEvent"),
            "Notice": known("type", "Notice", notices, &json!({}), &[]),
            "UnknownStreamItem": unknown("type", &items, &cursor, &[]),
            "StreamItem": {"x-yoi-open": true, "oneOf": [
                {"$ref": "#/$defs/KnownRuntimeEvent"},
                {"$ref": "#/$defs/Notice"},
                {"$ref": "#/$defs/UnknownStreamItem"},
            ]},
            "KnownRetry": known("type", "Retry", &self.retries, &json!({}), &[]),
            "UnknownRetry": unknown("type", &self.retries, &json!({}), &[]),
            "Retry": open_union("Retry"),
            "KnownRuntimeError": known("code", "Error", &self.errors, &failure, &["message", "retry"]),
            "UnknownRuntimeError": unknown("code", &self.errors, &failure, &["message", "retry"]),
            "RuntimeError": open_union("RuntimeError"),
            "RuntimeCommand": closed_all(known("type", "Command", &self.commands, &config, &[])),
            "CommandReply": known("type", "Reply", &self.commands, &config, &[]),
            "Config": object(&self.config, &[]),
            "WorkerRef": closed(object(&self.worker_ref, &["worker_id"])),
            "Subscribed": {"type": "object", "properties": {
                "events": {"type": "array", "items": {"$ref": "#/$defs/EventType"}},
            }},
        });
        match definitions {
            Value::Object(definitions) => definitions,
            _ => unreachable!("they are an object"),
        }
    }
}

fn object(fields: &[&str], required: &[&str]) -> Value {
    let fields: Map<_, _> =
        fields.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
    json!({"type": "object", "properties": fields, "required": required})
}

fn closed(mut object: Value) -> Value {
    object["additionalProperties"] = json!(false);
    object
}

fn closed_all(mut union: Value) -> Value {
    union["oneOf"] = union["oneOf"].as_array().into_iter().flatten().cloned().map(closed).collect();
    union
}

fn open_list(name: &str, values: &[&str]) -> Value {
    json!({"x-yoi-open": true, "oneOf": [
        {"title": format!("Known{name}"), "type": "string", "enum": values},
        {"title": format!("Other{name}"), "type": "string", "not": {"enum": values},
         "tsType": "string & {}"},
    ]})
}

fn open_union(name: &str) -> Value {
    json!({"x-yoi-open": true, "oneOf": [
        {"$ref": format!("#/$defs/Known{name}")}, {"$ref": format!("#/$defs/Unknown{name}")},
    ]})
}

/// A union of variants that all have the same fields.
fn known(tag: &str, title: &str, tags: &[&str], fields: &Value, required: &[&str]) -> Value {
    let required = [&[tag], required].concat();
    let variant = |name: &&str| {
        let mut variant = json!({"title": format!("{title}_{name}"), "type": "object",
            "properties": fields, "required": required});
        variant["properties"][tag] = json!({"type": "string", "const": name});
        variant
    };
    json!({"discriminator": {"propertyName": tag}, "oneOf": tags.iter().map(variant).collect::<Vec<_>>()})
}

fn unknown(tag: &str, tags: &[&str], fields: &Value, required: &[&str]) -> Value {
    let required = [&[tag], required].concat();
    let mut unknown = json!({"type": "object", "properties": fields,
        "required": required, "additionalProperties": {}});
    unknown["properties"][tag] =
        json!({"type": "string", "not": {"enum": tags}, "tsType": "`?${string}`"});
    unknown
}

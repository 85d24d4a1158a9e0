//! The documents for validation: each describes one type, by itself and with standard keywords
//! only.

use serde_json::{Map, Value, json};

use super::definitions::{Definitions, each_object, reachable};

/// The document of something that clients send. It is closed: an unknown field is refused.
pub(super) fn request(root: &str, requests: &Definitions) -> Value {
    let mut document = document(root, requests);
    let description = document["description"].as_str().unwrap_or_default();
    document["description"] = format!("{description} {BOUNDS}").into();
    document
}

const BOUNDS: &str = "Lengths, counts and times are bounded as by the default limits; the limits of a \
    Runtime are those that `get_runtime` shows.";

/// The document of something that a Runtime sends. It is open: it accepts unknown fields, and
/// unknown values and variants where later versions may add some.
pub(super) fn reply(root: &str, replies: &Definitions) -> Value {
    document(root, replies)
}

/// The document of a stream's items, in which every event has the position right after it.
pub(super) fn stream_item(replies: &Definitions) -> Value {
    let mut definitions = replies.clone();
    require_cursors(&mut definitions);
    document("StreamItem", &definitions)
}

fn document(root: &str, definitions: &Definitions) -> Value {
    let mut document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": root,
    });
    let definition = &definitions[root];
    let parts: Map<String, Value> = reachable(definition, definitions).into_iter().collect();
    for (keyword, value) in definition.as_object().into_iter().flatten() {
        document[keyword] = value.clone();
    }
    document["$defs"] = Value::Object(parts);
    each_object(&mut document, &mut |object| {
        object.retain(|keyword, _| !keyword.starts_with("x-") && keyword != "tsType");
    });
    document
}

/// Requires of every event the position right after it.
fn require_cursors(definitions: &mut Definitions) {
    let Some(events) = definitions.get_mut("KnownRuntimeEvent") else { return };
    for event in events["oneOf"].as_array_mut().into_iter().flatten() {
        if let Some(required) = event["required"].as_array_mut() {
            required.push("cursor".into());
        }
    }
}

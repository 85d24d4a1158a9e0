//! The documents of the wire contract, as they are checked into `schema/`.
//!
//! One registry of types gives two kinds of JSON Schemas: documents for validation, each of one type
//! and complete by itself, and one bundle for generators of code, with all types. Beside them stand
//! the table of methods and the table of the lifecycle.

mod bundle;
mod definitions;
mod lifecycle;
#[cfg(test)]
mod lifecycle_page;
mod methods;
mod naming;
mod openness;
mod openrpc;
mod validation;

use openness::opened;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

/// Returns every document with the name of its file in `schema/`.
#[must_use]
pub fn documents() -> Vec<(&'static str, Value)> {
    let requests = definitions::requests();
    let replies = opened(&definitions::replies());
    let request = |root| validation::request(root, &requests);
    let reply = |root| validation::reply(root, &replies);
    let methods = methods::all(&requests);
    let bundle = bundle::document(&requests, &replies);
    let openrpc = openrpc::document(&methods, &bundle["$defs"]);
    vec![
        ("runtime_command.json", request("RuntimeCommand")),
        ("runtime_query.json", request("RuntimeQuery")),
        ("command_reply.json", reply("CommandReply")),
        ("query_reply.json", reply("QueryReply")),
        ("runtime_event.json", reply("RuntimeEvent")),
        ("stream_item.json", validation::stream_item(&replies)),
        ("subscribe.json", request("Subscribe")),
        ("runtime_error.json", reply("RuntimeError")),
        ("lifecycle.json", lifecycle::document()),
        ("yoi.json", bundle),
        ("rpc.json", methods::document(&methods)),
        ("openrpc.json", openrpc),
    ]
}

/// Returns the text of a document's file: indented JSON with a final newline.
#[must_use]
pub fn render(document: &Value) -> String {
    // Serializing a `Value` cannot fail.
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}

/// Returns the schema of a request as its type derives it, from which decoding takes the shape.
pub(crate) fn received<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12();
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

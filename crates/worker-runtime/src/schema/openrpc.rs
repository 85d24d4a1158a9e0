//! The document `openrpc.json`: the methods in the form of the `OpenRPC` specification, for tools and
//! for people.

use serde_json::{Map, Value, json};

use super::{
    definitions::{each_object, refer_to},
    methods::{self, Method},
};
use crate::api;

/// Returns the document.
pub(super) fn document(methods: &[Method], definitions: &Value) -> Value {
    let mut schemas = definitions.as_object().cloned().unwrap_or_default();
    let methods: Vec<Value> = methods
        .iter()
        .map(|method| {
            let result = method.result;
            let schema = result.within(&definitions[result.definition]);
            schemas.insert(result.title(), schema.clone());
            describe(method, definitions)
        })
        .collect();
    let errors: Map<String, Value> = methods::errors()
        .into_iter()
        .map(|error| {
            let described = json!({ "code": error.code, "message": error.description });
            (error.code.to_string(), described)
        })
        .collect();
    let mut document = json!({
        "openrpc": "1.3.2",
        "info": {
            "title": "Yoi",
            "description": "The API of a Runtime as JSON-RPC 2.0, with the same methods as `rpc.json`.",
            "version": format!("{}.{}", api::MAJOR, api::MINOR),
        },
        "methods": methods,
        "components": { "schemas": schemas, "errors": errors },
    });
    each_object(&mut document, &mut |object| {
        if let Some(Value::String(reference)) = object.get_mut("$ref") {
            *reference = reference.replace("#/$defs/", "#/components/schemas/");
        }
    });
    document
}

fn describe(method: &Method, definitions: &Value) -> Value {
    let params = method.params.within(&definitions[method.params.definition]);
    let is_required = |name: &str| {
        params["required"].as_array().is_some_and(|names| names.contains(&name.into()))
    };
    let fields = params["properties"].as_object().into_iter().flatten();
    let fields: Vec<Value> = fields
        .filter(|(name, _)| *name != "type")
        .map(|(name, schema)| {
            json!({ "name": name, "required": is_required(name), "schema": schema })
        })
        .collect();
    let title = method.result.title();
    let of_requests = methods::errors().into_iter().filter(|error| !error.data.is_empty());
    let errors: Vec<Value> = of_requests
        .map(|error| json!({ "$ref": format!("#/components/errors/{}", error.code) }))
        .collect();
    json!({
        "name": method.name,
        "description": method.description,
        "paramStructure": "by-name",
        "params": fields,
        "result": { "name": title, "schema": refer_to(&title) },
        "errors": errors,
    })
}

//! Each operation has one file, and its file, its struct and its wire name agree.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};
use worker_runtime::{event::EventType, schema};

use crate::support::World;

fn document(name: &str) -> Value {
    let (_, document) = schema::documents()
        .into_iter()
        .find(|(path, _)| *path == name)
        .expect("the document exists");
    document
}

/// The `type` in each branch of a schema.
fn tags(document: &Value) -> BTreeSet<String> {
    let branches = document["oneOf"].as_array().expect("a branch for each type");
    let tag = |branch: &Value| branch["properties"]["type"]["const"].as_str().map(str::to_owned);
    branches.iter().map(|branch| tag(branch).expect("a tag")).collect()
}

fn files_in(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    let entries = fs::read_dir(folder).expect("the folder is there");
    let name = |entry: fs::DirEntry| {
        entry.path().file_stem().and_then(|stem| stem.to_str()).map(str::to_owned)
    };
    entries.map(|entry| name(entry.expect("an entry")).expect("a plain name")).collect()
}

#[test]
fn each_command_and_query_has_its_file() {
    assert_eq!(files_in("commands"), tags(&document("runtime_command.json")));
    assert_eq!(files_in("queries"), tags(&document("runtime_query.json")));
}

#[tokio::test]
async fn capabilities_list_what_the_enums_have() {
    let world = World::new().await;
    let runtime = world.ok(json!({ "type": "get_runtime" })).await;
    let listed = |kind: &str| -> BTreeSet<String> {
        let names: Vec<String> =
            serde_json::from_value(runtime["capabilities"][kind].clone()).expect("names");
        let unique: BTreeSet<String> = names.iter().cloned().collect();
        assert_eq!(unique.len(), names.len(), "{kind}: no name twice");
        unique
    };
    assert_eq!(listed("commands"), tags(&document("runtime_command.json")));
    assert_eq!(listed("queries"), tags(&document("runtime_query.json")));
    let events = EventType::ALL.iter().map(|event_type| event_type.as_str().to_owned()).collect();
    assert_eq!(listed("events"), events);
    assert_eq!(runtime["capabilities"]["busy_policies"], json!(["reject"]));
    assert_eq!(runtime["api"]["major"], 1);
    let digest = runtime["api"]["schema_digest"].as_str().expect("a digest");
    assert!(
        digest.len() == 64 && digest.chars().all(|character| character.is_ascii_hexdigit()),
        "{digest}"
    );
}

#[test]
fn there_is_a_document_for_each_boundary() {
    let names: Vec<&str> = schema::documents().iter().map(|(name, _)| *name).collect();
    let expected = [
        "runtime_command.json",
        "runtime_query.json",
        "command_reply.json",
        "query_reply.json",
        "runtime_event.json",
        "stream_item.json",
        "subscribe.json",
        "runtime_error.json",
        "lifecycle.json",
        "yoi.json",
        "rpc.json",
        "openrpc.json",
    ];
    assert_eq!(names, expected);
    for (name, document) in schema::documents() {
        if !["lifecycle.json", "rpc.json", "openrpc.json"].contains(&name) {
            let draft = "https://json-schema.org/draft/2020-12/schema";
            assert_eq!(document["$schema"], draft, "{name}");
            jsonschema::draft202012::new(&document).expect(name);
        }
    }
}

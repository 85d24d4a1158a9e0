//! Golden files: an example of everything that the Runtime sends, in its wire format.

mod items;
mod replies;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use worker_runtime::schema;

use crate::{errors, support::World};

const HOW: &str = "run `UPDATE_GOLDEN=1 cargo test -p worker-runtime`, and read the difference";

/// The examples by the paths of their files.
type Examples = BTreeMap<String, Value>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

async fn examples() -> Examples {
    let mut examples = Examples::new();
    for (error, _) in errors::provoked().await {
        let code = error["code"].as_str().expect("a code");
        examples.insert(format!("errors/{code}.json"), error.clone());
    }
    examples.extend(replies::commands().await);
    examples.extend(replies::queries().await);
    examples.extend(items::examples().await);
    examples
}

/// The document that describes the file at `path`.
fn document_of(path: &str) -> &'static str {
    match path.split('/').next() {
        Some("commands") => "command_reply.json",
        Some("queries") => "query_reply.json",
        Some("errors") => "runtime_error.json",
        Some("events") => "runtime_event.json",
        Some("items") => "stream_item.json",
        _ => panic!("no document describes {path}"),
    }
}

fn names(folder: &str, examples: &Examples) -> BTreeSet<String> {
    let prefix = format!("{folder}/");
    let paths = examples.keys().filter_map(|path| path.strip_prefix(&prefix));
    paths.map(|name| name.trim_end_matches(".json").to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn golden_files_are_what_the_runtime_says() {
    let examples = examples().await;
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    if update {
        // The folder is emptied first, so that no stale file stays.
        let _ = fs::remove_dir_all(folder());
    }
    for (path, example) in &examples {
        let file = folder().join(path);
        let text = serde_json::to_string_pretty(example).expect("JSON can be written") + "\n";
        if update {
            fs::create_dir_all(file.parent().expect("a folder")).expect("the folder is created");
            fs::write(&file, text).expect("the file is written");
        } else {
            let golden = fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(golden, text, "{path} is another now: {HOW}");
        }
    }
    let files: BTreeSet<String> = files_in(&folder());
    let expected: BTreeSet<String> = examples.into_keys().collect();
    let strays: Vec<&String> = files.difference(&expected).collect();
    assert!(strays.is_empty(), "no test makes these golden files: {strays:?}; {HOW}");
}

fn files_in(folder: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for kind in fs::read_dir(folder).expect("the golden files are there") {
        let kind = kind.expect("an entry").path();
        for file in fs::read_dir(&kind).expect("a folder") {
            let file = file.expect("an entry").path();
            let path = file.strip_prefix(folder).expect("the file is in the folder");
            files.insert(path.to_str().expect("a plain name").replace('\\', "/"));
        }
    }
    files
}

#[tokio::test(start_paused = true)]
async fn nothing_that_the_runtime_says_is_without_an_example() {
    let examples = examples().await;
    let world = World::new().await;
    let runtime = world.ok(serde_json::json!({ "type": "get_runtime" })).await;
    let known = |kind: &str| -> BTreeSet<String> {
        serde_json::from_value(runtime["capabilities"][kind].clone()).expect("names")
    };
    assert_eq!(names("commands", &examples), known("commands"));
    assert_eq!(names("queries", &examples), known("queries"));
    assert_eq!(names("events", &examples), known("events"));
    let items = ["text_delta", "reasoning_delta", "reset", "synced", "gap", "ended", "event"];
    assert_eq!(names("items", &examples), items.map(str::to_owned).into());
    assert_eq!(names("errors", &examples).len(), 23);
}

#[tokio::test(start_paused = true)]
async fn every_example_is_valid_against_its_document() {
    let documents: BTreeMap<&str, Value> = schema::documents().into_iter().collect();
    for (path, example) in examples().await {
        let document = &documents[document_of(&path)];
        let validator = jsonschema::draft202012::new(document).expect("a schema");
        let problems: Vec<String> =
            validator.iter_errors(&example).map(|error| error.to_string()).collect();
        assert_eq!(problems, [""; 0], "{path}");
    }
}

//! Tests of `yoi schema` and of the committed documents.

mod diff;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use worker_runtime::schema;

use crate::{
    folder::folder,
    process::{Ended, Process},
};

/// The advice in the message of a test that finds a stale document.
const REFRESH: &str = "refresh it with `cargo run -p yoi -- schema --write`";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn run(arguments: &[&str]) -> Ended {
    Process::start(&[&["schema"], arguments].concat()).end()
}

fn written(test: &str) -> (PathBuf, String) {
    let folder = folder(&format!("schema/{test}"));
    let path = folder.to_str().expect("the path is text").to_owned();
    assert_eq!(run(&["--write", &path]).code, Some(0));
    (folder, path)
}

#[test]
fn the_checked_in_documents_are_what_the_types_say() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yoi"));
    command.args(["schema", "--check"]).current_dir(repository());
    let ended = Process::spawn(&mut command).end();
    assert_eq!(ended.code, Some(0), "schema/ is stale; {REFRESH}\n{}", ended.stdout);
}

#[test]
fn all_documents_are_one_json_object() {
    let ended = run(&[]);
    assert_eq!(ended.code, Some(0));
    let printed: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(printed.as_object().expect("an object").len(), schema::documents().len());
    for (name, document) in schema::documents() {
        assert_eq!(printed[name], document);
    }
}

#[test]
fn one_document_is_printed_as_it_is_in_its_file() {
    for (name, document) in schema::documents() {
        let text = schema::render(&document);
        assert_eq!(run(&[name]).stdout, text);
        assert_eq!(run(&[name.trim_end_matches(".json")]).stdout, text);
    }
    let unknown = run(&["runtime_comand"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("there are runtime_command, runtime_query"), "{unknown:?}");
}

#[test]
fn what_was_written_passes_the_check() {
    let (folder, path) = written("passes");
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), schema::documents().len());
    let ended = run(&["--check", &path]);
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
}

#[test]
fn the_check_shows_what_differs_and_how_to_refresh_it() {
    let (folder, path) = written("differs");
    let changed = folder.join("subscribe.json");
    let text = fs::read_to_string(&changed).expect("a document");
    fs::write(&changed, text.replacen("Subscribe", "Unsubscribe", 1)).expect("it can be written");
    fs::remove_file(folder.join("lifecycle.json")).expect("it can be removed");
    fs::write(folder.join("notes.txt"), "").expect("it can be written");
    fs::create_dir(folder.join("old")).expect("it can be made");

    let ended = run(&["--check", &path]);
    assert_eq!(ended.code, Some(1));
    for expected in [
        "-  \"title\": \"Unsubscribe\"",
        "+  \"title\": \"Subscribe\"",
        "lifecycle.json: missing",
        "notes.txt: not a document of the contract; remove it",
        "old: not a document of the contract; remove it",
    ] {
        assert!(ended.stdout.contains(expected), "{expected:?} in {}", ended.stdout);
    }
    let refresh = format!("`yoi schema --write {path}` refreshes it");
    assert!(ended.stderr.contains(&refresh), "{}", ended.stderr);
}

#[test]
fn a_folder_that_is_not_there_cannot_be_checked() {
    let ended = run(&["--check", "no/such/folder"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("cannot read no/such/folder"), "{ended:?}");
}

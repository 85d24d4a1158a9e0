//! The command `schema-compat OLD NEW`: what it prints, and its exit codes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use worker_runtime::schema;

/// What the command left behind.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn run(arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_schema-compat"))
        .args(arguments)
        .output()
        .expect("the command starts");
    let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// An empty folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the folder of the last run can be removed");
    }
    fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

/// A folder with the documents of today's contract, also as text.
fn written(name: &str) -> (PathBuf, String) {
    let folder = folder(name);
    for (name, document) in schema::documents() {
        fs::write(folder.join(name), schema::render(&document)).expect("it can be written");
    }
    let path = folder.to_str().expect("the path is text").to_owned();
    (folder, path)
}

#[test]
fn additive_is_told_from_breaking() {
    let (old, old_path) = written("old");
    let (new, new_path) = written("new");
    let equal = run(&[&old_path, &new_path]);
    assert_eq!((equal.code, equal.stdout.as_str()), (Some(0), ""));

    let name = "command_reply.json";
    let mut document: Value =
        serde_json::from_str(&fs::read_to_string(new.join(name)).expect("it is there"))
            .expect("it is JSON");
    let variants = document["oneOf"].as_array_mut().expect("replies are a union");
    let removed = variants.pop().expect("there are replies");
    fs::write(new.join(name), document.to_string()).expect("it can be written");
    let code = removed["properties"]["type"]["const"].as_str().expect("a reply has a type");

    let breaking = run(&[&old_path, &new_path]);
    assert_eq!(breaking.code, Some(1));
    assert_eq!(breaking.stdout, format!("breaking  {name}  /{code}: variant removed\n"));

    let additive = run(&["--json", &new_path, &old_path]);
    assert_eq!(additive.code, Some(0));
    let listed: Value = serde_json::from_str(&additive.stdout).expect("JSON");
    assert_eq!(listed[0]["impact"], "additive");
    assert_eq!(listed[0]["document"], name);
    assert_eq!(listed[0]["path"], format!("/{code}"));
    assert_eq!(listed[0]["change"], "variant added");

    // Two files are compared by what the name of either says that they are.
    let renamed = folder("renamed").join("before.json");
    fs::copy(old.join(name), &renamed).expect("it can be copied");
    let renamed = renamed.to_str().expect("the path is text");
    let files = run(&[renamed, new.join(name).to_str().expect("the path is text")]);
    assert_eq!((files.code, files.stdout), (Some(1), breaking.stdout));
}

#[test]
fn what_cannot_be_read_is_named() {
    let (folder, path) = written("unreadable");
    for (old, problem) in [
        ("no-such-file", "OLD and NEW must both be files"),
        (path.as_str(), "runtime_query.json is not JSON"),
    ] {
        fs::write(folder.join("runtime_query.json"), "{").expect("it can be written");
        let ended = run(&[old, &path]);
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains(problem), "{ended:?}");
    }
}

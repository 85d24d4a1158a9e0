//! Tests of `yoi schema diff`: what it prints, and its exit codes.

use std::{fs, path::Path};

use serde_json::Value;

use super::{run, written};
use crate::folder::folder;

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is text")
}

#[test]
fn additive_is_told_from_breaking() {
    let (old, old_path) = written("diff_old");
    let (new, new_path) = written("diff_new");
    let equal = run(&["diff", &old_path, &new_path]);
    assert_eq!((equal.code, equal.stdout.as_str()), (Some(0), ""));

    let name = "lifecycle.json";
    let document = fs::read_to_string(new.join(name)).expect("it is there");
    let mut document: Value = serde_json::from_str(&document).expect("it is JSON");
    document.as_object_mut().expect("it is an object").insert("more".into(), "new".into());
    fs::write(new.join(name), document.to_string()).expect("it can be written");

    let additive = run(&["diff", "--json", &old_path, &new_path]);
    assert_eq!(additive.code, Some(0));
    let listed: Value = serde_json::from_str(&additive.stdout).expect("JSON");
    assert_eq!(listed[0]["impact"], "additive");
    assert_eq!(listed[0]["document"], name);
    assert_eq!(listed[0]["path"], "/more");
    assert_eq!(listed[0]["change"], "entry added");

    let breaking = run(&["diff", &new_path, &old_path]);
    assert_eq!(breaking.code, Some(1));
    assert_eq!(breaking.stdout, format!("breaking  {name}  /more: entry removed\n"));
    assert_eq!(breaking.stderr, "");

    // Two files are compared by what the name of either says that they are.
    let renamed = folder("schema/diff_renamed").join("before.json");
    fs::copy(new.join(name), &renamed).expect("it can be copied");
    let files = run(&["diff", text(&renamed), text(&old.join(name))]);
    assert_eq!((files.code, files.stdout), (Some(1), breaking.stdout));
}

#[test]
fn what_cannot_be_read_is_named() {
    let (folder, path) = written("diff_unreadable");
    fs::write(folder.join("runtime_query.json"), "{").expect("it can be written");
    for (old, problem) in [
        ("no-such-file", "OLD and NEW must both be files"),
        (path.as_str(), "runtime_query.json is not JSON"),
    ] {
        let ended = run(&["diff", old, &path]);
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains(problem), "{ended:?}");
    }
    let missing = run(&["diff", "no/such.json", "no/such.json"]);
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.contains("cannot read no/such.json"), "{missing:?}");
}

#[test]
fn the_comparison_takes_no_option_of_the_other_uses() {
    for arguments in [
        ["--check", "diff", "schema", "schema"].as_slice(),
        &["stream_item", "diff", "schema", "schema"],
        &["diff", "schema"],
    ] {
        assert_eq!(run(arguments).code, Some(2), "{arguments:?}");
    }
}

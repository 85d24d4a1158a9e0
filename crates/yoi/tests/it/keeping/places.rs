//! Where conversations are kept, and what happens where they cannot be.

use std::fs;

use super::{Home, names};
use crate::{
    folder::folder,
    process::{Process, yoi},
};

#[test]
fn the_first_conversation_says_where_it_is_kept_and_the_next_one_does_not() {
    let home = Home::new("first");
    let first = home.end(&["run", "-p", "echo", "hello"]);
    assert_eq!(first.stdout, "echo: hello\n");
    let talks = home.talks().display().to_string();
    for part in [&*talks, "yoi log delete", "--no-store", "YOI_STORE=off"] {
        assert!(first.stderr.contains(part), "{part}: {first:?}");
    }
    assert_eq!(first.stderr.lines().count(), 2);
    assert_eq!(home.end(&["run", "-p", "echo", "again"]).stderr, "");
    assert_eq!(home.files().len(), 2);
    assert_eq!(home.titles(), ["again", "hello"]);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home::new("modes");
    home.ok(&["run", "-p", "echo", "hello"]);
    home.ok(&["run", "--continue", "again"]);
    let mode = |path: &std::path::Path| {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    };
    assert_eq!(mode(&home.talks()), 0o700);
    assert_eq!(mode(home.talks().parent().expect("there is one")), 0o700);
    let names = names(&home.talks());
    assert!(names.iter().any(|name| name.ends_with("-wal")), "{names:?}");
    for name in names {
        assert_eq!(mode(&home.talks().join(&name)), 0o600, "{name}");
    }
}

#[test]
fn nothing_is_left_where_nothing_is_kept_or_said() {
    let home = Home::new("nothing");
    home.ok(&["run", "--no-store", "hello"]);
    home.chat(&["--no-store"], "hello\n");
    home.chat(&[], "/help\n");
    for value in ["off", ""] {
        let ended = Process::spawn(home.command(&["run", "hello"]).env("YOI_STORE", value)).end();
        assert_eq!(ended.code, Some(0));
    }
    home.refused(&["run"], 2);
    home.refused(&["run", "-p", "nobody", "hello"], 2);
    assert_eq!(home.ok(&["log"]), "");
    assert!(names(&home.0).is_empty(), "{:?}", names(&home.0));
    // Nor in a place that is asked for.
    let store = home.0.join("mine");
    home.chat(&["--store", store.to_str().expect("UTF-8")], "/help\n");
    assert!(names(&store).iter().all(|name| !name.ends_with(".sqlite")), "{:?}", names(&store));
}

#[test]
fn a_place_is_a_folder_or_one_file() {
    let home = Home::new("places");
    let (folder, file) = (home.0.join("a/b"), home.0.join("one.sqlite"));
    let (folder, file) = (folder.to_str().expect("UTF-8"), file.to_str().expect("UTF-8"));
    for (place, files) in [(folder, 2), (file, 1)] {
        for text in ["one", "two"] {
            home.ok(&["run", "-p", "echo", "--store", place, text]);
        }
        let listed = home.ok(&["log", "--json", "--store", place]);
        assert_eq!(listed.lines().count(), 2, "{listed}");
        assert_eq!(home.ok(&["run", "-c", "--store", place, "more"]), "echo: more\n");
        let mut by_variable = home.command(&["log", "show", "two"]);
        let shown = Process::spawn(by_variable.env("YOI_STORE", place)).end();
        assert!(shown.stdout.ends_with("assistant: echo: more\n"), "{shown:?}");
        let found = names(std::path::Path::new(place).parent().expect("there is one"));
        let in_folder = names(std::path::Path::new(place));
        let count = found.iter().chain(&in_folder).filter(|it| it.ends_with(".sqlite")).count();
        assert_eq!(count, files);
        home.ok(&["log", "delete", "one", "--store", place]);
        let listed = home.ok(&["log", "--json", "--store", place]);
        assert_eq!(listed.lines().count(), 1, "{listed}");
    }
    assert!(!home.talks().exists());
}

/// Makes a path at which no folder can be made, whoever tries: there is a file in the way.
fn blocked(home: &Home) -> String {
    fs::write(home.0.join("file"), "").expect("it can be written");
    home.0.join("file/talks").to_str().expect("UTF-8").to_owned()
}

#[test]
fn who_did_not_ask_is_answered_where_nothing_can_be_kept() {
    let home = Home::new("blocked");
    let place = blocked(&home);
    for arguments in [&["run", "-p", "echo", "hello"][..], &["chat", "-p", "echo"]] {
        let mut process = Process::spawn(home.command(arguments).env("YOI_STORE", &place));
        process.write("hello\nagain\n");
        let ended = process.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("echo: hello"), "{ended:?}");
        assert_eq!(ended.stderr.matches("this conversation is not kept: ").count(), 1, "{ended:?}");
        assert!(ended.stderr.contains("file/talks"), "{ended:?}");
    }
}

#[test]
fn who_asked_is_told_before_the_model_is() {
    let home = Home::new("asked");
    let place = blocked(&home);
    let file = place.clone() + ".sqlite";
    for place in [&*place, &*file] {
        let ended = home.end(&["run", "-p", "echo", "--store", place, "hello"]);
        assert_eq!((ended.code, &*ended.stdout), (Some(74), ""), "{ended:?}");
        assert!(ended.stderr.contains(place), "{ended:?}");
        home.refused(&["rpc", "--store", place], 74);
    }
    home.refused(&["log", "--store", &file], 74);
    home.refused(&["run", "--continue", "--store", &file, "hello"], 74);
    let text = home.0.join("text.sqlite");
    fs::write(&text, "this is no database, but long enough to be taken for one").expect("written");
    let text = text.to_str().expect("UTF-8");
    assert!(home.refused(&["log", "--store", text], 74).contains("not a database"));
}

#[test]
fn one_damaged_file_hides_no_other() {
    let home = Home::new("damaged");
    home.ok(&["run", "-p", "echo", "hello"]);
    fs::write(home.talks().join("x.sqlite"), "x".repeat(5000)).expect("it can be written");
    let listed = home.end(&["log"]);
    assert!(listed.stdout.ends_with("hello\n"), "{listed:?}");
    assert!(listed.stderr.contains("x.sqlite: the file is not a database"), "{listed:?}");
    assert_eq!(home.ok(&["run", "--continue", "again"]), "echo: again\n");
    home.ok(&["log", "delete", "hello"]);
    for arguments in [&["log"][..], &["run", "--continue", "hello"]] {
        assert!(home.refused(arguments, 74).contains("x.sqlite: the file is not a database"));
    }
}

#[cfg(unix)]
#[test]
fn a_missing_home_is_not_made() {
    let home = folder("keeping_no_home").join("nobody");
    let mut command = yoi();
    command.env_remove("YOI_STORE").env_remove("XDG_DATA_HOME").env("HOME", &home);
    let ended = Process::spawn(command.args(["run", "-p", "echo", "hello"])).end();
    assert_eq!((ended.code, &*ended.stdout), (Some(0), "echo: hello\n"), "{ended:?}");
    assert!(ended.stderr.contains("not kept: "), "{ended:?}");
    assert!(ended.stderr.contains("the home directory"), "{ended:?}");
    assert!(!home.exists());
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home::new("read_only");
    fs::set_permissions(&home.0, fs::Permissions::from_mode(0o500)).expect("it is ours");
    // Root may write everywhere.
    let may_write = fs::write(home.0.join("probe"), "").is_ok();
    let ended = home.end(&["run", "-p", "echo", "hello"]);
    let asked = home.end(&["run", "-p", "echo", "--store", "/proc/no/talks", "hello"]);
    fs::set_permissions(&home.0, fs::Permissions::from_mode(0o700)).expect("it is ours");
    assert_eq!((ended.code, &*ended.stdout), (Some(0), "echo: hello\n"), "{ended:?}");
    assert_eq!(ended.stderr.contains("not kept"), !may_write, "{ended:?}");
    assert_eq!(asked.code, Some(74), "{asked:?}");
}

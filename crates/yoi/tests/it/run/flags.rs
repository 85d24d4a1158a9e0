//! Tests of files, of the answer in a file, of usage and of time limits.

use std::{fs, process::Command};

use super::run;
use crate::{
    folder::folder,
    process::{Ended, Process, yoi},
};

/// A command `yoi run` with echo, in a folder.
fn here(folder: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = yoi();
    command.args(["run", "-p", "echo"]).args(arguments).current_dir(folder);
    command
}

#[track_caller]
fn end(command: &mut Command, stdin: &str) -> Ended {
    let mut process = Process::spawn(command);
    process.write(stdin);
    process.end()
}

#[test]
fn files_come_before_the_prompt_with_their_names() {
    let folder = folder("run/files");
    fs::write(folder.join("a.txt"), "one\ntwo\n").expect("the file can be written");
    fs::write(folder.join("b.txt"), "").expect("the file can be written");
    let a = "<file name=\"a.txt\">\none\ntwo\n</file>\n\n";
    for (arguments, stdin, prompt) in [
        (&["-f", "a.txt", "Sum up."][..], "", format!("{a}Sum up.")),
        (
            &["-f", "a.txt", "-f", "b.txt", "x"],
            "y\n",
            format!("{a}<file name=\"b.txt\">\n\n</file>\n\nx\n\ny"),
        ),
        (
            &["-f", "-", "--file", "a.txt", "x"],
            "s\n",
            format!("<file name=\"stdin\">\ns\n</file>\n\n{a}x"),
        ),
        (&["-f", "a.txt", "-"], "s", format!("{a}s")),
    ] {
        let ended = end(&mut here(&folder, arguments), stdin);
        assert_eq!(ended.stdout, format!("echo: {prompt}\n"), "{arguments:?}");
        assert_eq!((ended.stderr.as_str(), ended.code), ("", Some(0)));
    }
    let ended = end(&mut here(&folder, &["-f", "a.txt"]), "");
    assert!(ended.stdout.contains("two\n</file>"), "a prompt is not needed: {ended:?}");
}

#[test]
fn a_file_that_is_no_text_is_an_error() {
    let folder = folder("run/wrong-files");
    fs::write(folder.join("bytes"), b"\xff").expect("the file can be written");
    let large = fs::File::create(folder.join("large")).expect("the file can be made");
    large.set_len((16 << 20) + 1).expect("the file can be large");
    fs::write(folder.join("half"), "x".repeat(9 << 20)).expect("the file can be written");
    for (arguments, problem) in [
        (&["-f", "gone"][..], "gone: cannot be opened: "),
        (&["-f", "."], ".: cannot be read: "),
        (&["-f", "bytes"], "bytes: is not text in UTF-8"),
        (&["-f", "large"], "large: is larger than 16777216 bytes"),
        (&["-f", "half", "-f", "half"], "the prompt is larger than 16777216 bytes in all"),
        (&["-f", "-", "-"], "stdin can be read only once"),
        (&["-f", "-", "-f", "-"], "stdin can be read only once"),
    ] {
        let ended = end(&mut here(&folder, arguments), "");
        assert!(ended.stderr.contains(problem), "{problem}: {ended:?}");
        assert_eq!((ended.stdout.as_str(), ended.code), ("", Some(2)));
    }
}

#[test]
fn a_stdin_that_cannot_be_read_is_an_error_of_the_command_line() {
    let mut command = yoi();
    let directory = fs::File::open(env!("CARGO_MANIFEST_DIR")).expect("it is there");
    let output = command.args(["run", "-p", "echo"]).stdin(directory).output().expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.starts_with("error: cannot read stdin: "), "{stderr}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_stdin_that_gives_nothing_is_mentioned() {
    let mut process = Process::start(&["run", "-p", "echo", "hello"]);
    process.until_stderr("note: reading stdin; close it or use `</dev/null`\n");
    process.write("and more\n");
    let ended = process.end();
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("echo: hello\n\nand more\n", ""));
}

#[test]
fn the_answer_is_written_to_a_file_as_a_whole() {
    let folder = folder("run/output");
    let names = || {
        let mut names: Vec<_> = fs::read_dir(&folder)
            .expect("the folder can be listed")
            .map(|entry| entry.expect("there is an entry").file_name())
            .collect();
        names.sort();
        names
    };
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("the file is there");
    let ended = end(&mut here(&folder, &["-o", "a.txt", "hello"]), "");
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str(), ended.code), ("", "", Some(0)));
    assert_eq!(read("a.txt"), "echo: hello\n");
    end(&mut here(&folder, &["-o", "a.txt", "again\n"]), "");
    assert_eq!(read("a.txt"), "echo: again\n");

    let ended = end(
        &mut here(
            &folder,
            &["-o", "a.txt", "--timeout", "0.05", "--echo-delay-ms", "40", "a b c d"],
        ),
        "",
    );
    assert_eq!((ended.stdout.as_str(), ended.code), ("", Some(75)), "{ended:?}");
    assert_eq!(read("a.txt"), "echo: again\n", "it is as it was");
    assert_eq!(names(), ["a.txt"]);

    for (arguments, code) in
        [(&["-o", "gone/a.txt"][..], 2), (&["-o", "."], 2), (&["-o", "b", "--json"], 2)]
    {
        let ended = end(here(&folder, arguments).arg("hello"), "");
        assert_eq!((ended.stdout.as_str(), ended.code), ("", Some(code)), "{ended:?}");
    }
    let ended = end(&mut here(&folder, &["-o", "-", "hello"]), "");
    assert_eq!(ended.stdout, "echo: hello\n");
    assert_eq!(names(), ["a.txt"]);
}

#[cfg(unix)]
#[test]
fn an_output_file_keeps_its_mode_and_a_link_is_followed() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    let folder = folder("run/modes");
    fs::write(folder.join("usual"), "").expect("the file can be written");
    fs::write(folder.join("private"), "").expect("the file can be written");
    fs::set_permissions(folder.join("private"), fs::Permissions::from_mode(0o600))
        .expect("the mode can be set");
    symlink("private", folder.join("link")).expect("a link can be made");
    let mode = |name: &str| fs::metadata(folder.join(name)).expect("it is there").mode();
    for name in ["new", "link", "/dev/null"] {
        let ended = end(&mut here(&folder, &["-o", name, "hello"]), "");
        assert_eq!((ended.stderr.as_str(), ended.code), ("", Some(0)), "{name}");
    }
    assert_eq!(mode("new"), mode("usual"));
    assert_eq!(mode("private") & 0o777, 0o600);
    assert_eq!(fs::read_to_string(folder.join("private")).expect("it is there"), "echo: hello\n");
    assert!(folder.join("link").is_symlink());
}

#[test]
fn usage_is_a_line_on_stderr() {
    let expected = "note: usage: 1 input tokens (0 cached), 2 output tokens (0 reasoning), 0.";
    let ended = run(&["-p", "echo", "--usage", "hello"], "");
    assert!(ended.stderr.starts_with(expected) && ended.stderr.ends_with(" s\n"), "{ended:?}");
    let mut chat = Process::start(&["chat", "-p", "echo", "--usage"]);
    chat.write("hello\nhello\n");
    let ended = chat.end();
    assert_eq!(ended.stderr.matches("note: usage: ").count(), 2, "{ended:?}");
}

#[test]
fn numbers_out_of_range_are_refused() {
    for (arguments, problem) in [
        (&["-t", "-1"][..], "temperature must be a finite number of at least 0"),
        (&["--temperature", "NaN"], "temperature must be"),
        (&["-t", "warm"], "--temperature <NUMBER>"),
        (&["--max-tokens", "0"], "--max-tokens must be at least 1"),
        (&["--timeout", "0"], "must be a number of seconds"),
        (&["--timeout", "1", "--turn-ms", "1"], "cannot be used with"),
    ] {
        let ended = run(&[&["-p", "echo", "hello"], arguments].concat(), "");
        assert!(ended.stderr.contains(problem), "{problem}: {ended:?}");
        assert_eq!((ended.stdout.as_str(), ended.code), ("", Some(2)));
    }
}

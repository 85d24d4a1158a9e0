//! Tests of the scripts for shells, of the manual page and of the version.

use std::collections::BTreeSet;

use crate::process::Process;

#[track_caller]
fn printed(arguments: &[&str]) -> String {
    let ended = Process::start(arguments).end();
    assert_eq!((ended.stderr.as_str(), ended.code), ("", Some(0)), "{arguments:?}");
    ended.stdout
}

/// The commands that `yoi --help` lists.
fn commands() -> Vec<String> {
    let help = printed(&["--help"]);
    let list = help.split("Commands:\n").nth(1).expect("there is a list of commands");
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// The long flags that the help of a command lists.
fn flags(command: &str) -> BTreeSet<String> {
    let help = printed(&[command, "--help"]);
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words =
        lines.filter_map(|line| line.split_whitespace().find(|word| word.starts_with("--")));
    words.map(|word| word.trim_end_matches(',').to_owned()).collect()
}

#[test]
fn scripts_and_the_manual_have_every_command_and_flag() {
    let commands = commands();
    assert!(commands.len() >= 8 && flags("run").len() > 20, "{commands:?}");
    let manual = printed(&["man"]).replace('\\', "");
    let scripts: Vec<_> = ["bash", "zsh", "fish", "powershell"]
        .into_iter()
        .map(|shell| (shell, printed(&["completions", shell])))
        .collect();
    for command in &commands {
        assert!(manual.contains(&format!("yoi-{command}")), "{command}");
        for flag in flags(command) {
            assert!(manual.contains(&flag), "{command} {flag}");
            for (shell, script) in &scripts {
                let name =
                    if *shell == "fish" { format!("-l {}", &flag[2..]) } else { flag.clone() };
                assert!(script.contains(&name), "{shell} {command} {flag}");
            }
        }
        for (shell, script) in &scripts {
            assert!(script.contains(command), "{shell} {command}");
        }
    }
    let unknown = Process::start(&["completions", "csh"]).end();
    assert!(unknown.stderr.contains("bash, zsh, fish, powershell"), "{unknown:?}");
    assert_eq!(unknown.code, Some(2));
}

#[test]
fn the_version_is_followed_by_a_commit_if_one_is_known() {
    let version = printed(&["--version"]);
    let rest = version.trim_end().strip_prefix(concat!("yoi ", env!("CARGO_PKG_VERSION")));
    let rest = rest.expect("the version is that of the package");
    let commit = rest.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')'));
    assert!(rest.is_empty() || commit.is_some_and(|it| !it.is_empty()), "{version:?}");
    assert_eq!(rest.is_empty(), env!("YOI_VERSION") == env!("CARGO_PKG_VERSION"));
}

//! Tests of what happens where a model was meant and none can be reached.

use std::fs;

use super::end;
use crate::{
    folder::folder,
    process::{ECHO_NOTE, Ended, yoi},
};

/// The variables that choose a provider.
const VARIABLES: [&str; 6] = [
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "GEMINI_API_KEY",
    "OLLAMA_HOST",
];

/// The commands that answer with a model, each with a stdin that has it answer.
const COMMANDS: [(&[&str], &str); 4] = [
    (&["run", "hello"], ""),
    (&["run", "--json", "hello"], ""),
    (&["chat"], "hello\n"),
    (&["rpc"], "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"get_runtime\"}\n"),
];

/// A way to mean a model: flags, a variable, and a part of what is said about it.
type Way = (&'static [&'static str], &'static [(&'static str, &'static str)], String);

fn ways() -> Vec<Way> {
    let mut ways: Vec<Way> = vec![
        (&["-m", "gpt-x"], &[], "no provider for the model \"gpt-x\"".to_owned()),
        (&["-p", "gone"], &[], "there is no profile \"gone\"".to_owned()),
        (&["-p", "real"], &[], "it needs a key: set OPENAI_API_KEY".to_owned()),
        (&["-p", "real"], &[("OPENAI_API_KEY", "")], "set OPENAI_API_KEY".to_owned()),
        (&["-m", "x"], &[("OPENAI_API_KEY", "")], "OPENAI_API_KEY is set but empty".to_owned()),
    ];
    for variable in VARIABLES {
        let empty: &'static [(&str, &str)] = vec![(variable, "")].leak();
        ways.push((&[], empty, format!("{variable} is set but empty")));
    }
    ways
}

#[track_caller]
fn check(ended: &Ended, shown: &str, part: &str) {
    assert!(shown.contains(part), "{part:?}: {ended:?}");
    assert!(!shown.contains("echo: ") && !shown.contains("echo provider answers"), "{ended:?}");
    assert_eq!(ended.code, Some(2), "{ended:?}");
}

#[test]
fn no_command_has_echo_answer_where_a_model_was_meant() {
    let file = folder("providers/no-model").join("profiles.toml");
    fs::write(&file, "[profiles.real]\nprovider = \"openai\"\nmodel = \"m\"\n")
        .expect("the file can be written");
    for (flags, variables, part) in ways() {
        for (arguments, stdin) in COMMANDS {
            let mut command = yoi();
            command.args(arguments).args(flags).envs(variables.iter().copied());
            let ended = end(command.arg("--profiles").arg(&file), stdin);
            check(&ended, &ended.stderr, &part);
            assert_eq!(ended.stdout, "", "{arguments:?} {flags:?}");
        }
        #[cfg(unix)]
        {
            let mut command = yoi();
            command.args(["chat", "--no-history"]).args(flags).envs(variables.iter().copied());
            command.arg("--profiles").arg(&file);
            let ended = crate::terminal::Terminal::spawn(command).end();
            check(&ended, &ended.stdout, &part);
        }
    }
}

#[test]
fn the_ways_to_a_model_are_told() {
    let ways: Vec<&str> = ECHO_NOTE.lines().skip(1).collect();
    for (flags, variable) in [(&["-m", "x"][..], "X"), (&[], "GEMINI_API_KEY")] {
        let mut command = yoi();
        let ended = end(command.args(["run", "hello"]).args(flags).env(variable, ""), "");
        assert_eq!(ended.stderr.lines().skip(1).collect::<Vec<_>>(), ways, "{ended:?}");
    }
}

#[test]
fn echo_answers_who_asks_for_it_or_for_nothing() {
    for (flags, variable, note) in [
        (&[][..], "X", ECHO_NOTE),
        (&["--profile", "echo"], "OPENAI_API_KEY", ""),
        (&["--profile", "echo", "-m", "x"], "X", ""),
        (&["--provider", "echo"], "ANTHROPIC_API_KEY", ""),
    ] {
        let mut command = yoi();
        let ended = end(command.args(["run", "hello"]).args(flags).env(variable, ""), "");
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("echo: hello\n", note));
        assert_eq!(ended.code, Some(0));
    }
}

//! Tests of `yoi chat` with lines from a pipe.

use crate::process::{ECHO_NOTE as NOTE, Ended, Process};

fn chat(stdin: impl AsRef<[u8]>) -> Ended {
    let mut process = Process::start(&["chat"]);
    process.write(stdin);
    process.end()
}

/// The stdout of a chat with this stdin. Checks that it succeeds.
fn answered(stdin: &str) -> String {
    let ended = chat(stdin);
    assert_eq!(ended.stderr, NOTE);
    assert_eq!(ended.code, Some(0));
    ended.stdout
}

#[test]
fn each_line_is_answered_without_a_prompt() {
    assert_eq!(answered("one\n\ntwo\r\n//three"), "echo: one\necho: two\necho: /three\n");
}

#[test]
fn the_next_line_is_read_when_the_last_one_is_answered() {
    let mut process = Process::start(&["chat", "--echo-delay-ms", "1"]);
    for word in ["one", "two", "three"] {
        process.write(format!("{word}\n"));
        assert_eq!(process.line(), Some(format!("echo: {word}")));
    }
    assert_eq!(process.end().code, Some(0));
}

#[test]
fn the_instructions_are_told_to_the_model() {
    let mut process = Process::start(&["chat", "--system", "Be very brief."]);
    process.write("hello\n/usage\n");
    let ended = process.end();
    assert!(ended.stdout.contains(" 4 input tokens "), "{ended:?}");
}

#[test]
fn the_transcript_and_the_usage_are_of_the_whole_conversation() {
    let stdout = answered("one\ntwo words\n/transcript\n/usage\n");
    let (transcript, usage) = stdout.split_once("this Worker: ").expect("both are printed");
    assert_eq!(
        transcript,
        "echo: one\necho: two words\n\
         user: one\nassistant: echo: one\nuser: two words\nassistant: echo: two words\n"
    );
    assert!(usage.starts_with("2 turns in "), "{usage}");
    assert!(usage.ends_with(" output tokens (0 reasoning)\n"), "{usage}");
}

#[test]
fn another_conversation_knows_nothing_of_the_first() {
    let stdout =
        answered("one\n/new\ntwo\n/transcript\n/switch 1\n/transcript\n/workers\n/usage\n");
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(
        lines[..6],
        [
            "echo: one",
            "echo: two",
            "user: two",
            "assistant: echo: two",
            "user: one",
            "assistant: echo: one"
        ]
    );
    assert!(lines[6].starts_with("* 1  idle ") && lines[6].ends_with(", 1 turn"), "{}", lines[6]);
    assert!(lines[7].starts_with("  2  idle "), "{}", lines[7]);
    assert!(lines[8].starts_with("this Worker: 1 turn in "), "{}", lines[8]);
    assert!(lines[9].starts_with("all Workers: 2 turns in "), "{}", lines[9]);
    assert_eq!(lines.len(), 10);
}

#[test]
fn what_makes_no_sense_is_said_and_the_conversation_goes_on() {
    for (line, problem) in [
        ("/nonsense", "error: there is no command /nonsense: see /help\n"),
        ("/switch", "error: /switch wants the number of a Worker: see /workers\n"),
        ("/switch 2", "error: there is no Worker 2: see /workers\n"),
        ("/quit now", "error: /quit does not take \"now\": see /help\n"),
    ] {
        let ended = chat(format!("{line}\nstill here\n"));
        assert_eq!(ended.stderr, format!("{NOTE}{problem}"));
        assert_eq!(ended.stdout, "echo: still here\n");
        assert_eq!(ended.code, Some(1), "a script can tell");
    }
    let ended = chat("/cancel");
    assert_eq!(ended.stderr, format!("{NOTE}note: no turn runs\n"));
    assert_eq!(ended.code, Some(0));
}

#[test]
fn nothing_is_read_after_quit() {
    assert_eq!(answered("one\n/quit\ntwo\n"), "echo: one\n");
}

#[test]
fn help_lists_the_commands() {
    let help = answered("/help\n");
    for command in [
        "/help",
        "/new [NAME]",
        "/workers",
        "/switch N",
        "/model NAME",
        "/retry",
        "/reasoning",
        "/transcript",
        "/usage",
        "/cancel",
        "/quit",
    ] {
        assert!(help.lines().any(|line| line.starts_with(command)), "{command}");
    }
}

#[test]
fn a_line_that_is_not_text_is_a_usage_error() {
    let ended = chat(b"one\n\xff\n");
    assert_eq!(ended.stdout, "echo: one\n");
    assert!(ended.stderr.contains("UTF-8"), "{ended:?}");
    assert_eq!(ended.code, Some(2));
}

#[cfg(unix)]
#[test]
fn a_stdin_that_cannot_be_read_is_a_usage_error() {
    let folder = std::fs::File::open("/").expect("the root");
    let mut command = crate::process::yoi();
    let output = command.arg("chat").stdin(folder).output().expect("yoi runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read stdin"));
}

#[test]
fn a_closed_stdout_ends_it_quietly() {
    let mut process = Process::start(&["chat", "--echo-delay-ms", "5"]);
    process.write("word ".repeat(10_000) + "\n");
    process.until("echo: word ");
    process.close_stdout();
    let ended = process.end();
    assert_eq!(ended.stderr, NOTE);
    assert_eq!(ended.code, Some(0));
}

#[cfg(unix)]
#[test]
fn a_signal_cancels_the_turn_and_leaves() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut process = Process::start(&["chat", "--echo-delay-ms", "5"]);
        process.write("word ".repeat(10_000) + "\nnever said\n");
        process.until("echo: word ");
        process.signal(signal);
        let ended = process.wait();
        assert_eq!(ended.code, Some(code));
        assert!(!ended.stdout.contains("never said"));
    }
}

#[cfg(unix)]
#[test]
fn a_signal_without_a_turn_leaves() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut process = Process::start(&["chat"]);
        process.write("one\n");
        assert_eq!(process.line().as_deref(), Some("echo: one"));
        process.signal(signal);
        assert_eq!(process.wait().code, Some(code));
    }
}

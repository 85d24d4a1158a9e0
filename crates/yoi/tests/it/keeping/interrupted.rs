//! Answers that were interrupted.

use super::{Home, names};
use crate::{process::Process, terminal::Terminal};

/// Starts a run that is in the middle of a long answer.
fn in_mid_answer(home: &Home) -> Process {
    let text = "word ".repeat(2000);
    let mut run = home.start(&["run", "-p", "echo", "--echo-delay-ms", "20", &text]);
    run.close_stdin();
    run.until("echo: word word ");
    run
}

#[test]
fn what_had_come_before_ctrl_c_is_there_the_next_time() {
    let home = Home::new("ctrl_c");
    let run = in_mid_answer(&home);
    run.signal("INT");
    assert_eq!(run.wait().code, Some(130));
    let shown = home.ok(&["log", "show", &home.titles()[0]]);
    assert!(shown.contains("\nassistant (interrupted): echo: word word "), "{shown}");
    assert_eq!(home.ok(&["run", "--continue", "go on"]), "echo: go on\n");
}

#[test]
fn what_had_come_before_kill_9_is_there_the_next_time() {
    let home = Home::new("kill");
    let run = in_mid_answer(&home);
    let title = home.titles().remove(0);
    let running = home.ok(&["log", "show", &title]);
    assert!(running.contains("\nassistant (is being answered): echo: word word "), "{running}");
    run.signal("KILL");
    assert_eq!(run.wait().code, None);
    let interrupted = "\nassistant (interrupted): echo: word word ";
    assert!(home.ok(&["log", "show", &title]).contains(interrupted));
    let mut terminal = Terminal::spawn(home.command(&["chat", "--continue", "--no-history"]));
    let seen = terminal.until("1> ");
    assert!(seen.contains(&interrupted[1..]), "{seen:?}");
    terminal.line("go on");
    terminal.until("echo: ");
    terminal.until("1> ");
    terminal.line("/quit");
    assert_eq!(terminal.end().code, Some(0));
    // It stays, and goes with the conversation.
    assert!(home.ok(&["log", "show", &title]).contains(interrupted));
    assert!(home.ok(&["log", "search", "ECHO: WORD"]).contains(" assistant: echo: word"));
    home.ok(&["log", "delete", &title]);
    assert!(names(&home.talks()).is_empty(), "{:?}", names(&home.talks()));
}

#[test]
fn an_answer_that_has_ended_is_in_the_store_alone() {
    let home = Home::new("ended");
    home.ok(&["run", "-p", "echo", "hello"]);
    let run = in_mid_answer(&home);
    run.signal("TERM");
    assert_eq!(run.wait().code, Some(143));
    home.chat(&["-c"], "one\ntwo\n");
    let names = names(&home.talks());
    assert!(names.iter().all(|name| !name.ends_with(".answer")), "{names:?}");
}

#[test]
fn a_chat_that_is_left_in_mid_answer_keeps_what_had_come() {
    let home = Home::new("left");
    let mut command =
        home.command(&["chat", "-p", "echo", "--echo-delay-ms", "20", "--no-history"]);
    command.env("TERM", "xterm");
    let mut terminal = Terminal::spawn(command);
    terminal.until("1> ");
    terminal.line(&"word ".repeat(500));
    terminal.until("echo: word word ");
    terminal.line("/quit");
    assert_eq!(terminal.end().code, Some(0));
    let shown = home.ok(&["log", "show", &home.titles()[0]]);
    assert!(shown.contains("\nassistant (interrupted): echo: word word "), "{shown}");
}

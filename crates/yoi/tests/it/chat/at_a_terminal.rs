//! Tests of `yoi chat` at a terminal.

use std::{fs, io::Write, os::unix::fs::PermissionsExt};

use crate::{folder::folder, process::yoi, terminal::Terminal};

const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const ARROW_UP: &str = "\u{1b}[A";

/// A prompt with more words than any test waits for.
fn long_text() -> String {
    "word ".repeat(500)
}

/// Starts a chat that waits for its first line.
fn chat(arguments: &[&str]) -> Terminal {
    let mut terminal = Terminal::start(&[&["chat", "--no-history"], arguments].concat());
    terminal.until("1> ");
    terminal
}

/// Starts a chat and waits until it is in the middle of a long answer.
fn chat_with_running_turn() -> Terminal {
    let mut terminal = chat(&["--echo-delay-ms", "20"]);
    terminal.line(&long_text());
    terminal.until("echo: word ");
    terminal
}

#[track_caller]
fn leaves(terminal: Terminal, code: i32) {
    let ended = terminal.end();
    assert_eq!(ended.code, Some(code), "{}", ended.stdout);
}

#[test]
fn answers_stream_and_ctrl_d_leaves() {
    let mut terminal = chat(&["--echo-delay-ms", "20"]);
    terminal.line("one two three");
    for word in ["echo: ", "one ", "two ", "three\r\n", "1> "] {
        terminal.until(word);
    }
    terminal.keys(CTRL_D);
    leaves(terminal, 0);
}

#[test]
fn quit_leaves() {
    let terminal = chat(&[]);
    terminal.line("/quit");
    leaves(terminal, 0);
}

#[test]
fn ctrl_c_cancels_the_turn_and_keeps_what_had_come() {
    let mut terminal = chat_with_running_turn();
    terminal.keys(CTRL_C);
    terminal.until("the turn was cancelled; what had come stays, marked as interrupted\r\n");
    terminal.until("1> ");
    terminal.line("/transcript");
    terminal.until("assistant (interrupted): echo: word");
    terminal.until("1> ");
    terminal.line("go on");
    terminal.until("echo: go on\r\n");
    terminal.until("1> ");
    terminal.keys(CTRL_D);
    leaves(terminal, 0);
}

#[test]
fn ctrl_c_twice_leaves_after_a_turn() {
    let mut terminal = chat_with_running_turn();
    terminal.keys(CTRL_C);
    terminal.until("the turn was cancelled");
    terminal.until("1> ");
    terminal.keys(CTRL_C);
    leaves(terminal, 130);
}

#[test]
fn ctrl_c_twice_leaves_without_a_turn_and_a_line_in_between_counts() {
    let mut terminal = chat(&[]);
    for line in ["one", "two"] {
        terminal.keys("never said");
        terminal.until("never said");
        terminal.keys(CTRL_C);
        terminal.until("Ctrl-C again leaves, and so does Ctrl-D\r\n");
        terminal.until("1> ");
        terminal.line(line);
        terminal.until(&format!("echo: {line}\r\n"));
        terminal.until("1> ");
    }
    terminal.keys(CTRL_C);
    terminal.until("Ctrl-C again leaves");
    terminal.until("1> ");
    terminal.keys(CTRL_C);
    leaves(terminal, 130);
}

#[test]
fn a_command_typed_while_a_turn_runs_is_obeyed_at_once() {
    let mut terminal = chat_with_running_turn();
    terminal.line("/workers");
    terminal.until("* 1  running ");
    terminal.line("/cancel");
    terminal.until("the turn was cancelled");
    terminal.until("1> ");
    terminal.line("/quit");
    leaves(terminal, 0);
}

#[test]
fn text_typed_while_a_turn_runs_is_said_when_it_is_over() {
    let mut terminal = chat_with_running_turn();
    terminal.line("said later");
    terminal.until("1> said later");
    terminal.until("this is sent when the answer is complete");
    terminal.line("/cancel");
    terminal.until("the turn was cancelled");
    terminal.until("1> said later\r\n");
    terminal.until("echo: said later\r\n");
}

#[test]
fn quit_and_ctrl_d_leave_while_a_turn_runs() {
    for key in ["/quit\r", CTRL_D] {
        let mut terminal = chat_with_running_turn();
        terminal.keys(key);
        if key == CTRL_D {
            terminal.until("Ctrl-D again leaves and keeps what has come");
            terminal.keys(CTRL_D);
        }
        leaves(terminal, 0);
    }
}

#[test]
fn a_turn_that_was_left_behind_runs_on_and_is_shown_from_its_beginning() {
    let mut terminal = chat_with_running_turn();
    terminal.line("/new");
    terminal.until("2> ");
    terminal.line("/workers");
    terminal.until("  1  running ");
    terminal.until("* 2  idle ");
    terminal.until("2> ");
    terminal.line("/switch 1");
    terminal.until("echo: word word ");
    terminal.line("/cancel");
    terminal.until("the turn was cancelled");
    terminal.until("1> ");
}

#[test]
fn a_worker_in_the_background_says_when_it_is_done() {
    let mut terminal = chat(&["--echo-delay-ms", "50"]);
    terminal.line("a few words that take a while, and a few more");
    terminal.until("echo: ");
    terminal.line("/new");
    terminal.until("2> ");
    terminal.keys("half a line");
    terminal.until("2> half a line");
    terminal.until("Worker 1 is done: /switch 1 goes there, /transcript shows it\r\n");
    terminal.until("2> half a line");
}

#[test]
fn a_command_that_cannot_be_carried_out_says_why() {
    let path = folder("chat/refusals").join("profiles.toml");
    let profile = "provider = \"openai\"\nmodel = \"m\"\nkey = { env = \"YOI_NO_SUCH_KEY\" }";
    fs::write(&path, format!("[profiles.keyless]\n{profile}\n")).expect("a file");
    let mut command = yoi();
    command.args(["chat", "--no-history", "-p", "echo", "--profiles"]).arg(&path);
    let mut terminal = Terminal::spawn(command);
    terminal.until("1> ");
    for (line, problem) in [
        ("/new keyless", "keyless cannot be used: "),
        ("/model keyless", "keyless cannot be used: "),
        ("/new other", "there is no such profile: see `yoi profiles`"),
        ("/switch 9", "there is no Worker 9: see /workers"),
        ("/switch", "see /workers"),
        ("/nothing", "there is no command /nothing: see /help"),
    ] {
        terminal.line(line);
        let seen = terminal.until(problem);
        assert!(seen.contains("error:"), "{line}: {seen:?}");
        terminal.until("1> ");
    }
}

#[test]
fn what_turns_text_around_is_shown_and_sent_as_it_is() {
    let mut terminal = chat(&[]);
    terminal.keys("\u{1b}[200~a\u{202e}b\u{2066}c\u{1b}[201~");
    terminal.until("1> a\u{fffd}b\u{fffd}c");
    terminal.keys("\r");
    terminal.until("echo: a\u{fffd}b\u{fffd}c\r\n");
    terminal.until("1> ");
    terminal.line("/transcript");
    terminal.until("user: a\u{fffd}b\u{fffd}c\r\n");
}

#[test]
fn a_spinner_turns_until_the_first_word() {
    let mut terminal = chat(&["--echo-delay-ms", "500"]);
    terminal.line("one");
    terminal.until("\r| \r/ ");
    let seen = terminal.until("echo:");
    assert!(seen.ends_with("\r\u{1b}[K\r\u{1b}[K\u{1b}[?7lecho:"), "it is wiped away: {seen:?}");
}

#[test]
fn lines_may_come_from_elsewhere_and_what_they_say_cannot_control_the_terminal() {
    let (stdin, mut input) = std::io::pipe().expect("there is a pipe");
    input.write_all(b"\x1b[2J\n/transcript\n").expect("the pipe takes it");
    drop(input);
    let mut command = yoi();
    command.arg("chat").env("NO_COLOR", "1");
    let seen = Terminal::with_stdin(command, stdin).end().stdout;
    let note = "in which file\r\n";
    let shown = "echo: ␛[2J\r\nuser: ␛[2J\r\nassistant: echo: ␛[2J\r\n";
    assert!(seen.ends_with(&format!("{note}{shown}")), "there is no prompt: {seen:?}");
}

#[test]
fn lines_are_remembered_in_a_private_file() {
    let home = folder("chat/history");
    let start = |arguments: &[&str]| {
        let mut command = yoi();
        command.arg("chat").args(arguments).env("XDG_STATE_HOME", &home);
        let mut terminal = Terminal::spawn(command);
        terminal.until("1> ");
        terminal
    };

    let mut terminal = start(&["--no-history"]);
    terminal.line("not kept");
    terminal.until("echo: not kept\r\n");
    terminal.until("1> ");
    terminal.keys(CTRL_D);
    leaves(terminal, 0);
    assert!(!home.join("yoi").exists());

    let mut terminal = start(&[]);
    terminal.line("kept for later");
    terminal.until("echo: kept for later\r\n");
    terminal.until("1> ");
    terminal.keys(CTRL_D);
    leaves(terminal, 0);
    for (path, mode) in [("yoi", 0o700), ("yoi/chat_history", 0o600)] {
        let metadata = fs::metadata(home.join(path)).expect("it is there");
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{path}");
    }

    let mut terminal = start(&[]);
    terminal.keys(ARROW_UP);
    terminal.until("kept for later");
    terminal.keys("\r");
    terminal.until("echo: kept for later\r\n");
}

#[test]
fn a_home_that_does_not_exist_is_not_created() {
    let home = folder("chat/homeless").join("missing");
    let mut command = yoi();
    command.args(["chat", "-p", "echo"]).env("HOME", &home);
    for variable in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        command.env_remove(variable);
    }
    let mut terminal = Terminal::spawn(command);
    terminal.until("1> ");
    terminal.line("hello");
    terminal.until("echo: hello\r\n");
    terminal.until("1> ");
    terminal.keys(CTRL_D);
    leaves(terminal, 0);
    assert!(!home.exists());
}

#[test]
fn sigterm_leaves_the_terminal_as_it_was() {
    let mut terminal = chat(&[]);
    assert!(!terminal.is_as_it_was(), "a line is edited");
    terminal.signal("TERM");
    terminal.until("\u{1b}[?2004l");
    assert!(terminal.is_as_it_was());
    leaves(terminal, 143);
}

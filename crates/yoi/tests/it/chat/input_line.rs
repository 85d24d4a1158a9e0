//! Tests of the line that is typed at a terminal: nothing that is typed, pasted or printed is lost.

use std::{fs, time::Duration};

use mock_provider::{MockProvider, Reply, answers::CHAT};
use serde_json::Value;

use crate::{folder::folder, process::yoi, terminal::Terminal};

const CTRL_A: &str = "\u{1}";
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const CTRL_J: &str = "\n";
const CTRL_R: &str = "\u{12}";
const CTRL_Y: &str = "\u{19}";
const ALT_ENTER: &str = "\u{1b}\r";
const LEFT: &str = "\u{1b}[D";
const UP: &str = "\u{1b}[A";
const BACKSPACE: &str = "\u{7f}";

/// A chat with a server whose first answer does not end.
async fn chat_with_a_long_answer() -> (MockProvider, Terminal) {
    let long = Reply::events(&CHAT[..2]).hang();
    let mock = MockProvider::serve([long, Reply::events(&CHAT).end()]).await;
    let mut terminal = chat_with(&mock);
    terminal.line("begin");
    terminal.until("Hel");
    (mock, terminal)
}

fn chat_with(mock: &MockProvider) -> Terminal {
    let mut command = yoi();
    command.args(["chat", "--no-history", "--model", "m", "--base-url"]);
    command.arg(format!("{}/v1", mock.origin()));
    let mut terminal = Terminal::spawn(command);
    terminal.until("1> ");
    terminal
}

/// The messages of the user in a request, without those of before.
fn last_message(mock: &MockProvider) -> String {
    let requests = mock.requests();
    let (_, body) = requests.last().expect("a request").split_once("\r\n\r\n").expect("a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    let messages = body["messages"].as_array().expect("messages");
    messages.last().expect("one")["content"].as_str().expect("a text").to_owned()
}

/// Sends keys at the prompt, and returns the message that a server gets.
async fn message_of(keys: &[&str]) -> String {
    let mock = MockProvider::serve([Reply::events(&CHAT).end()]).await;
    let mut terminal = chat_with(&mock);
    for key in keys {
        terminal.keys(key);
        settle();
    }
    terminal.keys("\r");
    terminal.until("Hello\r\n");
    last_message(&mock)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_message_may_have_several_lines() {
    assert_eq!(message_of(&["first", ALT_ENTER, "second"]).await, "first\nsecond");
    assert_eq!(message_of(&["first", CTRL_J, "second"]).await, "first\nsecond");
    let pasted = "\u{1b}[200~one\rtwo\r\nthree\n\u{1b}[201~";
    assert_eq!(message_of(&["see: ", pasted, "end"]).await, "see: one\ntwo\nthree\nend");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_pasted_without_marks_is_one_message() {
    let mock = MockProvider::serve([Reply::events(&CHAT).end()]).await;
    let mut terminal = chat_with(&mock);
    terminal.keys("one\rtwo\rthree\r");
    terminal.until("Hello\r\n");
    assert_eq!(last_message(&mock), "one\ntwo\nthree");

    let mock = MockProvider::serve([Reply::events(&CHAT).end()]).await;
    let mut terminal = chat_with(&mock);
    let lines: Vec<String> = (0..300).map(|number| format!("line {number} of many")).collect();
    terminal.keys(&(lines.join("\r") + "\r"));
    terminal.until("Hello\r\n");
    assert_eq!(last_message(&mock), lines.join("\n"));
    assert_eq!(message_of(&["if a:\r\tb\r\t\tc"]).await, "if a:\n\tb\n\t\tc");
}

#[test]
fn a_message_that_is_longer_than_the_screen_is_printed_whole() {
    let mut terminal = Terminal::start(&["chat", "--no-history"]);
    terminal.until("1> ");
    let lines: Vec<String> = (0..40).map(|number| format!("line {number}")).collect();
    terminal.keys(&format!("\u{1b}[200~{}\u{1b}[201~", lines.join("\r")));
    terminal.until("line 39");
    terminal.keys("\r");
    terminal.until(&format!("1> {}\r\n", lines.join("\r\n   ")));
}

#[test]
fn what_the_shell_printed_stays_when_a_stopped_answer_goes_on() {
    for arguments in [&["chat", "--no-history"][..], &["run"]] {
        let mut command = yoi();
        command.args(arguments).args(["--echo-delay-ms", "30"]);
        if arguments == ["run"] {
            command.arg("word ".repeat(300));
        }
        let mut terminal = Terminal::spawn(command);
        if arguments != ["run"] {
            terminal.until("1> ");
            terminal.line(&"word ".repeat(300));
        }
        terminal.until("echo: word");
        terminal.signal("STOP");
        terminal.wait_until_stopped();
        terminal.signal("CONT");
        // The draft is shown in rows of its own, and nothing above it is cleared.
        let seen = terminal.until("\u{1b}[?7h\r\n");
        assert!(seen.matches("\u{1b}[?7h").count() < 50, "it is soon");
        terminal.until("\r\u{1b}[K\u{1b}[?7lecho: word");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_long_line_is_sent_whole() {
    let mock = MockProvider::serve([Reply::events(&CHAT).end()]).await;
    let mut terminal = chat_with(&mock);
    let long = "0123456789".repeat(8000);
    terminal.keys(&(long.clone() + "\r"));
    terminal.until("Hello\r\n");
    assert_eq!(last_message(&mock), long);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn keys_edit_the_line_while_an_answer_is_written() {
    let (mock, mut terminal) = chat_with_a_long_answer().await;
    terminal.keys("你好世界");
    terminal.until("1> 你好世界");
    for key in [LEFT, LEFT, BACKSPACE, "X"] {
        terminal.keys(key);
        settle();
    }
    terminal.until("1> 你X世界");
    terminal.keys("\r");
    terminal.until("this is sent when the answer is complete");
    terminal.line("/cancel");
    terminal.until("the turn was cancelled");
    terminal.until("Hello\r\n");
    assert_eq!(last_message(&mock), "你X世界");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_pasted_while_an_answer_is_written_is_one_message_and_no_command() {
    let (mock, mut terminal) = chat_with_a_long_answer().await;
    terminal.keys("\u{1b}[200~look at this:\r/quit\rend\u{1b}[201~");
    terminal.until("   end");
    terminal.keys("\r");
    terminal.until("this is sent when the answer is complete");
    terminal.line("/cancel");
    terminal.until("Hello\r\n");
    assert_eq!(last_message(&mock), "look at this:\n/quit\nend");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_answer_is_written_above_what_is_typed() {
    // The line is taken away, the answer goes on where it ended, and the line is shown again.
    for (arguments, between) in [
        (&["chat", "--no-history", "--echo-delay-ms", "40", "--plain"][..], "\u{1b}[K\u{1b}[1A"),
        (&["chat", "--no-history", "--echo-delay-ms", "40"], "\u{1b}[K\r\n\u{1b}[J\u{1b}[A"),
    ] {
        let mut terminal = Terminal::start(arguments);
        terminal.until("1> ");
        terminal.line(&"word ".repeat(200));
        terminal.until("echo: word ");
        terminal.keys("half a");
        terminal.until("1> half a");
        let more = terminal.until("1> half a");
        assert!(more.contains(between), "{more:?}");
        assert!(more.contains("word"), "{more:?}");
        terminal.keys(CTRL_C);
        terminal.until("the turn was cancelled");
        terminal.until("1> half a");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn ctrl_c_and_ctrl_d_bring_back_what_waits() {
    for key in [CTRL_C, CTRL_D] {
        let (_mock, mut terminal) = chat_with_a_long_answer().await;
        terminal.line("sent later");
        terminal.until("this is sent when the answer is complete");
        terminal.keys(key);
        let told =
            if key == CTRL_D { "Ctrl-D in an empty line leaves" } else { "the turn was cancelled" };
        terminal.until(told);
        terminal.until("1> sent later");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_ctrl_c_discards_comes_back() {
    for back in [UP, CTRL_Y] {
        let mut terminal = Terminal::start(&["chat", "--no-history"]);
        terminal.until("1> ");
        terminal.keys("half a thought");
        terminal.until("1> half a thought");
        terminal.keys(CTRL_C);
        terminal.until("Ctrl-C again leaves");
        terminal.until("1> ");
        terminal.keys(back);
        terminal.until("1> half a thought");
        terminal.keys("\r");
        terminal.until("echo: half a thought\r\n");
    }
}

#[test]
fn typing_between_two_ctrl_c_counts() {
    let mut terminal = Terminal::start(&["chat", "--no-history"]);
    terminal.until("1> ");
    for _ in 0..3 {
        terminal.keys(CTRL_C);
        terminal.until("Ctrl-C again leaves");
        terminal.until("1> ");
        terminal.keys("x");
        terminal.until("1> x");
    }
    terminal.keys(CTRL_C);
    terminal.until("Ctrl-C again leaves");
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end().code, Some(130));
}

#[test]
fn the_history_is_searched() {
    let home = folder("chat/search");
    let mut command = yoi();
    command.arg("chat").env("XDG_STATE_HOME", &home);
    let mut terminal = Terminal::spawn(command);
    terminal.until("1> ");
    for line in ["an apple", "a pear"] {
        terminal.line(line);
        terminal.until(&format!("echo: {line}\r\n"));
        terminal.until("1> ");
    }
    terminal.keys(CTRL_R);
    terminal.until("(search \"\")");
    terminal.keys("appl");
    terminal.until("(search \"appl\") an apple");
    terminal.keys("\r");
    terminal.until("echo: an apple\r\n");
}

#[test]
fn tab_completes_commands_and_files() {
    let here = folder("chat/complete");
    fs::write(here.join("notes of today.txt"), "").expect("a file");
    fs::write(here.join("recipe.txt"), "").expect("a file");
    let mut command = yoi();
    command.args(["chat", "--no-history"]).current_dir(&here);
    let mut terminal = Terminal::spawn(command);
    terminal.until("1> ");
    terminal.keys("/work\t");
    terminal.until("1> /workers ");
    terminal.keys("\r");
    terminal.until("* 1  idle");
    terminal.until("1> ");
    terminal.keys("read rec\t");
    terminal.until("1> read recipe.txt ");
    terminal.keys(CTRL_C);
    terminal.until("Ctrl-C again leaves");
    terminal.until("1> ");
    terminal.keys("/\t");
    settle();
    terminal.keys("\t");
    terminal.until("/help  /new  /workers");
}

#[test]
fn the_next_message_may_be_written_in_an_editor() {
    let here = folder("chat/editor");
    let script = here.join("editor");
    fs::write(&script, "printf 'written\\nelsewhere\\n' > \"$1\"\n").expect("a script");
    let mut command = yoi();
    command.args(["chat", "--no-history"]);
    command.env_remove("VISUAL").env("EDITOR", format!("sh {}", script.display()));
    let mut terminal = Terminal::spawn(command);
    terminal.until("1> ");
    terminal.line("/editor");
    terminal.until("1> written\r\n   elsewhere");
    terminal.keys("\r");
    terminal.until("echo: written\r\nelsewhere\r\n");
}

#[test]
fn a_stopped_chat_goes_on_where_it_was() {
    let mut terminal = Terminal::start(&["chat", "--no-history"]);
    terminal.until("1> ");
    terminal.keys("half a line");
    terminal.until("1> half a line");
    terminal.keys("\u{1a}");
    // The shell gets its terminal as it was. There is none here, so that the system does not stop it.
    terminal.until("\u{1b}[?2004l");
    terminal.until("\u{1b}[?2004h");
    terminal.until("1> half a line");
    terminal.signal("STOP");
    terminal.wait_until_stopped();
    terminal.signal("CONT");
    terminal.until("\u{1b}[?2004h");
    terminal.until("1> half a line");
    terminal.keys(CTRL_A);
    terminal.keys("this is ");
    terminal.until("1> this is half a line");
    terminal.keys("\r");
    terminal.until("echo: this is half a line\r\n");
}

#[test]
fn another_size_of_the_terminal_shows_the_line_again() {
    let mut terminal = Terminal::start(&["chat", "--no-history"]);
    terminal.until("1> ");
    terminal.keys(&"x".repeat(100));
    terminal.until(&("1> ".to_owned() + &"x".repeat(77) + "\r\n" + &"x".repeat(23)));
    terminal.resize(24, 60);
    // The terminal has broken the first row into two, so that two rows above the cursor are cleared.
    terminal.until("\r\u{1b}[2A\u{1b}[K");
    terminal.until(&("1> ".to_owned() + &"x".repeat(57) + "\r\n" + &"x".repeat(43)));
    terminal.keys("\r");
    terminal.until(&"x".repeat(100));
}

/// A pause in which whatever was typed is taken, as between two keys of a person.
fn settle() {
    std::thread::sleep(Duration::from_millis(50));
}

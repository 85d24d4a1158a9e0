//! Tests at a terminal while a model answers.

use mock_provider::{MockProvider, Reply, answers::CHAT, answers::CHAT_HEL};
use serde_json::json;

use super::asking;
use crate::terminal::Terminal;

const CTRL_C: &str = "\u{3}";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn ctrl_c_stops_the_server_and_the_conversation_goes_on_with_what_had_come() {
    let unfinished = Reply::events(&[CHAT_HEL]).hang();
    let mock = MockProvider::serve([unfinished, Reply::events(&CHAT).end()]).await;
    let mut command = asking(&mock, "chat");
    command.arg("--no-history");
    let mut terminal = Terminal::spawn(command);
    terminal.until("1> ");
    terminal.line("one");
    terminal.until("Hel");
    terminal.keys(CTRL_C);
    mock.wait_for_leavers(1).await;
    terminal.until("the turn was cancelled; what had come stays, marked as interrupted");
    terminal.until("1> ");
    terminal.line("two");
    terminal.until("Hello\r\n");
    let message = |role: &str, content: &str| json!({ "role": role, "content": content });
    assert_eq!(
        mock.bodies()[1]["messages"],
        json!([message("user", "one"), message("assistant", "Hel"), message("user", "two")])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn ctrl_c_leaves_while_the_next_attempt_is_waited_for() {
    let limited = Reply::json("429 X", &["retry-after: 59"], "");
    let mock = MockProvider::serve([limited]).await;
    let mut command = asking(&mock, "run");
    command.arg("hello");
    let mut terminal = Terminal::spawn(command);
    terminal.until("the next attempt is within ");
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end().code, Some(130));
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_spinner_turns_while_the_model_is_silent() {
    let mock = MockProvider::serve([Reply::events(&[]).hang()]).await;
    let mut command = asking(&mock, "run");
    command.arg("hello");
    let mut terminal = Terminal::spawn(command);
    terminal.until("\r| \r/ ");
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end().code, Some(130));
}

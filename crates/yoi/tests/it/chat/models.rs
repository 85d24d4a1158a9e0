//! Tests of `/model` and `/retry`.

use std::fs;

use mock_provider::{MockProvider, Reply, answers::CHAT};
use serde_json::Value;

use crate::{folder::folder, process::yoi, terminal::Terminal};

const CTRL_D: &str = "\u{4}";

fn bodies(mock: &MockProvider) -> Vec<Value> {
    let requests = mock.requests();
    let bodies = requests.iter().map(|request| request.split_once("\r\n\r\n").expect("a body").1);
    bodies.map(|body| serde_json::from_str(body).expect("JSON")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn another_model_answers_from_the_next_message_on() {
    let mock = MockProvider::serve([(); 4].map(|()| Reply::events(&CHAT).end())).await;
    let store = folder("chat/model").join("talks.sqlite");
    let start = |more: &[&str]| {
        let mut command = yoi();
        command.args(["chat", "--no-history", "--store"]).arg(&store).args(more);
        let mut terminal = Terminal::spawn(command);
        terminal.until("1> ");
        terminal
    };
    let mut terminal = start(&["-m", "small", "--base-url", &format!("{}/v1", mock.origin())]);
    let say = |terminal: &mut Terminal, line: &str, until: &str| {
        terminal.line(line);
        terminal.until(until);
        terminal.until("1> ");
    };
    say(&mut terminal, "one", "Hello\r\n");
    say(&mut terminal, "/model", "small of openai answers");
    say(
        &mut terminal,
        "/model vendor/large",
        "from the next message on, the model is vendor/large",
    );
    say(&mut terminal, "two", "Hello\r\n");
    say(&mut terminal, "/model", "vendor/large of openai answers");
    say(&mut terminal, "/model small", "the model is small");
    say(&mut terminal, "/model vendor/large", "the model is vendor/large");
    say(&mut terminal, "three", "Hello\r\n");
    terminal.keys(CTRL_D);
    assert_eq!(terminal.end().code, Some(0));

    // The conversation goes on with the model that answered last.
    let mut terminal = start(&["--continue"]);
    say(&mut terminal, "four", "Hello\r\n");
    let models: Vec<String> = bodies(&mock).iter().map(|it| it["model"].to_string()).collect();
    let (small, large) = ("\"small\"", "\"vendor/large\"");
    assert_eq!(models, [small, large, large, large]);
}

#[test]
fn a_profile_can_be_named_and_echo_has_no_models() {
    let home = folder("chat/model-of-profile");
    let path = home.join("profiles.toml");
    fs::write(&path, "[profiles.a]\nprovider = \"echo\"\n").expect("a file");
    let mut command = yoi();
    command.args(["chat", "--no-history", "--profiles"]).arg(&path);
    let mut terminal = Terminal::spawn(command);
    terminal.until("1> ");
    terminal.line("/model large");
    terminal.until("no provider for the model \"large\"");
    terminal.until("1> ");
    terminal.line("/model a");
    terminal.until("from the next message on, the model is a");
    terminal.until("1> ");
    terminal.line("still here");
    terminal.until("echo: still here\r\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_message_that_failed_is_sent_again_and_given_once() {
    let refused = || Reply::json("400 Bad Request", &[], r#"{"error":{"message":"no"}}"#);
    let replies = [refused(), refused(), Reply::events(&CHAT).end()];
    let mock = MockProvider::serve(replies).await;
    let mut command = yoi();
    command.args(["chat", "--no-history", "-m", "m", "--base-url"]);
    command.arg(format!("{}/v1", mock.origin()));
    let mut terminal = Terminal::spawn(command);
    terminal.until("1> ");
    terminal.line("/retry");
    terminal.until("nothing was said yet");
    terminal.until("1> ");
    terminal.line("the question");
    terminal.until("/retry sends the message again");
    terminal.until("1> ");
    terminal.line("/retry");
    terminal.until("/retry sends the message again");
    terminal.until("1> ");
    terminal.line("/retry");
    terminal.until("Hello\r\n");
    let messages = bodies(&mock).last().expect("a request")["messages"].clone();
    let expected = serde_json::json!([{ "role": "user", "content": "the question" }]);
    assert_eq!(messages, expected);
    terminal.until("1> ");
    terminal.line("/retry");
    terminal.until("the last message was answered");
}

//! Tests of answers at a terminal: Markdown is formatted, reasoning is shown on request, and nothing is
//! lost.

use mock_provider::{MockProvider, Reply};
use serde_json::json;

use crate::{
    process::{Process, yoi},
    terminal::Terminal,
};

const CTRL_C: &str = "\u{3}";

/// An answer of chat completions in pieces: reasoning if the field says so, and text.
fn answer(pieces: &[(&str, &str)]) -> Reply {
    let chunk = |(field, text): &(&str, &str)| {
        json!({ "choices": [{ "index": 0, "delta": { *field: text } }] }).to_string()
    };
    let pieces = pieces.iter().map(chunk);
    let stop = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    let reply = pieces.fold(Reply::events(&[]), |reply, piece| reply.event(&piece));
    reply.event(&stop.to_string()).event("[DONE]").end()
}

fn reasons() -> Reply {
    let (think, say) = ("reasoning_content", "content");
    answer(&[(think, "first\nthe"), (think, "n"), (say, "the "), (say, "answer")])
}

fn with(mock: &MockProvider, command: &str, more: &[&str]) -> Terminal {
    let mut yoi = yoi();
    yoi.args([command, "--model", "m", "--base-url", &format!("{}/v1", mock.origin())]);
    Terminal::spawn({
        yoi.args(more);
        yoi
    })
}

#[test]
fn markdown_is_formatted_at_a_terminal_and_nowhere_else() {
    let text = "a **b** `c`\n\n- d\n- e";
    let formatted = "echo: a \u{1b}[1mb\u{1b}[0m \u{1b}[36mc\u{1b}[0m\r\n\r\n\
                     \u{1b}[2m• \u{1b}[0md\r\n\u{1b}[2m• \u{1b}[0me\r\n";
    let seen = Terminal::start(&["run", text]).end().stdout;
    assert!(seen.ends_with(formatted), "{seen:?}");
    let plain = "echo: a **b** `c`\r\n\r\n- d\r\n- e\r\n";
    assert!(Terminal::start(&["run", "--plain", text]).end().stdout.ends_with(plain));
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let mut command = yoi();
        command.args(["run", text]).env(name, value);
        let seen = Terminal::spawn(command).end().stdout;
        assert!(seen.ends_with(plain), "{name}: {seen:?}");
    }
    assert_eq!(Process::start(&["run", text]).end().stdout, format!("echo: {text}\n"));
}

#[test]
fn what_was_written_of_an_answer_stays_when_the_chat_is_left() {
    for keys in ["\u{4}\u{4}", "/quit\r", "\u{3}\u{3}"] {
        let mut terminal = Terminal::start(&["chat", "--no-history", "--echo-delay-ms", "30"]);
        terminal.until("1> ");
        terminal.line(&"word ".repeat(300));
        terminal.until("echo: word word word");
        terminal.keys(keys);
        let rest = terminal.end().stdout;
        let last = rest.rsplit("echo:").next().unwrap_or_default();
        assert!(last.contains("word word"), "{keys:?}: {rest:?}");
        let shown = rest.trim_end_matches("\u{1b}[?2004l");
        assert!(shown.ends_with('\n'), "the shell's prompt has a line of its own: {rest:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn reasoning_is_shown_on_request() {
    let mock = MockProvider::serve([reasons(), reasons(), reasons(), reasons()]).await;
    let seen = with(&mock, "run", &["q"]).end().stdout;
    assert!(seen.ends_with("the answer\r\n") && !seen.contains("first"), "{seen:?}");
    let seen = with(&mock, "run", &["--reasoning", "q"]).end().stdout;
    assert!(seen.contains("\u{1b}[2m\u{1b}[3mfirst\u{1b}[0m\r\n"), "{seen:?}");
    assert!(seen.contains("then\u{1b}[0m\r\n\r\n"), "{seen:?}");
    assert!(seen.ends_with("the answer\r\n"), "{seen:?}");

    let base_url = format!("{}/v1", mock.origin());
    let piped = ["run", "--reasoning", "-m", "m", "--base-url", &base_url, "q"];
    let ended = Process::start(&piped).end();
    assert_eq!((&*ended.stdout, ended.stderr.contains("first\nthen\n")), ("the answer\n", true));

    let mut terminal = with(&mock, "chat", &["--no-history"]);
    terminal.until("1> ");
    terminal.line("/reasoning");
    terminal.until("reasoning is shown from the next answer on");
    terminal.until("1> ");
    terminal.line("q");
    terminal.until("first");
    terminal.until("the answer");
    terminal.until("1> ");
    terminal.line("/reasoning");
    terminal.until("reasoning is hidden");
    terminal.keys(CTRL_C);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_long_block_is_shown_while_it_grows_and_whole_at_its_end() {
    let lines: Vec<String> = (0..60).map(|number| format!("- item {number}\n")).collect();
    let pieces: Vec<(&str, &str)> = lines.iter().map(|line| ("content", &**line)).collect();
    let mock = MockProvider::serve([answer(&pieces)]).await;
    let seen = with(&mock, "run", &["q"]).end().stdout;
    let last = seen.rsplit("\u{1b}[J\u{1b}[A").next().unwrap_or_default();
    for number in 0..60 {
        assert!(last.contains(&format!("item {number}\r\n")), "{number}: {last:?}");
    }
}

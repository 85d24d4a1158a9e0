//! Tests of answers that show nothing, or less than the model gave.

use mock_provider::{MockProvider, Reply};

use super::{asking, end};

/// An event of chat completions.
fn part(delta: &str, finish: &str) -> String {
    format!(r#"{{"choices":[{{"delta":{{{delta}}},"finish_reason":"{finish}"}}]}}"#)
}

const CALL: &str = r#""tool_calls":[{"index":0,"function":{"name":"look","arguments":"{}"}}]"#;
const TEXT: &str = r#""content":"Hello""#;
const REASONING: &str = r#""reasoning_content":"hm""#;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_answer_that_shows_nothing_is_told_with_its_reason() {
    for (delta, finish, stdout, note) in [
        ("", "stop", "", "there is no answer: the model stopped without any text"),
        (r#""content":" \n""#, "stop", " \n", "the answer has only spaces"),
        (REASONING, "stop", "", "there is no answer: the model only reasoned"),
        (CALL, "tool_calls", "", "there is no answer: the model called a tool"),
        (CALL, "stop", "", "there is no answer: the model called a tool"),
        ("", "length", "", "there is no answer: the limit of tokens was reached"),
        (REASONING, "length", "", "there is no answer: the model's reasoning alone reached"),
        ("", "content_filter", "", "there is no answer: the provider's content filter"),
        ("", "refusal", "", "there is no answer: the model refused"),
        ("", "tired", "", "there is no answer: the model stopped for a reason that is not known"),
        (TEXT, "tool_calls", "Hello\n", "the model then called a tool"),
        (TEXT, "length", "Hello\n", "the answer was cut off at the limit of tokens"),
    ] {
        for (command, arguments) in
            [("run", &["hello"][..]), ("run", &["--json", "hello"]), ("chat", &[])]
        {
            let parts = [part(delta, ""), part("", finish)];
            let parts = [&*parts[0], &*parts[1], "[DONE]"];
            let mock = MockProvider::serve([Reply::events(&parts).end()]).await;
            let stdin = if command == "chat" { "hello\n" } else { "" };
            let ended = end(asking(&mock, command).args(arguments), stdin);
            assert!(ended.stderr.starts_with(&format!("note: {note}")), "{note}: {ended:?}");
            assert_eq!((ended.stderr.lines().count(), ended.code), (1, Some(0)), "{ended:?}");
            if !arguments.contains(&"--json") {
                assert_eq!(ended.stdout, stdout, "{note}");
            }
        }
    }
}

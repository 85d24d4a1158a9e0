//! Tests of answers and failures of a provider.

use std::fs;

use mock_provider::{
    MockProvider, Reply,
    answers::{ANTHROPIC, CHAT, CHAT_HEL, GEMINI, OLLAMA, RESPONSES},
};
use serde_json::{Value, json};

use super::{KEY, asking, checked, end};
use crate::{
    folder::folder,
    process::{Process, yoi},
};

/// An error response with a key that no output may repeat.
fn refused(status: &str, headers: &[&str], code: &str) -> Reply {
    let error = json!({ "error": { "message": format!("body with {KEY}"), "code": code } });
    Reply::json(status, headers, &error.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn each_protocol_is_spoken_with_its_key() {
    let bearer = format!("authorization: Bearer {KEY}");
    for (kind, reply, path, head, key) in [
        ("openai", Reply::events(&CHAT), "/v1", "/v1/chat/completions", &bearer),
        ("openai-responses", Reply::events(&RESPONSES), "/v1", "/v1/responses", &bearer),
        ("anthropic", Reply::events(&ANTHROPIC), "", "/v1/messages", &format!("x-api-key: {KEY}")),
        (
            "gemini",
            Reply::events(&GEMINI),
            "",
            "/v1beta/models/m:streamGenerateContent?alt=sse",
            &format!("x-goog-api-key: {KEY}"),
        ),
        ("ollama", Reply::lines(&OLLAMA), "", "/api/chat", &bearer),
    ] {
        let mock = MockProvider::serve([reply.end()]).await;
        let base_url = format!("{}{path}", mock.origin());
        let mut command = yoi();
        command
            .args(["run", "--provider", kind, "--base-url", &base_url, "--model", "m", "hello"])
            .args(["--key-env", "TEST_KEY"])
            .env("TEST_KEY", KEY);
        let ended = end(&mut command, "");
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("Hello\n", ""), "{kind}");
        assert_eq!(ended.code, Some(0));
        let request = &mock.requests()[0];
        assert!(request.starts_with(&format!("POST {head} HTTP/1.1\r\n")), "{request}");
        assert!(request.contains(&format!("{key}\r\n")), "{request}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn json_has_reasoning_and_tokens_and_no_key() {
    let unfinished = Reply::events(&RESPONSES[..5]).hang();
    let mock = MockProvider::serve([unfinished, Reply::events(&RESPONSES).end()]).await;
    let mut command = asking(&mock, "run");
    command.args(["--provider", "openai-responses", "--json", "hello"]);
    let mut process = Process::spawn(&mut command);
    process.close_stdin();
    let mut next = |wanted: &str| loop {
        let item = process.json();
        if item["type"] == wanted {
            return item;
        }
    };
    assert_eq!(next("reasoning_delta")["text"], "hm");
    assert_eq!(next("text_delta")["text"], "Hel");

    let ended = end(&mut command, "");
    let last = ended.stdout.lines().last().expect("there is an end");
    let completed: Value = serde_json::from_str(last).expect("it is JSON");
    assert_eq!(completed["type"], "turn_completed");
    assert_eq!(completed["entry"]["text"], "Hello");
    let usage = &completed["usage"];
    let tokens = [
        &usage["input_tokens"],
        &usage["cached_input_tokens"],
        &usage["output_tokens"],
        &usage["reasoning_tokens"],
    ];
    assert_eq!(tokens, [40, 32, 5, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_key_that_is_refused_is_explained() {
    let mock = MockProvider::serve([refused("401 Unauthorized", &[], "invalid_api_key")]).await;
    let ended = end(asking(&mock, "run").arg("hello"), "");
    assert_eq!(
        ended.stderr,
        "error: the provider did not accept the key (HTTP 401); check the key, and that it is for \
         this address\n  the provider said: \"body with [redacted]\" (code invalid_api_key)\n"
    );
    assert_eq!((ended.stdout.as_str(), ended.code), ("", Some(1)));
    assert_eq!(mock.requests().len(), 1);

    let ended = end(asking(&mock, "run").args(["--json", "hello"]), "");
    let last = ended.stdout.lines().last().expect("there is an end");
    let failed: Value = serde_json::from_str(last).expect("it is JSON");
    assert_eq!(
        (&failed["type"], &failed["error"]["kind"]),
        (&json!("turn_failed"), &json!("authentication"))
    );
    let said =
        json!({ "status": 401, "code": "invalid_api_key", "message": "body with [redacted]" });
    assert_eq!(failed["error"]["provider"], said);
    assert_eq!(ended.code, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn too_many_requests_are_tried_again_and_then_left_for_later() {
    let limited = refused("429 Too Many Requests", &["retry-after-ms: 40"], "rate_limit_exceeded");
    let mock = MockProvider::serve([limited.clone()]).await;
    let ended = end(asking(&mock, "run").arg("hello"), "");
    let problem = "too many requests (HTTP 429, it asks to wait 40ms); wait and try again";
    let said = "  the provider said: \"body with [redacted]\" (code rate_limit_exceeded)\n";
    let note = format!("note: {problem}; the next attempt is within 1 s\n{said}");
    assert_eq!(ended.stderr, format!("{note}{note}error: {problem}\n{said}"));
    assert_eq!((ended.stdout.as_str(), ended.code), ("", Some(75)));
    assert_eq!(mock.requests().len(), 3);

    let mock = MockProvider::serve([limited, Reply::events(&CHAT).end()]).await;
    let ended = end(asking(&mock, "run").arg("hello"), "");
    assert_eq!((ended.stdout, ended.stderr), ("Hello\n".to_owned(), note));
    assert_eq!(ended.code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_provider_says_does_no_harm_to_a_terminal() {
    let message = "\u{1b}]0;title\u{7}\u{202e}no\nerror: forged";
    let body = json!({ "error": { "message": message, "type": "\u{9b}2Jbad\u{2066}" } });
    let reply = Reply::json("400 Bad Request", &["x-request-id: req_1"], &body.to_string());
    let mock = MockProvider::serve([reply]).await;
    let ended = end(asking(&mock, "run").arg("hello"), "");
    let said = "  the provider said: \"]0;titleno error: forged\" (type 2Jbad, request id req_1)\n";
    assert!(ended.stderr.ends_with(said), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 2, "{ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_end_for_an_unknown_reason_is_told() {
    let finish = r#"{"choices":[{"delta":{},"finish_reason":"tired"}]}"#;
    let mock = MockProvider::serve([Reply::events(&[CHAT_HEL, finish, "[DONE]"]).end()]).await;
    for command in ["run", "chat"] {
        let ended = end(&mut asking(&mock, command), "hello\n");
        let note = "note: the model stopped for a reason that is not known\n";
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("Hel\n", note), "{command}");
        assert_eq!(ended.code, Some(0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_answer_that_breaks_off_keeps_its_text() {
    let mock = MockProvider::serve([Reply::events(&[CHAT_HEL])]).await;
    let ended = end(&mut asking(&mock, "chat"), "hello\n/transcript\n");
    assert_eq!(ended.stdout, "Hel\nuser: hello\nassistant (interrupted): Hel\n");
    let expected = "error: the provider's answer broke off before its end; try again\n";
    assert_eq!((ended.stderr.as_str(), ended.code), (expected, Some(75)));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sigint_stops_the_server_in_the_middle_of_its_answer() {
    for command in ["run", "chat"] {
        let mock = MockProvider::serve([Reply::events(&[CHAT_HEL]).hang()]).await;
        let mut process = Process::spawn(&mut asking(&mock, command));
        process.write("hello\n");
        if command == "run" {
            process.close_stdin();
        }
        process.until("Hel");
        process.signal("INT");
        mock.wait_for_leavers(1).await;
        let ended = checked(process.wait());
        assert_eq!((ended.stdout.as_str(), ended.code), ("\n", Some(130)), "{command}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_conversation_is_told_to_the_model_and_counted() {
    let mock = MockProvider::serve([Reply::events(&CHAT).end()]).await;
    let mut command = asking(&mock, "chat");
    let ended = end(command.args(["--system", "Be brief."]), "one\ntwo\n/usage\n");
    let usage = "80 input tokens (64 cached), 10 output tokens (6 reasoning)\n";
    assert!(ended.stdout.starts_with("Hello\nHello\nthis Worker: 2 turns in "), "{ended:?}");
    assert!(ended.stdout.ends_with(usage), "{ended:?}");
    assert_eq!((ended.stderr.as_str(), ended.code), ("", Some(0)));
    let message = |role: &str, content: &str| json!({ "role": role, "content": content });
    let second = &mock.bodies()[1];
    assert_eq!(second["model"], "m");
    assert_eq!(
        second["messages"],
        json!([
            message("system", "Be brief."),
            message("user", "one"),
            message("assistant", "Hello"),
            message("user", "two"),
        ])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_conversation_that_is_too_long_is_shortened_and_that_is_said_once() {
    let answer = Reply::events(&CHAT).end();
    let too_long = refused("400 Bad Request", &[], "context_length_exceeded");
    let mock = MockProvider::serve([answer.clone(), too_long, answer]).await;
    let ended = end(&mut asking(&mock, "chat"), "a longer first line\ntwo\nthree\n");
    assert_eq!(ended.stdout, "Hello\nHello\nHello\n");
    assert_eq!(
        ended.stderr,
        "note: the conversation did not fit into the model's context: tried again with the newest \
         2 messages, without 1\n"
    );
    assert_eq!(ended.code, Some(0));
    let told: Vec<usize> = mock
        .bodies()
        .iter()
        .map(|body| body["messages"].as_array().expect("there are messages").len())
        .collect();
    assert_eq!(told, [1, 3, 2, 5]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn ping_tells_profiles_that_work_from_those_that_do_not() {
    let works = MockProvider::serve([Reply::events(&CHAT).end()]).await;
    let refuses = MockProvider::serve([refused("401 X", &[], "")]).await;
    let profiles = folder("providers/ping").join("profiles.toml");
    let profile = |name: &str, mock: &MockProvider| {
        let origin = mock.origin();
        format!(
            "[profiles.{name}]\nprovider = \"openai\"\nmodel = \"m\"\nbase_url = \"{origin}/v1\"\n\
             key = {{ env = \"TEST_KEY\" }}\nheaders = {{ x-title = \"a secret\" }}\n"
        )
    };
    let text = profile("refuses", &refuses) + &profile("works", &works);
    fs::write(&profiles, text).expect("the file can be written");
    let mut command = yoi();
    command.args(["profiles", "--ping", "--profiles"]).arg(&profiles).env("TEST_KEY", KEY);
    let ended = end(&mut command, "");
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let problem = "the provider did not accept the key (HTTP 401)";
    assert!(lines[0].contains(problem), "{ended:?}");
    assert!(lines[1].contains(&format!("{}/v1: ok, answered within ", works.origin())));
    assert_eq!((lines.len(), ended.code), (2, Some(1)));
    assert!(works.requests()[0].contains("x-title: a secret\r\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn rpc_answers_with_the_model() {
    let mock = MockProvider::serve([Reply::events(&CHAT).end()]).await;
    let mut process = Process::spawn(&mut asking(&mock, "rpc"));
    let call = |id: u32, method: &str, params: Value| {
        json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string() + "\n"
    };
    let input = json!({ "kind": "user", "text": "hello" });
    process.write(call(1, "create_worker", json!({ "initial_input": input })));
    let created = process.json();
    let worker = &created["result"]["detail"]["worker"];
    let turn_id = &created["result"]["receipt"]["turn_id"];
    let turn = json!({ "type": "id", "turn_id": turn_id });
    let wait = json!({ "worker": worker, "turn": turn, "wait_ms": 60_000 });
    process.write(call(2, "get_turn", wait));
    let turn = process.json();
    assert_eq!(turn["result"]["turn"]["model"], "m", "{turn}");
    assert_eq!(turn["result"]["answer"]["text"], "Hello", "{turn}");
    let ended = checked(process.end());
    assert_eq!((ended.stderr.as_str(), ended.code), ("", Some(0)));
}

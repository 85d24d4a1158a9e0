//! Tests of what flags and profiles add to requests, and of their limits.

use std::{fs, process::Command};

use mock_provider::{MockProvider, Reply, answers::CHAT};
use serde_json::json;

use super::{KEY, asking, end};
use crate::{folder::folder, process::yoi};

async fn mock() -> MockProvider {
    MockProvider::serve([Reply::events(&CHAT).end()]).await
}

#[track_caller]
fn answered(command: &mut Command) {
    let ended = end(command, "");
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("Hello\n", ""));
}

#[track_caller]
fn refused(command: &mut Command, part: &str) {
    let ended = end(command, "");
    assert!(ended.stderr.contains(part), "{ended:?}");
    assert_eq!((ended.stdout.as_str(), ended.code), ("", Some(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn flags_add_fields_and_headers() {
    let mock = mock().await;
    let file = folder("providers/header-file").join("h");
    fs::write(&file, "c\n").expect("the file can be written");
    let mut command = asking(&mock, "run");
    command
        .args(["--extra", "options.num_ctx=8192", "--extra", "user=notes", "--extra", "n=null"])
        .args(["--header", "x-title: a b", "--header-env", "x-env=TEST_HEADER", "--header-file"])
        .arg(format!("x-file={}", file.display()))
        .env("TEST_HEADER", "b");
    answered(command.arg("hello"));
    let body = mock.bodies().remove(0);
    assert_eq!((&body["options"], &body["user"]), (&json!({"num_ctx": 8192}), &json!("notes")));
    for header in ["x-title: a b", "x-env: b", "x-file: c"] {
        assert!(mock.requests()[0].contains(&format!("\r\n{header}\r\n")), "{header}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_cannot_be_added_is_refused_without_its_value() {
    let mock = mock().await;
    for (flags, part) in [
        (["--extra", "stream=false"], "extra field \"stream\" belongs to the conversation"),
        (["--extra", "x"], "--extra is KEY=VALUE"),
        (
            ["--header", &format!("Authorization: Bearer {KEY}")],
            "--header-env Authorization=VARIABLE",
        ),
        (["--header", KEY], "--header is NAME and VALUE"),
        (["--header-env", &format!("x-a={KEY}")], "is the name of an environment variable"),
        (["--header-env", "x-a"], "--header-env is NAME=VARIABLE"),
    ] {
        refused(asking(&mock, "run").args(flags).arg("hello"), part);
    }
    let mut echo = yoi();
    refused(echo.args(["run", "-p", "echo", "--extra", "a=1", "hello"]), "--extra, --header");
    assert!(mock.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_profile_says_all_of_a_request() {
    let mock = mock().await;
    let path = folder("providers/all-of-a-request").join("profiles.toml");
    let profile = format!(
        "[profiles.p]\nprovider = \"openrouter\"\nmodel = \"m\"\n\
         base_url = \"{}/api/v1/chat/completions?tenant={KEY}\"\nauth = \"api-key\"\n\
         key = {{ env = \"TEST_KEY\" }}\nextra = {{ provider = {{ order = [\"a\"] }} }}\n\
         compatibility.stream_options = false\n\
         [profiles.p.sampling]\nreasoning_effort = \"low\"\nseed = 7\ntop_k = 40\n",
        mock.origin()
    );
    fs::write(&path, profile).expect("the file can be written");
    let with = |arguments: &[&str]| {
        let mut command = yoi();
        command.args(arguments).arg("--profiles").arg(&path).env("TEST_KEY", " Bearer key\n");
        command
    };
    answered(&mut with(&["run", "--profile", "p", "hello"]));
    assert_eq!(
        mock.bodies().remove(0),
        json!({
            "model": "m", "messages": [{"role": "user", "content": "hello"}], "stream": true,
            "top_k": 40, "seed": 7, "reasoning": {"effort": "low"}, "provider": {"order": ["a"]},
        })
    );
    let request = mock.requests().remove(0);
    let head = format!("POST /api/v1/chat/completions?tenant={KEY} HTTP/1.1\r\n");
    assert!(request.starts_with(&head) && request.contains("\r\napi-key: key\r\n"), "{request}");

    let listed = end(&mut with(&["profiles"]), "");
    let shown = format!("openrouter m at {}/api/v1/chat/completions?…: ok", mock.origin());
    assert!(listed.stdout.contains(&shown), "{listed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn flags_say_how_often_and_how_long_a_call_is_tried() {
    let busy = MockProvider::serve([Reply::status("503 X", &[])]).await;
    let mut command = asking(&busy, "run");
    assert_eq!(end(command.args(["--retries", "0", "hello"]), "").code, Some(75));
    assert_eq!(busy.requests().len(), 1);

    let silent = MockProvider::serve([Reply::stream("text/event-stream").hang()]).await;
    let mut command = asking(&silent, "run");
    command.args(["--retries", "0", "--first-event-ms", "50", "hello"]);
    let ended = end(&mut command, "");
    assert!(ended.stderr.contains("50"), "{ended:?}");
    refused(asking(&silent, "run").args(["--idle-ms", "0", "hello"]), "--idle-ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sampling_is_set_by_flags() {
    let mock = MockProvider::serve([Reply::events(&CHAT).end()]).await;
    let ended = end(asking(&mock, "run").args(["hello", "-t", "0.5", "--max-tokens", "7"]), "");
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("Hello\n", ""));
    let body = &mock.bodies()[0];
    assert_eq!((&body["temperature"], &body["max_tokens"]), (&0.5.into(), &7.into()), "{body}");
}

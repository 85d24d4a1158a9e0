//! Tests of the choice of a provider, its address and its key.

use std::{fs, path::PathBuf, process::Command};

use mock_provider::{MockProvider, Reply, answers::CHAT};

use super::{KEY, end};
use crate::{folder::folder, process::yoi};

async fn mock() -> MockProvider {
    MockProvider::serve([Reply::events(&CHAT).end()]).await
}

fn run(arguments: &[&str]) -> Command {
    let mut command = yoi();
    command.args(["run", "hello"]).args(arguments);
    command
}

/// The only request to `mock`. Checks that there is no other.
#[track_caller]
fn request(command: &mut Command, mock: &MockProvider) -> String {
    let ended = end(command, "");
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("Hello\n", ""));
    let mut requests = mock.requests();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

/// Checks that a command is refused before it sends a request, with a message that has `part`.
#[track_caller]
fn refused(command: &mut Command, part: &str) {
    let ended = end(command, "");
    assert!(ended.stderr.contains(part), "{ended:?}");
    assert_eq!((ended.stdout.as_str(), ended.code), ("", Some(2)));
}

/// Creates a profiles file with one profile, which is the default.
fn profiles(test: &str, profile: &str) -> PathBuf {
    let path = folder(&format!("providers/{test}")).join("profiles.toml");
    fs::write(&path, format!("default = \"real\"\n[profiles.real]\n{profile}"))
        .expect("the file can be written");
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_address_alone_is_of_chat_completions() {
    let mock = mock().await;
    let base_url = format!("{}/v1", mock.origin());
    let request = request(&mut run(&["--base-url", &base_url]), &mock);
    assert!(request.starts_with("POST /v1/chat/completions "), "{request}");
    assert!(!request.contains("authorization"), "{request}");
    assert_eq!(mock.bodies()[0]["model"], serde_json::Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn usual_variables_say_where_and_with_which_key() {
    let mock = mock().await;
    let mut command = run(&["--model", "m"]);
    command
        .env("OPENAI_BASE_URL", format!("{}/v1", mock.origin()))
        .env("OPENAI_API_KEY", KEY)
        .env("OLLAMA_HOST", "127.0.0.1:1");
    let request = request(&mut command, &mock);
    assert!(request.contains(&format!("authorization: Bearer {KEY}\r\n")), "{request}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_address_in_the_variable_needs_no_model_as_one_on_the_command_line() {
    for key in ["", KEY] {
        let mock = mock().await;
        let mut command = run(&[]);
        command.env("OPENAI_BASE_URL", format!("{}/v1", mock.origin()));
        if !key.is_empty() {
            command.env("OPENAI_API_KEY", key);
        }
        let request = request(&mut command, &mock);
        assert!(request.starts_with("POST /v1/chat/completions "), "{request}");
        assert_eq!(request.contains(KEY), !key.is_empty(), "{request}");
    }
    refused(run(&[]).env("OPENAI_API_KEY", KEY), "say which model by `--model NAME`");
    refused(run(&[]).env("OPENAI_BASE_URL", "box"), "OPENAI_BASE_URL: base_url has no scheme");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_usual_key_goes_nowhere_else() {
    let mock = mock().await;
    let base_url = format!("{}/v1", mock.origin());
    let request = request(run(&["--base-url", &base_url]).env("OPENAI_API_KEY", KEY), &mock);
    assert!(!request.contains("authorization"), "{request}");

    let elsewhere = ["--base-url", "https://models.example/v1", "--model", "m"];
    let hint = "it needs a key: say where it is by `key = { env = \"OPENAI_API_KEY\" }` or \
                `--key-env OPENAI_API_KEY`; that variable counts by itself only for \
                https://api.openai.com/v1 and for the address in OPENAI_BASE_URL\n";
    refused(run(&elsewhere).env("OPENAI_API_KEY", KEY), hint);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_profile_says_where_the_key_and_the_headers_are() {
    let mock = mock().await;
    let path = profiles(
        "headers",
        &format!(
            "provider = \"openai\"\nmodel = \"m\"\nbase_url = \"{}/v1\"\nkey = {{ file = \"k\" }}\n\
             headers = {{ x-title = \"a\", x-env = {{ env = \"TEST_HEADER\" }}, x-file = {{ file = \
             \"h\" }} }}\n",
            mock.origin()
        ),
    );
    fs::write(path.with_file_name("k"), format!("{KEY}\n")).expect("the file can be written");
    fs::write(path.with_file_name("h"), "c\n").expect("the file can be written");
    let mut command = run(&["--profiles"]);
    let request = request(command.arg(path).env("TEST_HEADER", "b"), &mock);
    for header in ["x-title: a", "x-env: b", "x-file: c", &format!("authorization: Bearer {KEY}")] {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{header}: {request}");
    }
}

#[test]
fn a_header_that_is_not_there_or_cannot_be_sent_is_named() {
    for (headers, problem) in [
        (
            "{ x-key = { env = \"NOT_SET\" } }",
            "real cannot be used: headers.x-key: the environment variable NOT_SET is not set\n",
        ),
        ("{ host = \"secret\" }", "header \"host\" is set by the client itself\n"),
        ("{ \"a b\" = \"secret\" }", "header \"a b\" is not a header's name"),
    ] {
        let profile = format!("provider = \"ollama\"\nmodel = \"m\"\nheaders = {headers}\n");
        refused(run(&["--profiles"]).arg(profiles("wrong-header", &profile)), problem);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn flags_count_more_than_a_profile_and_take_its_key_nowhere_else() {
    let mock = mock().await;
    let path = profiles(
        "flags",
        "provider = \"anthropic\"\nmodel = \"old\"\ninstructions = \"Be brief.\"\n\
         key = { env = \"TEST_KEY\" }\nheaders = { x-key = \"a secret\" }\n",
    );
    let mut command = run(&["--profile", "real", "--base-url", mock.origin(), "--model", "new"]);
    let command = command.args(["--provider", "anthropic", "--profiles"]).arg(&path);
    let ended = end(command.env("TEST_KEY", KEY), "");
    assert!(ended.stderr.contains("answer is not of the provider's protocol"), "{ended:?}");
    let request = mock.requests().remove(0);
    assert!(request.starts_with("POST /v1/messages "), "{request}");
    assert!(!request.contains("x-api-key") && !request.contains("x-key"), "{request}");
    assert_eq!(mock.bodies()[0]["model"], "new");
    assert_eq!(mock.bodies()[0]["system"], "Be brief.");

    let mut command = run(&["--profile", "real", "--provider", "openai", "--profiles"]);
    refused(command.arg(&path), "openai needs a model: say which one by `--model NAME`");

    let fresh = self::mock().await;
    let base_url = format!("{}/v1", fresh.origin());
    let request = self::request(run(&["--base-url", &base_url, "--profiles"]).arg(path), &fresh);
    assert!(!request.contains("Be brief."), "the default profile is left alone: {request}");
}

#[test]
fn what_does_not_fit_together_is_refused_with_what_would() {
    for (arguments, part) in [
        (&["--provider", "opnai"][..], "known are echo, openai, openai-responses, anthropic"),
        (&["--provider", "anthropic"], "anthropic needs a model: say which one by `--model NAME`"),
        (&["--provider", "anthropic", "--model", ""], "--model <NAME>"),
        (
            &["--provider", "openai", "--model", "m"],
            "it needs a key: set OPENAI_API_KEY, or say where",
        ),
        (&["--provider", "gemini", "--model", "m"], "`--key-env GEMINI_API_KEY`"),
        (&["--profile", "echo", "--base-url", "http://box"], "say which one by `--provider KIND`"),
        (&["--key-env", "TEST_KEY"], "say which one by `--provider KIND`"),
        (&["--provider", "openai", "--key-env", KEY], "--key-env is the name of an environment"),
        (&["--key-env", "A", "--key-file", "b"], "cannot be used with"),
        (
            &["--base-url", "http://127.0.0.1:1", "--echo-delay-ms", "1"],
            "is only for the provider echo",
        ),
        (
            &["--base-url", "box:80", "--model", "m"],
            "base_url has no scheme: begin it with `https://`",
        ),
        (&["--base-url", "http://u:secret@box"], "base_url holds a user or a password"),
        (
            &["--base-url", "http://127.0.0.1:1", "--key-file", "nowhere"],
            "openai cannot be used: key: nowhere cannot be read: ",
        ),
        (
            &["--base-url", "http://127.0.0.1:1", "--key-env", "NOT_SET"],
            "key: the environment variable NOT_SET is not set",
        ),
    ] {
        refused(&mut run(arguments), part);
    }
    let mut command = run(&["--model", "m"]);
    refused(command.env("OPENAI_BASE_URL", "box"), "OPENAI_BASE_URL: base_url has no scheme");
}

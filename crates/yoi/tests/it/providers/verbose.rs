//! Tests of `--verbose`.

use mock_provider::{MockProvider, Reply, answers::CHAT};

use super::{KEY, asking, end};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_sent_and_what_comes_back_is_shown_without_secrets() {
    let mock = MockProvider::serve([Reply::events(&CHAT).end()]).await;
    let mut command = asking(&mock, "run");
    command.args(["-v", "--header-env", "x-other=OTHER", "--header", "x-plain: plainvalue"]);
    let ended =
        end(command.env("OTHER", "another-secret-value").arg("my key is sk-abcdefgh12345"), "");
    assert_eq!((ended.stdout.as_str(), ended.code), ("Hello\n", Some(0)));
    let address = format!("> POST {}/v1/chat/completions", mock.origin());
    let lines: Vec<&str> = ended.stderr.lines().collect();
    for line in [&*address, "> authorization: [redacted]", "> x-other: [redacted]", "< HTTP 200 OK"]
    {
        assert!(lines.contains(&line), "{line}: {ended:?}");
    }
    let body = lines.iter().find(|line| line.starts_with("> {")).expect("a body is sent");
    assert!(body.contains("my key is [redacted]"), "{body}");
    assert!(lines.iter().any(|line| line.starts_with("< {") && line.contains("Hel")), "{ended:?}");
    assert!(lines.contains(&"< [DONE]"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_refusal_is_shown_with_its_body_and_is_explained_as_without() {
    let body = format!(r#"{{"error":{{"message":"no {KEY}","code":"c"}},"more":"kept"}}"#);
    let reply = Reply::json("403 Forbidden", &["x-request-id: req_1"], &body);
    let mock = MockProvider::serve([reply]).await;
    let quiet = end(asking(&mock, "run").arg("hello"), "");
    let ended = end(asking(&mock, "run").args(["-v", "hello"]), "");
    for line in ["< HTTP 403 Forbidden", "< x-request-id: req_1"] {
        assert!(ended.stderr.lines().any(|it| it == line), "{line}: {ended:?}");
    }
    assert!(ended.stderr.contains(r#"no [redacted]","code":"c"},"more":"kept"}"#), "{ended:?}");
    assert!(ended.stderr.ends_with(&quiet.stderr), "{ended:?}");
    assert_eq!(ended.code, quiet.code);

    let models = end(asking(&mock, "models").arg("-v"), "");
    assert!(models.stderr.contains("/v1/models\n"), "{models:?}");
    assert!(models.stderr.contains("< HTTP 403 Forbidden"), "{models:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_shown_does_no_harm_to_a_terminal() {
    let reply = Reply::json("400 X", &[], "\u{1b}[2Jbad");
    let mock = MockProvider::serve([reply]).await;
    let ended = end(asking(&mock, "run").args(["-v", "hello"]), "");
    assert!(ended.stderr.contains("< ␛[2Jbad\n"), "{ended:?}");
}

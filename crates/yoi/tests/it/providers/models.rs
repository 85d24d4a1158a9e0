//! Tests of `yoi models`.

use mock_provider::{MockProvider, Reply};

use super::{KEY, asking, end};
use crate::process::yoi;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn models_are_listed_as_names_or_as_json() {
    let list = r#"{"data":[{"id":"a","name":"A","context_length":9},{"id":"b"}]}"#;
    let mock = MockProvider::serve([Reply::json("200 OK", &[], list)]).await;
    let ended = end(&mut asking(&mock, "models"), "");
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str(), ended.code), ("a\nb\n", "", Some(0)));
    let ended = end(asking(&mock, "models").arg("--json"), "");
    let expected = "{\"name\":\"a\",\"title\":\"A\",\"context_tokens\":9}\n{\"name\":\"b\"}\n";
    assert_eq!(ended.stdout, expected);
    assert!(mock.requests()[0].contains(&format!("authorization: Bearer {KEY}\r\n")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_list_that_cannot_be_had_is_an_error() {
    for (reply, code, part) in [
        (Reply::json("401 X", &[], "{}"), 1, "did not accept the key"),
        (Reply::json("503 X", &[], "{}"), 75, "has no capacity"),
        (Reply::json("200 OK", &[], "{}"), 1, "is no list of models"),
    ] {
        let mock = MockProvider::serve([reply]).await;
        let ended = end(&mut asking(&mock, "models"), "");
        assert!(ended.stderr.contains(part), "{ended:?}");
        assert_eq!((ended.stdout.as_str(), ended.code), ("", Some(code)));
    }
    let mut command = yoi();
    let ended = end(command.args(["models", "--profile", "echo"]), "");
    assert!(ended.stderr.contains("echo cannot be asked: it has no models"), "{ended:?}");
    assert_eq!(ended.code, Some(2));
}

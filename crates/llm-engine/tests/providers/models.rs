//! The models that a provider offers.

use llm_engine::{ErrorKind, providers::ProviderKind};
use mock_provider::{MockProvider, Reply};

use crate::support::{BODY, KEY, config};

async fn names(kind: ProviderKind, mock: &MockProvider) -> Result<Vec<String>, ErrorKind> {
    let models = config(kind, mock).models().unwrap().await.map_err(|error| {
        assert!(!error.to_string().contains(BODY), "{error}");
        error.kind
    })?;
    Ok(models.into_iter().map(|model| model.name).collect())
}

#[tokio::test]
async fn lists_are_asked_for_page_by_page() {
    for (kind, pages, paths) in [
        (
            ProviderKind::OpenAi,
            [r#"{"data":[{"id":"a"},{"id":"b"}]}"#].as_slice(),
            ["/v1/models"].as_slice(),
        ),
        (ProviderKind::OpenAiResponses, &[r#"{"data":[{"id":"a"},{"id":"b"}]}"#], &["/v1/models"]),
        (ProviderKind::Ollama, &[r#"{"models":[{"name":"a"},{"name":"b"}]}"#], &["/api/tags"]),
        (
            ProviderKind::Anthropic,
            &[r#"{"data":[{"id":"a"}],"has_more":true,"last_id":"a"}"#, r#"{"data":[{"id":"b"}]}"#],
            &["/v1/models?limit=1000", "/v1/models?limit=1000&after_id=a"],
        ),
        (
            ProviderKind::Gemini,
            &[
                r#"{"models":[{"name":"models/a"}],"nextPageToken":"t"}"#,
                r#"{"models":[{"name":"b"}]}"#,
            ],
            &["/v1beta/models?pageSize=1000", "/v1beta/models?pageSize=1000&pageToken=t"],
        ),
    ] {
        let replies: Vec<_> = pages.iter().map(|page| Reply::json("200 OK", &[], page)).collect();
        let mock = MockProvider::serve(replies).await;
        assert_eq!(names(kind, &mock).await.unwrap(), ["a", "b"], "{kind}");
        let heads: Vec<_> = paths.iter().map(|path| format!("GET {path} HTTP/1.1")).collect();
        let requests = mock.requests();
        let sent: Vec<_> = requests.iter().filter_map(|request| request.lines().next()).collect();
        assert_eq!(sent, heads, "{kind}");
        assert!(requests.iter().all(|request| request.contains(KEY)), "{kind}");
    }
}

#[tokio::test]
async fn a_list_that_does_not_come_is_an_error_as_of_a_call() {
    let denied = format!(r#"{{"error":{{"message":"{BODY}"}}}}"#);
    let again = r#"{"data":[],"has_more":true,"last_id":"a"}"#;
    for (reply, kind) in [
        (Reply::json("401 X", &[], &denied), Some(ErrorKind::Authentication)),
        (Reply::json("200 OK", &[], BODY), Some(ErrorKind::Protocol)),
        (Reply::status("200 OK", &["content-length: 9"]).raw("{"), Some(ErrorKind::Connection)),
        // A server that ignores where a page begins gives the same one again and again.
        (Reply::json("200 OK", &[], again), None),
    ] {
        let mock = MockProvider::serve([reply]).await;
        assert_eq!(names(ProviderKind::Anthropic, &mock).await.err(), kind);
        assert!(mock.requests().len() <= 2);
    }
}

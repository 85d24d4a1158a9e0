//! Calls that come to an end, and what the model is given.

use std::sync::{Arc, Mutex};

use llm_engine::{Json, ToolContext};
use serde_json::Value;

use crate::support::{Log, SECRET, begin, call, output, server};

#[tokio::test]
async fn a_result_is_text_data_or_an_error() {
    for ways in [&["new"][..], &["old"]] {
        let log = Log::new();
        let server = server(ways, &log).await;
        for (name, arguments, text, is_error, data) in [
            ("echo", r#"{"text":"a\nb"}"#, "a\nb", false, None),
            ("structured", "{}", r#"{"sum":5}"#, false, Some(r#"{"sum":5}"#)),
            (
                "image",
                "{}",
                "a picture\n[an image of 12,345 bytes, image/png, left out]",
                false,
                None,
            ),
            ("fails", "{}", "no such file", true, None),
            ("nothing", "{}", "[the result is empty]", false, None),
        ] {
            let output = call(&server, name, arguments).await;
            assert_eq!((&*output.text, output.is_error), (text, is_error), "{name}");
            assert_eq!(output.data.as_ref().map(Json::as_str), data, "{name}");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_harmless_bounded_and_without_secrets() {
    let log = Log::new();
    let output = call(&server(&[], &log).await, "refuses", "{}").await;
    assert!(output.is_error);
    assert!(
        output.text.starts_with("the server answered with an error: [31mno [hidden] xxx"),
        "{}",
        output.text
    );
    assert!(output.text.len() < 600 && !output.text.contains(SECRET), "{}", output.text);
    assert!(output.text.is_ascii() || output.text.contains('…'), "{}", output.text);
    // A result is what the server gives, whatever that is.
    let server = server(&[], &log).await;
    assert_eq!(call(&server, "secret", "{}").await.text, SECRET);
}

#[tokio::test]
async fn a_call_tells_how_far_it_is() {
    for ways in [&["new"][..], &["old"]] {
        let log = Log::new();
        let server = server(ways, &log).await;
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let tell = Arc::clone(&told);
        let context = ToolContext::new("key")
            .with_progress(move |text| tell.lock().unwrap().push(text.to_owned()));
        let output = output(begin(&server.tools(), "progress", "{}", context).await);
        assert_eq!(output.text, "done");
        let told = told.lock().unwrap().clone();
        assert_eq!(told, ["step 1 (1 of 3)", "step 2 (2 of 3)", "step 3 (3 of 3)"]);
    }
}

#[tokio::test]
async fn the_server_is_given_the_key_of_the_call() {
    let log = Log::new();
    let server = server(&[], &log).await;
    let context = ToolContext::new("key-7");
    let output = output(begin(&server.tools(), "meta", "{}", context).await);
    let meta: Value = serde_json::from_str(&output.text).unwrap();
    assert_eq!(meta["yoi/idempotencyKey"], "key-7");
}

#[tokio::test]
async fn many_calls_run_at_once() {
    let log = Log::new();
    let server = server(&[], &log).await;
    let calls = (0..50).map(|n| {
        let server = server.clone();
        async move { call(&server, "echo", &format!(r#"{{"text":"{n}"}}"#)).await.text }
    });
    let texts = futures_util::future::join_all(calls).await;
    assert_eq!(texts, (0..50).map(|n| n.to_string()).collect::<Vec<_>>());
}

//! Servers over streamable HTTP.

use llm_engine::ToolContext;
use tokio::time::timeout;
use yoi_mcp::{McpEndpoint, McpServer};

use crate::support::{HttpProcess, Log, PATIENCE, begin, call};

const TOKEN: &str = "the-right-token";

async fn connect(process: &HttpProcess) -> McpServer {
    let endpoint = McpEndpoint::new(process.url()).bearer_token(TOKEN);
    McpServer::builder("s", endpoint).connect().await.unwrap()
}

#[tokio::test]
async fn tools_are_listed_called_and_changed() {
    for ways in [&["new"][..], &["old"]] {
        let log = Log::new();
        let process = HttpProcess::start(ways, &log).await;
        let server = connect(&process).await;
        assert_eq!(server.tools().len(), 19);
        assert_eq!(call(&server, "echo", r#"{"text":"a"}"#).await.text, "a");
        assert_eq!(call(&server, "progress", "{}").await.text, "done");
        assert!(call(&server, "fails", "{}").await.is_error);
        let mut watch = server.watch();
        watch.mark_unchanged();
        call(&server, "change", "{}").await;
        timeout(PATIENCE, watch.changed()).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_dropped_call_is_cancelled() {
    for ways in [&["new"][..], &["old"]] {
        let log = Log::new();
        let process = HttpProcess::start(ways, &log).await;
        let server = connect(&process).await;
        let call = tokio::spawn(begin(&server.tools(), "slow", "{}", ToolContext::new("k")));
        log.until("slow began").await;
        call.abort();
        log.until("slow cancelled").await;
    }
}

#[tokio::test]
async fn a_server_that_dies_in_a_call_leaves_it_not_known() {
    for ways in [&["new"][..], &["old"]] {
        let log = Log::new();
        let process = HttpProcess::start(ways, &log).await;
        let server = connect(&process).await;
        let died = call(&server, "die", "{}").await;
        assert!(died.text.contains("it is not known whether"), "{ways:?}: {died:?}");
        assert_eq!(log.count("called die"), 1);
        let gone = call(&server, "echo", r#"{"text":"a"}"#).await;
        assert_eq!(gone.text, "the server cannot be reached; the tool was not run", "{ways:?}");
    }
}

#[tokio::test]
async fn an_endpoint_that_refuses_is_told_without_the_token() {
    let log = Log::new();
    let process = HttpProcess::start(&[], &log).await;
    for (endpoint, words) in [
        (McpEndpoint::new(process.url()).bearer_token("a-wrong-token"), "status 401"),
        (McpEndpoint::new(process.url() + "s").bearer_token(TOKEN), "status 404"),
        (McpEndpoint::new("http://127.0.0.1:1/mcp?key=a-wrong-token"), "cannot be reached"),
        (McpEndpoint::new("no url a-wrong-token"), "the address is not a URL"),
        (McpEndpoint::new("ftp://host/a-wrong-token"), "does not begin with"),
        (McpEndpoint::new(process.url()).header("x-key", "a-wrong-token\n"), "`x-key`"),
    ] {
        let builder = McpServer::builder("s", endpoint);
        let shown = format!("{builder:?}");
        let error = builder.connect().await.unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(told.contains(words), "{told}");
        assert!(!told.contains("a-wrong-token"), "{told}");
        assert!(!shown.contains("a-wrong-token"), "{shown}");
    }
}

#[tokio::test]
async fn a_server_that_was_started_anew_is_connected_to_by_the_next_call() {
    let log = Log::new();
    let mut process = HttpProcess::start(&["old"], &log).await;
    let (server, other) = (connect(&process).await, connect(&process).await);
    process.child.kill().await.unwrap();
    let port = process.port.to_string();
    let _again = HttpProcess::start(&["old", "port", &port], &log).await;
    assert_eq!(call(&server, "echo", r#"{"text":"again"}"#).await.text, "again");
    assert_eq!(other.refresh().await.unwrap().len(), 19);
}

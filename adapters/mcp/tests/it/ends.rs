//! Calls without an answer, and the ends of servers.

use std::time::{Duration, Instant};

use llm_engine::{ToolContext, ToolEffects};
use yoi_mcp::{McpError, McpServer};

use crate::support::{
    Log, PATIENCE, SECRET, SHORT, begin, call, command, eventually, output, runs, server,
};

/// What is said of a call that may have had its effect.
const NOT_KNOWN: &str = "it is not known whether the call had its effect";

/// A context with a deadline that is soon.
fn soon() -> ToolContext {
    ToolContext::new("key").with_deadline(tokio::time::Instant::now() + SHORT)
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled_at_the_server() {
    for ways in [&["new"][..], &["old"]] {
        let log = Log::new();
        let server = server(ways, &log).await;
        let slow = tokio::spawn(begin(&server.tools(), "slow", "{}", ToolContext::new("k")));
        log.until("slow began").await;
        let began = Instant::now();
        slow.abort();
        assert!(began.elapsed() < Duration::from_millis(500));
        log.until("slow cancelled").await;
        assert_eq!(call(&server, "echo", r#"{"text":"on"}"#).await.text, "on");
    }
}

#[tokio::test]
async fn a_call_that_was_not_begun_sends_nothing() {
    let log = Log::new();
    let server = server(&[], &log).await;
    drop(begin(&server.tools(), "slow", "{}", ToolContext::new("k")));
    call(&server, "echo", r#"{"text":"a"}"#).await;
    assert_eq!(log.count("called slow"), 0);
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_at_the_deadline() {
    let log = Log::new();
    let server = server(&[], &log).await;
    let output = output(begin(&server.tools(), "slow", "{}", soon()).await);
    assert!(output.is_error && output.text.contains(NOT_KNOWN), "{output:?}");
    assert!(output.text.starts_with("the server did not answer in time"), "{output:?}");
    log.until("slow cancelled").await;
}

#[tokio::test]
async fn a_tool_without_effects_may_be_called_again() {
    let log = Log::new();
    let server = McpServer::builder("s", command(&[], &log))
        .call_timeout(SHORT)
        .each_tool(|_, spec| spec.effects = ToolEffects::None)
        .connect()
        .await
        .unwrap();
    let output = call(&server, "slow", "{}").await;
    assert!(output.text.ends_with("so it may be called again"), "{output:?}");
}

#[tokio::test]
async fn an_answer_after_the_deadline_is_nobodys() {
    let log = Log::new();
    let server = server(&["raw"], &log).await;
    let tools = server.tools();
    let late = begin(&tools, "late", r#"{"ms":6000}"#, soon()).await;
    assert!(output(late).text.contains(NOT_KNOWN));
    // The server reads this only after its late answer.
    assert_eq!(call(&server, "late", r#"{"ms":1}"#).await.text, "1");
}

#[tokio::test]
async fn garbage_in_place_of_an_answer_is_no_answer() {
    let log = Log::new();
    let raw = server(&["raw"], &log).await;
    for tool in ["garbled", "odd"] {
        let output = output(begin(&raw.tools(), tool, "{}", soon()).await);
        assert!(output.is_error && output.text.contains(NOT_KNOWN), "{tool}: {output:?}");
    }
    let server = server(&["garbage"], &log).await;
    assert_eq!(call(&server, "echo", r#"{"text":"a"}"#).await.text, "a");
}

#[tokio::test]
async fn a_server_that_dies_in_a_call_is_started_anew_by_the_next() {
    let log = Log::new();
    let server = server(&[], &log).await;
    let other = tokio::spawn(begin(&server.tools(), "slow", "{}", ToolContext::new("k")));
    log.until("slow began").await;
    for output in [call(&server, "die", "{}").await, output(other.await.unwrap())] {
        assert!(output.is_error && output.text.contains(NOT_KNOWN), "{output:?}");
        assert!(output.text.starts_with("the connection broke"), "{output:?}");
    }
    assert_eq!(call(&server, "echo", r#"{"text":"again"}"#).await.text, "again");
    assert_eq!((log.count("started"), log.count("called die")), (2, 1));
}

#[tokio::test]
async fn a_server_that_starts_slowly_is_started_once_for_all_who_wait() {
    let log = Log::new();
    let server = server(&["slow-start"], &log).await;
    assert!(call(&server, "die", "{}").await.is_error);
    let tools = server.tools();
    let echo = |context| begin(&tools, "echo", r#"{"text":"a"}"#, context);
    let early = ToolContext::new("k").with_deadline(tokio::time::Instant::now());
    let early = output(echo(early).await);
    assert_eq!(early.text, "the server was not reached in time; the tool was not run");
    let all = [echo(ToolContext::new("k")), echo(ToolContext::new("k"))];
    for end in futures_util::future::join_all(all).await {
        assert_eq!(output(end).text, "a");
    }
    assert_eq!(log.count("started"), 2);
}

#[tokio::test]
async fn a_server_that_reads_nothing_holds_nobody_up() {
    let log = Log::new();
    let server = server(&["raw"], &log).await;
    let tools = server.tools();
    let id = call(&server, "id", "{}").await.text;
    let busy = tokio::spawn(begin(&tools, "late", r#"{"ms":600000}"#, ToolContext::new("k")));
    // More than a pipe holds.
    let large = format!(r#"{{"text":"{}"}}"#, "x".repeat(1024 * 1024));
    let stuck = output(begin(&tools, "odd", &large, soon()).await);
    assert!(stuck.text.contains(NOT_KNOWN), "{stuck:?}");
    busy.abort();
    drop((tools, server));
    eventually("the end of the server", || !runs(&id)).await;
}

#[tokio::test]
async fn a_server_may_say_anything_on_its_standard_error() {
    let log = Log::new();
    let server = server(&["raw"], &log).await;
    assert_eq!(server.last_words(), None);
    assert!(!call(&server, "noisy", "{}").await.is_error);
    assert_eq!(server.last_words().unwrap(), "!".repeat(300).as_str());
}

#[tokio::test]
async fn a_call_in_another_runtime_leaves_the_connection_where_it_is() {
    let log = Log::new();
    let server = server(&[], &log).await;
    assert!(call(&server, "die", "{}").await.is_error);
    let tools = server.tools();
    let other = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let echo = begin(&tools, "echo", r#"{"text":"there"}"#, ToolContext::new("k"));
        output(runtime.block_on(echo)).text
    });
    assert_eq!(other.await.unwrap(), "there");
    assert_eq!(call(&server, "echo", r#"{"text":"here"}"#).await.text, "here");
    assert_eq!(log.count("started"), 2);
}

#[tokio::test]
async fn the_processes_of_a_server_end_with_the_last_handle() {
    let log = Log::new();
    let server = server(&[], &log).await;
    let grandchild = call(&server, "child", "{}").await.text;
    let tools = server.tools();
    drop(server);
    assert!(runs(&grandchild));
    let echo = begin(&tools, "echo", r#"{"text":"a"}"#, ToolContext::new("k")).await;
    assert_eq!(output(echo).text, "a");
    drop(tools);
    eventually("the end of the grandchild", || !runs(&grandchild)).await;
}

#[tokio::test]
async fn a_server_that_cannot_be_started_is_told_with_its_last_words() {
    let log = Log::new();
    let broken = McpServer::builder("s", command(&["broken"], &log)).connect().await.unwrap_err();
    let words = broken.to_string();
    assert!(words.starts_with("the MCP server `s` cannot be connected to: "), "{words}");
    assert!(words.contains("its last words: no way with [hidden]"), "{words}");
    assert!(!format!("{broken:?}").contains(SECRET));
    let silent = McpServer::builder("s", command(&["silent"], &log)).connect_timeout(SHORT);
    let began = Instant::now();
    let words = silent.connect().await.unwrap_err().to_string();
    assert!(words.ends_with("the server does not answer"), "{words}");
    assert!(began.elapsed() < PATIENCE);
    let none = yoi_mcp::McpCommand::new("no-such-program-anywhere");
    let error = McpServer::builder("s", none).connect().await.unwrap_err();
    assert!(matches!(error, McpError::Start { .. }), "{error}");
}

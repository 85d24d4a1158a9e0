//! The tools of a server in a Worker.

use std::sync::Arc;

use futures_util::StreamExt;
use llm_engine::{
    CallErrorKind, CallOutcome, Message, Script, ScriptedProvider, ToolApproval, ToolSet,
};
use worker::{Profile, Worker, WorkerEvent};
use yoi_mcp::McpServer;

use crate::support::{Log, SHORT, command};

#[tokio::test]
async fn a_call_that_a_worker_cuts_is_uncertain_to_it() {
    let log = Log::new();
    let server = McpServer::builder("s", command(&[], &log))
        .call_timeout(SHORT)
        .each_tool(|_, spec| spec.approval = Some(ToolApproval::Never))
        .connect()
        .await
        .unwrap();
    let provider = ScriptedProvider::new()
        .script(Script::new().call("s__slow", "{}").finish())
        .script(Script::new().text("Who knows?").finish());
    let tools = ToolSet::new(server.tools()).unwrap();
    let profile = Profile::new("p", Arc::new(provider)).tools(tools);
    let mut worker = Worker::new(Arc::new(profile));
    let mut turn = worker.turn(Message::user("Be slow"));
    let mut ends = Vec::new();
    while let Some(event) = turn.next().await {
        if let WorkerEvent::ToolFinished { outcome, error, .. } = event {
            ends.push((outcome, error));
        }
    }
    assert_eq!(ends, [(CallOutcome::Uncertain, Some(CallErrorKind::Timeout))]);
    log.until("slow cancelled").await;
}

#[tokio::test]
async fn a_worker_calls_the_tools_of_its_model() {
    let log = Log::new();
    let server = McpServer::builder("s", command(&[], &log))
        .each_tool(|_, spec| spec.approval = Some(ToolApproval::Never))
        .connect()
        .await
        .unwrap();
    let provider = ScriptedProvider::new()
        .script(Script::new().call("s__echo", r#"{"text": "hello"}"#).finish())
        .script(Script::new().text("It said hello.").finish());
    let tools = ToolSet::new(server.tools()).unwrap();
    let profile = Profile::new("p", Arc::new(provider)).tools(tools);
    let mut worker = Worker::new(Arc::new(profile));
    let mut results = Vec::new();
    let mut turn = worker.turn(Message::user("Say hello"));
    while let Some(event) = turn.next().await {
        if let WorkerEvent::ToolFinished { name, result, .. } = event {
            results.push((name.to_string(), result.text.to_string()));
        }
    }
    drop(turn);
    assert_eq!(results, [("s__echo".to_owned(), "hello".to_owned())]);
    assert_eq!(worker.conversation().last(), Some(&Message::assistant("It said hello.")));
}

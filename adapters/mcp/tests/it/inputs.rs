//! Calls that ask for an input.

use llm_engine::{Json, ToolContext, ToolEnd};
use serde_json::Value;

use crate::support::{Log, begin, call, output, server};

#[tokio::test]
async fn a_call_that_asks_goes_on_with_the_answer() {
    let log = Log::new();
    let server = server(&[], &log).await;
    let tools = server.tools();
    for (answers, told) in [
        (Some(r#"{"sure":true}"#), r#"{"action":"accept","content":{"sure":true}}"#),
        (None, r#"{"action":"decline"}"#),
    ] {
        let end = begin(&tools, "ask", "{}", ToolContext::new("k")).await;
        let ToolEnd::Ask { message, schema, state } = end else { panic!("no question: {end:?}") };
        assert_eq!(message, "Are you sure?");
        let schema: Value = schema.to().unwrap();
        assert_eq!(schema["properties"]["sure"]["type"], "boolean");
        let answers = answers.map(|answers| Json::parse(answers).unwrap());
        let context = ToolContext::new("k").with_answers(state, answers);
        let text = output(begin(&tools, "ask", "{}", context).await).text;
        assert_eq!(text, format!(r#"the state {{"confirm":{told}}}"#));
    }
    assert_eq!(log.count("called ask"), 4);
}

#[tokio::test]
async fn a_server_that_needs_more_time_is_asked_again() {
    let log = Log::new();
    let server = server(&[], &log).await;
    assert_eq!(call(&server, "patience", "{}").await.text, "later");
    assert_eq!(log.count("called patience"), 3);
}

#[tokio::test]
async fn only_a_server_of_the_newest_protocol_is_offered_inputs() {
    for (ways, offered) in [(&["old"][..], "{}"), (&["new"], r#"{"elicitation":{"form":{}}}"#)] {
        let log = Log::new();
        assert_eq!(call(&server(ways, &log).await, "offered", "{}").await.text, offered);
    }
    let log = Log::new();
    let output = call(&server(&["old"], &log).await, "ask", "{}").await;
    assert!(output.is_error, "{output:?}");
}

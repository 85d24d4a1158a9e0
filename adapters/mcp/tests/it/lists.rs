//! The list of tools: its pages, its names, its changes.

use llm_engine::{Json, ToolContext, ToolEffects, ToolExecutor, ToolSet};
use tokio::time::timeout;
use yoi_mcp::{McpServer, McpTools};

use crate::support::{Log, PATIENCE, begin, call, command, output, server};

#[tokio::test]
async fn a_list_is_read_over_its_pages_and_what_does_not_fit_is_told() {
    for ways in [&["new"][..], &["old"]] {
        let log = Log::new();
        let tools = server(ways, &log).await.tools();
        let names: Vec<&str> = tools.iter().map(|tool| &*tool.spec().name).collect();
        assert!(names.is_sorted() && names.len() == 19, "{names:?}");
        let left_out: Vec<(&str, &str)> =
            tools.left_out().iter().map(|it| (&*it.name, &*it.reason)).collect();
        for (name, words) in [
            ("two words", "name"),
            ("twin", "two tools of this name"),
            ("longlong", "name"),
            ("no_object", "input_schema"),
            ("lookahead", "input_schema"),
        ] {
            let told = left_out.iter().find(|(it, _)| it.starts_with(name));
            assert!(told.is_some_and(|(_, reason)| reason.contains(words)), "{name}: {left_out:?}");
        }
        assert_eq!(left_out.len(), 5);
        let echo = tools.iter().find(|tool| tool.spec().name == "s__echo").unwrap().spec();
        assert_eq!((echo.effects, echo.executor), (ToolEffects::Unsafe, ToolExecutor::InProcess));
        assert_eq!(echo.meta["mcp.read_only_hint"], "true");
        assert_eq!(ToolSet::new(tools).unwrap().specs().len(), 19);
    }
}

#[tokio::test]
async fn a_huge_list_is_cut() {
    let log = Log::new();
    let tools = server(&["huge"], &log).await.tools();
    assert_eq!(tools.len(), 1024);
    assert_eq!(tools.left_out()[0].reason, "the server has more than 1024 tools");
}

#[tokio::test]
async fn a_list_without_end_is_cut() {
    let log = Log::new();
    let tools = server(&["raw", "circle"], &log).await.tools();
    assert_eq!(tools.left_out()[0].reason, "the list has more than 128 pages");
}

#[tokio::test]
async fn the_backend_says_what_a_tool_changes() {
    let log = Log::new();
    let server = McpServer::builder("files", command(&[], &log))
        .each_tool(|name, spec| match name {
            "echo" => spec.effects = ToolEffects::None,
            "two words" => spec.name = "files__two_words".to_owned(),
            _ => {}
        })
        .connect()
        .await
        .unwrap();
    let effects = |name: &str| {
        server.tools().iter().find(|tool| tool.spec().name == name).unwrap().spec().effects
    };
    assert_eq!(effects("files__echo"), ToolEffects::None);
    assert_eq!(effects("files__image"), ToolEffects::Unsafe);
    assert_eq!(effects("files__two_words"), ToolEffects::Unsafe);
}

#[tokio::test]
async fn a_tool_that_changed_is_not_called_and_the_new_one_is_offered() {
    for ways in [&["new"][..], &["old"]] {
        let log = Log::new();
        let server = server(ways, &log).await;
        let (offered, mut watch) = (server.tools(), server.watch());
        watch.mark_unchanged();
        assert_eq!(call(&server, "change", "{}").await.text, "changed");
        timeout(PATIENCE, watch.changed()).await.unwrap().unwrap();
        let old = output(begin(&offered, "pinned", "{}", ToolContext::new("k")).await);
        assert!(old.is_error && old.text.starts_with("tool_changed: "), "{old:?}");
        let began = ToolContext::new("k").with_answers(Json::null(), None);
        let began = output(begin(&offered, "pinned", "{}", began).await).text;
        assert!(began.starts_with("tool_changed: ") && began.contains("not known"), "{began}");
        assert_eq!(log.count("called pinned"), 0);
        assert_eq!(call(&server, "pinned", "{}").await.text, "pinned");
        // What did not change is as it was offered.
        let echo = begin(&offered, "echo", r#"{"text":"a"}"#, ToolContext::new("k"));
        assert_eq!(output(echo.await).text, "a");
    }
}

#[tokio::test]
async fn a_change_that_nobody_tells_is_seen_by_a_refresh() {
    let log = Log::new();
    let server = server(&["old"], &log).await;
    let offered = server.tools();
    call(&server, "secretly", "{}").await;
    let of = |tools: &McpTools| {
        tools.iter().find(|tool| tool.spec().name == "s__pinned").unwrap().spec().digest()
    };
    assert_eq!(of(&server.tools()), of(&offered));
    assert_ne!(of(&server.refresh().await.unwrap()), of(&offered));
    let old = begin(&offered, "pinned", "{}", ToolContext::new("k")).await;
    assert!(output(old).text.starts_with("tool_changed: "));
}

#[tokio::test]
async fn a_name_of_a_server_begins_names_of_tools() {
    let log = Log::new();
    for name in ["", "a b", "ä", &"x".repeat(33)] {
        let error = McpServer::builder(name, command(&[], &log)).connect().await.unwrap_err();
        assert!(error.to_string().contains("cannot name an MCP server"), "{error}");
    }
    assert!(log.lines().is_empty());
}

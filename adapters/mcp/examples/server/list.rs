//! The tools of the server.

use rmcp::model::{ErrorData, ListToolsResult, PaginatedRequestParams, Tool, ToolAnnotations};
use serde_json::{Value, json};

/// The tools of a page.
const PAGE: usize = 4;

/// Returns a page of the list, the tool `pinned` of which changes with `version`.
pub(crate) fn page(
    version: usize,
    is_huge: bool,
    request: Option<PaginatedRequestParams>,
) -> Result<ListToolsResult, ErrorData> {
    let cursor = request.and_then(|request| request.cursor);
    let begin: usize = match cursor.map(|cursor| cursor.parse()) {
        None => 0,
        Some(Ok(begin)) => begin,
        Some(Err(_)) => return Err(ErrorData::invalid_params("no such cursor", None)),
    };
    let (tools, page) = if is_huge { (huge(), 100) } else { (tools(version), PAGE) };
    let end = (begin + page).min(tools.len());
    let mut result = ListToolsResult::with_all_items(tools[begin.min(end)..end].to_vec());
    result.next_cursor = (end < tools.len()).then(|| end.to_string());
    Ok(result)
}

fn tools(version: usize) -> Vec<Tool> {
    let anything = || json!({"type": "object"});
    let mut tools: Vec<Tool> = [
        "structured",
        "image",
        "fails",
        "refuses",
        "slow",
        "progress",
        "die",
        "change",
        "secretly",
        "ask",
        "patience",
        "secret",
        "child",
        "meta",
        "nothing",
        "offered",
    ]
    .map(|name| tool(name, anything()))
    .into();
    tools.push(
        tool(
            "echo",
            json!({
                "type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"],
            }),
        )
        .annotate(ToolAnnotations::with_title("Echo").read_only(true)),
    );
    tools.push(tool(
        "pinned",
        json!({"type": "object", "properties": {format!("v{version}"): true}}),
    ));
    tools.push(tool("two words", anything()));
    tools.push(tool("twin", anything()));
    tools.push(tool("twin", json!({"type": "object", "properties": {"a": true}})));
    tools.push(tool(&"long".repeat(20), anything()));
    tools.push(tool("no_object", json!({"type": "string"})));
    tools.push(tool(
        "lookahead",
        json!({"type": "object", "properties": {"a": {"pattern": "(?=a)"}}}),
    ));
    tools
}

fn huge() -> Vec<Tool> {
    (0..5000).map(|n| tool(&format!("tool-{n:04}"), json!({"type": "object"}))).collect()
}

fn tool(name: &str, schema: Value) -> Tool {
    let Value::Object(schema) = schema else { return Tool::default() };
    Tool::new(name.to_owned(), format!("The tool {name}"), schema)
}

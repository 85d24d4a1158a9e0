//! The description of a tool, from what its server says of it.

use std::{
    collections::BTreeMap,
    num::NonZeroU64,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use llm_engine::{Json, ShortText, ToolExecutor, ToolSpec};
use rmcp::model::{Tool, ToolAnnotations};

/// Changes the description of a tool, whose name at the server is given.
pub(crate) type EachTool = Arc<dyn Fn(&str, &mut ToolSpec) + Send + Sync>;

/// How the tools of a server are described.
pub(crate) struct Describing {
    /// What the names of the tools begin with.
    pub(crate) server: Arc<str>,
    /// The time that a call may take, if [`each_tool`](Self::each_tool) says nothing else.
    pub(crate) call_ms: NonZeroU64,
    /// The Backend's own word.
    pub(crate) each_tool: Option<EachTool>,
}

impl Describing {
    /// Returns the description of a tool, or why it is left out.
    pub(crate) fn describe(&self, tool: Tool) -> Result<ToolSpec, ShortText> {
        let unusable = |error: serde_json::Error| ShortText::from(error.to_string());
        let name = format!("{}__{}", self.server, tool.name);
        let mut spec = ToolSpec::new(name, Json::of(&tool.input_schema).map_err(unusable)?);
        spec.executor = ToolExecutor::InProcess;
        spec.description = tool.description.map(String::from).unwrap_or_default();
        let title_of_hints = tool.annotations.as_ref().and_then(|hints| hints.title.clone());
        spec.title = tool.title.or(title_of_hints);
        spec.timeout_ms = Some(self.call_ms);
        if let Some(schema) = &tool.output_schema {
            spec.output_schema = Some(Json::of(schema).map_err(unusable)?);
        }
        spec.meta = meta(&self.server, &tool.name, tool.annotations.as_ref());
        let spec = self.changed(&tool.name, spec)?;
        spec.check().map_err(|error| ShortText::from(error.to_string()))?;
        Ok(spec)
    }

    /// Lets the Backend change a description, except for what the server alone knows.
    fn changed(&self, remote: &str, spec: ToolSpec) -> Result<ToolSpec, ShortText> {
        let Some(each_tool) = &self.each_tool else { return Ok(spec) };
        let mut changed = spec.clone();
        catch_unwind(AssertUnwindSafe(|| each_tool(remote, &mut changed))).map_err(|panic| {
            // What a panic left may panic when it is dropped.
            std::mem::forget(panic);
            ShortText::from("the function for each tool panicked")
        })?;
        Ok(ToolSpec { input_schema: spec.input_schema, executor: spec.executor, ..changed })
    }
}

/// Returns whose tool it is, and what its server says of its effects, which nobody need believe.
fn meta(server: &str, remote: &str, hints: Option<&ToolAnnotations>) -> BTreeMap<String, String> {
    let of = |key: &str, value: &str| (key.to_owned(), ShortText::from(value).into());
    let mut meta = BTreeMap::from([of("mcp.server", server), of("mcp.tool", remote)]);
    if let Some(hints) = hints {
        for (key, hint) in [
            ("mcp.read_only_hint", hints.read_only_hint),
            ("mcp.destructive_hint", hints.destructive_hint),
            ("mcp.idempotent_hint", hints.idempotent_hint),
            ("mcp.open_world_hint", hints.open_world_hint),
        ] {
            meta.extend(hint.map(|hint| of(key, if hint { "true" } else { "false" })));
        }
    }
    meta
}

#[cfg(test)]
mod tests {
    use llm_engine::ToolEffects;
    use serde_json::json;

    use super::*;

    fn describe(each_tool: Option<EachTool>, tool: serde_json::Value) -> Result<ToolSpec, String> {
        let call_ms = NonZeroU64::new(1000).unwrap();
        let describing = Describing { server: "files".into(), call_ms, each_tool };
        describing.describe(serde_json::from_value(tool).unwrap()).map_err(Into::into)
    }

    #[test]
    fn hints_of_the_server_are_offered_and_not_believed() {
        let tool = json!({
            "name": "read", "description": "Reads a file", "inputSchema": {"type": "object"},
            "outputSchema": {"type": "object"},
            "annotations": {"title": "Read", "readOnlyHint": true, "openWorldHint": false},
        });
        let spec = describe(None, tool.clone()).unwrap();
        assert_eq!(spec.name, "files__read");
        assert_eq!((spec.title.as_deref(), &*spec.description), (Some("Read"), "Reads a file"));
        assert_eq!((spec.effects, spec.timeout_ms), (ToolEffects::Unsafe, NonZeroU64::new(1000)));
        assert!(spec.output_schema.is_some());
        let meta: Vec<_> = spec.meta.iter().map(|(key, value)| (&**key, &**value)).collect();
        let expected = [
            ("mcp.open_world_hint", "false"),
            ("mcp.read_only_hint", "true"),
            ("mcp.server", "files"),
            ("mcp.tool", "read"),
        ];
        assert_eq!(meta, expected);

        let believes: EachTool = Arc::new(|name, spec| {
            spec.name = spec.name.replace('.', "_");
            spec.input_schema = Json::null();
            if name == "read" && spec.meta.get("mcp.read_only_hint").is_some_and(|it| it == "true")
            {
                spec.effects = ToolEffects::None;
            }
        });
        let spec = describe(Some(Arc::clone(&believes)), tool).unwrap();
        assert_eq!((&*spec.name, spec.effects), ("files__read", ToolEffects::None));
        let dotted = json!({"name": "a.b", "inputSchema": {"type": "object"}});
        let spec = describe(Some(believes), dotted).unwrap();
        assert_eq!((&*spec.name, &*spec.meta["mcp.tool"]), ("files__a_b", "a.b"));
        assert_eq!(spec.input_schema.as_str(), r#"{"type":"object"}"#);
    }

    #[test]
    fn a_tool_that_cannot_be_offered_is_told_with_the_reason() {
        let long = "x".repeat(60);
        for (tool, reason) in [
            (json!({"name": "a b", "inputSchema": {"type": "object"}}), "name"),
            (json!({"name": long, "inputSchema": {"type": "object"}}), "name"),
            (json!({"name": "a", "inputSchema": {"type": "string"}}), "input_schema"),
            (json!({"name": "a", "inputSchema": {}}), "input_schema"),
            (
                json!({
                    "name": "a", "inputSchema": {"type": "object"}, "outputSchema": {"$id": "x"},
                }),
                "output_schema",
            ),
        ] {
            let told = describe(None, tool.clone()).unwrap_err();
            assert!(told.contains(reason), "{tool}: {told}");
        }
        let panics: EachTool = Arc::new(|_, _| panic!("no"));
        let told = describe(Some(panics), json!({"name": "a", "inputSchema": {"type": "object"}}));
        assert_eq!(told.unwrap_err(), "the function for each tool panicked");
    }
}

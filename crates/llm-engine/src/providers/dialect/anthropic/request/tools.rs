//! The tools of a message's request.

use std::{borrow::Cow, collections::BTreeSet};

use serde::{Serialize, Serializer};
use serde_json::json;

use crate::{
    EngineError, Json, ToolChoice, ToolSpec,
    providers::{
        conversation::{Entry, WireStep, wire_name},
        dialect::{Ask, tools},
    },
};

/// A tool as it is declared.
#[derive(Serialize)]
pub(super) struct Tool<'a> {
    name: Cow<'a, str>,
    description: &'a str,
    input_schema: Schema<'a>,
}

enum Schema<'a> {
    Of(&'a Json),
    /// That of a tool which is named only because the conversation has calls of it.
    Any,
}

/// Whether the model may call tools.
#[derive(Serialize)]
pub(super) struct Choice {
    #[serde(rename = "type")]
    kind: &'static str,
}

/// Returns the tools and whether the model may call them. The API refuses calls in a conversation
/// if the request has no tools: then the tools that were called are named, and may not be called.
pub(super) fn offered<'a>(
    ask: &Ask<'a>,
    conversation: &'a [Entry<'a>],
) -> Result<(Vec<Tool<'a>>, Option<Choice>), EngineError> {
    let tools: Vec<_> = tools::offered(ask, false)?.into_iter().map(Tool::of).collect();
    if tools.is_empty() && !ask.form.extra.contains_key("tools") {
        let tools = called(conversation);
        let choice = (!tools.is_empty()).then_some(Choice { kind: "none" });
        return Ok((tools, choice));
    }
    let kind = match ask.request.tool_choice {
        _ if tools.is_empty() => None,
        ToolChoice::Auto => None,
        ToolChoice::None => Some("none"),
        ToolChoice::Required => Some("any"),
    };
    Ok((tools, kind.map(|kind| Choice { kind })))
}

/// Returns the tools that are called in a conversation.
fn called<'a>(conversation: &'a [Entry<'a>]) -> Vec<Tool<'a>> {
    let steps = conversation.iter().filter_map(|entry| match entry {
        Entry::Step(step) => Some(step),
        Entry::Message(_) => None,
    });
    let names: BTreeSet<_> = steps.flat_map(WireStep::calls).map(|call| &*call.name).collect();
    let tool = |name: &'a str| Tool {
        name: name.into(),
        description: "A tool that is not offered any more.",
        input_schema: Schema::Any,
    };
    names.into_iter().map(tool).collect()
}

impl<'a> Tool<'a> {
    fn of(tool: &'a ToolSpec) -> Self {
        Self {
            name: wire_name(&tool.name),
            description: &tool.description,
            input_schema: Schema::Of(&tool.input_schema),
        }
    }
}

impl Serialize for Schema<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Of(schema) => schema.serialize(serializer),
            Self::Any => json!({ "type": "object" }).serialize(serializer),
        }
    }
}

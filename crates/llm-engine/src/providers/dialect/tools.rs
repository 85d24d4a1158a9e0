//! The tools that a request offers.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{
    Ask,
    support::{refuse_if, refused},
};
use crate::{EngineError, ToolChoice, ToolSpec};

/// The keywords by which a schema is a choice of several.
const CHOICES: [&str; 5] = ["oneOf", "anyOf", "allOf", "enum", "not"];

/// Returns the tools of a request, sorted by name, so that the same tools give the same bytes.
/// Fails if the server has no form for the schema of one. `has_choices` says whether a schema may
/// be a choice of several at its top.
pub(super) fn offered<'a>(
    ask: &Ask<'a>,
    has_choices: bool,
) -> Result<Vec<&'a ToolSpec>, EngineError> {
    let mut tools: Vec<_> = ask.request.tools.iter().collect();
    let is_twice = !tools.is_empty() && ask.form.extra.contains_key("tools");
    refuse_if(is_twice, "`tools` as an additional field beside the tools of the request")?;
    tools.sort_by(|a, b| a.name.cmp(&b.name));
    tools.iter().try_for_each(|tool| check(tool, has_choices))?;
    Ok(tools)
}

/// Returns the word of `OpenAI`'s protocols for the choice of tools, which most others have too.
/// Without a word the model decides. A request without tools has none to decide about.
pub(super) fn choice(ask: &Ask<'_>) -> Option<&'static str> {
    match ask.request.tool_choice {
        _ if ask.request.tools.is_empty() => None,
        ToolChoice::Auto => None,
        ToolChoice::None => Some("none"),
        ToolChoice::Required => Some("required"),
    }
}

/// Fails if a schema is not one of an object, or a choice of several that the server does not take.
fn check(tool: &ToolSpec, has_choices: bool) -> Result<(), EngineError> {
    let schema = tool.input_schema.to::<BTreeMap<String, Box<RawValue>>>().unwrap_or_default();
    let is_object = schema.get("type").is_some_and(|kind| kind.get() == r#""object""#);
    let choice = CHOICES.iter().find(|choice| !has_choices && schema.contains_key(**choice));
    let name = &tool.name;
    match choice {
        _ if !is_object => Err(refused(&format!(
            "the schema of the tool `{name}` has not `\"type\": \"object\"` at its top"
        ))),
        Some(choice) => Err(refused(&format!(
            "the schema of the tool `{name}` has `{choice}` at its top, which this provider does \
             not take"
        ))),
        None => Ok(()),
    }
}

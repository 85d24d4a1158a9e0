//! The items and tools of a response's request.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    Json, ToolSpec,
    providers::{
        conversation::{Entry, Part, WireCall, wire_name},
        dialect::part_kinds::REASONING_ITEM,
    },
};

/// An item of the conversation. None has an id by which the server would look for it: nothing is
/// stored there.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Item<'a> {
    Message { role: &'static str, content: &'a str },
    Reasoning(&'a RawValue),
    Call(Called<'a>),
    Output(Answered<'a>),
}

#[derive(Serialize)]
pub(super) struct Called<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    call_id: &'a str,
    name: &'a str,
    arguments: String,
}

#[derive(Serialize)]
pub(super) struct Answered<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    call_id: &'a str,
    output: &'a str,
}

/// Returns the items. The parts of a step are items in the order of the model, and the results of
/// all its calls come right after them.
pub(super) fn items<'a>(conversation: &'a [Entry<'a>]) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    for entry in conversation {
        match entry {
            Entry::Message(message) => {
                items.push(Item::Message { role: message.role, content: &message.content });
            }
            Entry::Step(step) => {
                items.extend(step.parts.iter().filter_map(Item::of));
                items.extend(step.calls().map(Item::output));
            }
        }
    }
    items
}

impl<'a> Item<'a> {
    /// Returns a part of a step. A part that is no longer what the provider made is left out.
    fn of(part: &'a Part<'a>) -> Option<Self> {
        match part {
            Part::Text(content) => Some(Self::Message { role: "assistant", content }),
            Part::Call(call) => Some(Self::Call(Called::of(call))),
            Part::Opaque(part) if &*part.kind == REASONING_ITEM => {
                serde_json::from_str(&part.bytes).ok().map(Self::Reasoning)
            }
            Part::Opaque(_) => None,
        }
    }

    fn output(call: &'a WireCall<'a>) -> Self {
        let (call_id, output) = (&*call.id, &*call.result.text);
        Self::Output(Answered { kind: "function_call_output", call_id, output })
    }
}

impl<'a> Called<'a> {
    fn of(call: &'a WireCall<'a>) -> Self {
        let arguments = call.arguments.text();
        Self { kind: "function_call", call_id: &call.id, name: &call.name, arguments }
    }
}

/// A tool as it is declared.
#[derive(Serialize)]
pub(super) struct Tool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: Cow<'a, str>,
    description: &'a str,
    parameters: &'a Json,
    /// Always false: otherwise the API changes the schema, so that no argument is optional.
    strict: bool,
}

impl<'a> Tool<'a> {
    pub(super) fn of(tool: &'a ToolSpec) -> Self {
        Self {
            kind: "function",
            name: wire_name(&tool.name),
            description: &tool.description,
            parameters: &tool.input_schema,
            strict: false,
        }
    }
}

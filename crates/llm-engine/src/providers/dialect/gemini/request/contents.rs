//! The contents and tools of a request for content.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    Json, Opaque, ToolSpec,
    providers::{
        conversation::{self, Arguments, Entry, WireCall, wire_name},
        dialect::part_kinds::THOUGHT_SIGNATURE,
    },
};

/// A message of the conversation.
#[derive(Serialize)]
pub(super) struct Content<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    parts: Vec<Part<'a>>,
    /// Whether the content is the results of a step, beside which nothing else stands.
    #[serde(skip)]
    is_results: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Part<'a> {
    Text {
        text: Cow<'a, str>,
    },
    /// What the provider made and is given back as it came.
    Opaque(&'a RawValue),
    #[serde(rename_all = "camelCase")]
    Call {
        function_call: Call<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        thought_signature: Option<&'a str>,
    },
    #[serde(rename_all = "camelCase")]
    Result {
        function_response: Answered<'a>,
    },
}

#[derive(Serialize)]
struct Call<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: &'a str,
    args: &'a Arguments<'a>,
}

#[derive(Serialize)]
struct Answered<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: &'a str,
    response: Outcome<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome<'a> {
    Output(&'a str),
    Error(&'a str),
}

/// What is said in a part that was kept whole.
#[derive(Deserialize)]
struct Kept<'a> {
    #[serde(default, borrow)]
    text: Cow<'a, str>,
    #[serde(default)]
    thought: bool,
}

/// The beginning of the names of models that refuse calls without a signature.
const SIGNING: &str = "gemini-3";

/// What stands in place of a signature, as the API's documentation has it, where another model made
/// the calls.
const UNSIGNED: &str = "skip_thought_signature_validator";

/// Returns the contents. The results of a step are one content, right after that of its calls.
/// `model` is the name of the model that is asked.
pub(super) fn contents<'a>(conversation: &'a [Entry<'a>], model: &str) -> Vec<Content<'a>> {
    let signs = model.rsplit('/').next().is_some_and(|name| name.starts_with(SIGNING));
    let mut contents = Vec::new();
    for entry in conversation {
        match entry {
            Entry::Message(message) => {
                push(&mut contents, message.role, vec![Part::text(&message.content)]);
            }
            Entry::Step(step) => {
                let mut parts = parts(&step.parts);
                if signs {
                    sign(&mut parts);
                }
                push(&mut contents, "model", parts);
                if step.has_calls() {
                    let parts = step.calls().map(Part::result).collect();
                    contents.push(Content { role: Some("user"), parts, is_results: true });
                }
            }
        }
    }
    contents
}

/// Adds parts to the last content if it has the same speaker.
fn push<'a>(contents: &mut Vec<Content<'a>>, role: &'static str, parts: Vec<Part<'a>>) {
    match contents.last_mut() {
        Some(last) if last.role == Some(role) && !last.is_results => last.parts.extend(parts),
        Some(_) | None => {
            contents.push(Content { role: Some(role), parts, is_results: false });
        }
    }
}

fn parts<'a>(step: &'a [conversation::Part<'a>]) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    for part in step {
        match part {
            conversation::Part::Text(text) => parts.push(Part::text(text)),
            conversation::Part::Call(call) => parts.push(Part::call(call)),
            conversation::Part::Opaque(part) => push_kept(&mut parts, part),
        }
    }
    parts
}

/// Puts what stands in place of a signature on the first call of a step that has no signature. A
/// model signs the first of several calls beside each other.
fn sign(parts: &mut [Part<'_>]) {
    let mut signatures = parts.iter_mut().filter_map(|part| match part {
        Part::Call { thought_signature, .. } => Some(thought_signature),
        Part::Text { .. } | Part::Opaque(_) | Part::Result { .. } => None,
    });
    if let Some(first) = signatures.next()
        && first.is_none()
        && signatures.all(|signature| signature.is_none())
    {
        *first = Some(UNSIGNED);
    }
}

/// Adds a part that was kept whole. If it has a text of the answer, the end of the text before it
/// is the same, and is not written twice. A part for which that is not so any more is left out.
fn push_kept<'a>(parts: &mut Vec<Part<'a>>, part: &'a Opaque) {
    let Ok(kept) = serde_json::from_str::<Kept>(&part.bytes) else { return };
    let Ok(raw) = serde_json::from_str(&part.bytes) else { return };
    if !kept.thought && !kept.text.trim().is_empty() {
        let Some(Part::Text { text }) = parts.last_mut() else { return };
        let Some(before) = text.strip_suffix(&*kept.text) else { return };
        if before.is_empty() {
            parts.pop();
        } else {
            *text = before.to_owned().into();
        }
    }
    parts.push(Part::Opaque(raw));
}

impl<'a> Content<'a> {
    /// Returns instructions.
    pub(super) fn of(text: &'a str) -> Self {
        Self { role: None, parts: vec![Part::text(text)], is_results: false }
    }
}

impl<'a> Part<'a> {
    fn text(text: &'a str) -> Self {
        Self::Text { text: text.into() }
    }

    fn call(call: &'a WireCall<'a>) -> Self {
        let state = call.state.filter(|state| &*state.kind == THOUGHT_SIGNATURE);
        Self::Call {
            function_call: Call { id: id(call), name: &call.name, args: &call.arguments },
            thought_signature: state.map(|state| &*state.bytes),
        }
    }

    fn result(call: &'a WireCall<'a>) -> Self {
        let text = &*call.result.text;
        let response =
            if call.result.is_error { Outcome::Error(text) } else { Outcome::Output(text) };
        Self::Result { function_response: Answered { id: id(call), name: &call.name, response } }
    }
}

/// Returns the id of a call. Older servers know none, so that a call without one is written without
/// one: the order tells which result is whose.
fn id<'a>(call: &'a WireCall<'a>) -> Option<&'a str> {
    call.had_id.then_some(&*call.id)
}

/// A tool as it is declared.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Declaration<'a> {
    name: Cow<'a, str>,
    description: &'a str,
    parameters_json_schema: &'a Json,
}

impl<'a> Declaration<'a> {
    pub(super) fn of(tool: &'a ToolSpec) -> Self {
        Self {
            name: wire_name(&tool.name),
            description: &tool.description,
            parameters_json_schema: &tool.input_schema,
        }
    }
}

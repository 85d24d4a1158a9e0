//! The conversation of protocols in which a message has one text, with calls beside it.

use std::borrow::Cow;

use serde::Serialize;

use crate::{
    Json, ToolSpec,
    providers::conversation::{Entry, WireCall, WireStep, wire_name},
};

/// A message, or the result of a call.
pub(super) enum Flat<'a> {
    Message { role: &'static str, content: &'a str },
    Assistant(Assistant<'a>),
    Result(&'a WireCall<'a>),
}

/// A message of the model.
#[derive(Default)]
pub(super) struct Assistant<'a> {
    pub(super) content: Cow<'a, str>,
    /// The reasoning that is given back.
    pub(super) reasoning: Option<String>,
    pub(super) calls: Vec<&'a WireCall<'a>>,
}

/// Returns the messages of a conversation. Each step is a message of the model, and right after it
/// a result for each call. What the model said before a step, or after one without calls, is joined
/// with it. `kind` is that of the parts that hold reasoning.
pub(super) fn flat<'a>(conversation: &'a [Entry<'a>], kind: &str) -> Vec<Flat<'a>> {
    let mut messages = Vec::new();
    for entry in conversation {
        match entry {
            Entry::Message(message) if message.role == "assistant" => {
                say(
                    &mut messages,
                    Assistant { content: (&*message.content).into(), ..Assistant::default() },
                );
            }
            Entry::Message(message) => {
                messages.push(Flat::Message { role: message.role, content: &message.content });
            }
            Entry::Step(step) => {
                say(&mut messages, Assistant::of(step, kind));
                messages.extend(step.calls().map(Flat::Result));
            }
        }
    }
    messages
}

/// Adds a message of the model, or joins it with one right before.
fn say<'a>(messages: &mut Vec<Flat<'a>>, next: Assistant<'a>) {
    let Some(Flat::Assistant(last)) = messages.last_mut() else {
        return messages.push(Flat::Assistant(next));
    };
    if last.content.is_empty() {
        last.content = next.content;
    } else if !next.content.is_empty() {
        last.content = format!("{}\n\n{}", last.content, next.content).into();
    }
    last.reasoning = next.reasoning.or(last.reasoning.take());
    last.calls.extend(next.calls);
}

impl<'a> Assistant<'a> {
    fn of(step: &'a WireStep<'a>, kind: &str) -> Self {
        Self {
            content: step.text().into(),
            reasoning: step.opaque(kind),
            calls: step.calls().collect(),
        }
    }
}

/// A tool as it is declared in these protocols.
#[derive(Serialize)]
pub(super) struct Tool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: Cow<'a, str>,
    description: &'a str,
    parameters: &'a Json,
}

impl<'a> Tool<'a> {
    pub(super) fn of(tool: &'a ToolSpec) -> Self {
        let function = Function {
            name: wire_name(&tool.name),
            description: &tool.description,
            parameters: &tool.input_schema,
        };
        Self { kind: "function", function }
    }
}

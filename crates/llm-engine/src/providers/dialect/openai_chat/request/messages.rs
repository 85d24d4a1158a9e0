//! The messages of a chat completion.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

pub(super) use crate::providers::dialect::flat::Tool;
use crate::providers::{
    conversation::{Entry, IdForm, StepForm, WireCall},
    dialect::{
        Ask,
        flat::{Assistant, Flat, flat},
        part_kinds::{EXTRA_CONTENT, REASONING_CONTENT},
    },
};

pub(super) fn conversation<'a>(ask: &'a Ask<'_>) -> Vec<Entry<'a>> {
    let ids = if ask.switches.short_call_ids { IdForm::Nine } else { IdForm::Short };
    ask.conversation(StepForm { ids, ends_with_what_is_said: false }).with_roles()
}

/// A message of the conversation.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    role: &'static str,
    /// The text. It is null, as the protocol has it, where the model only called tools.
    content: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: String,
}

/// Returns the messages. Reasoning goes back only within a turn that calls tools: with the calls,
/// and with what the model said to their results.
pub(super) fn messages<'a>(conversation: &'a [Entry<'a>], has_reasoning: bool) -> Vec<Message<'a>> {
    let mut messages = Vec::new();
    let mut is_after_result = false;
    for message in flat(conversation, REASONING_CONTENT) {
        let is_result = matches!(message, Flat::Result(_));
        messages.push(match message {
            Flat::Message { role, content } => Message::of(role, content),
            Flat::Assistant(said) => {
                let is_kept = has_reasoning && (is_after_result || !said.calls.is_empty());
                Message::said(said, is_kept)
            }
            Flat::Result(call) => {
                Message { tool_call_id: Some(&call.id), ..Message::of("tool", &*call.result.text) }
            }
        });
        is_after_result = is_result;
    }
    messages
}

impl<'a> Message<'a> {
    fn of(role: &'static str, content: impl Into<Cow<'a, str>>) -> Self {
        Self {
            role,
            content: Some(content.into()),
            reasoning_content: None,
            tool_calls: Vec::new(),
            tool_call_id: None,
        }
    }

    fn said(said: Assistant<'a>, has_reasoning: bool) -> Self {
        let is_null = said.content.is_empty() && !said.calls.is_empty();
        Self {
            content: (!is_null).then_some(said.content),
            reasoning_content: said.reasoning.filter(|_| has_reasoning),
            tool_calls: said.calls.into_iter().map(Call::of).collect(),
            ..Self::of("assistant", "")
        }
    }
}

impl<'a> Call<'a> {
    fn of(call: &'a WireCall<'a>) -> Self {
        let state = call.state.filter(|state| &*state.kind == EXTRA_CONTENT);
        Self {
            id: &call.id,
            kind: "function",
            function: Function { name: &call.name, arguments: call.arguments.text() },
            extra_content: state.and_then(|state| serde_json::from_str(&state.bytes).ok()),
        }
    }
}

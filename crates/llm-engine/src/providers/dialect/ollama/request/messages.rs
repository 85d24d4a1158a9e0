//! The messages of a chat.

use std::borrow::Cow;

use serde::Serialize;

use crate::providers::{
    conversation::{Arguments, Entry, WireCall},
    dialect::{
        flat::{Flat, flat},
        part_kinds::THINKING,
    },
};

/// A message of the conversation.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    role: &'static str,
    content: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

/// A call. Servers that know no ids pass over it.
#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a Arguments<'a>,
}

pub(super) fn messages<'a>(conversation: &'a [Entry<'a>]) -> Vec<Message<'a>> {
    let messages = flat(conversation, THINKING).into_iter().map(|message| match message {
        Flat::Message { role, content } => Message::of(role, content.into()),
        Flat::Assistant(said) => Message {
            thinking: said.reasoning,
            tool_calls: said.calls.into_iter().map(Call::of).collect(),
            ..Message::of("assistant", said.content)
        },
        Flat::Result(call) => Message {
            tool_name: Some(&call.name),
            tool_call_id: Some(&call.id),
            ..Message::of("tool", (&*call.result.text).into())
        },
    });
    messages.collect()
}

impl<'a> Message<'a> {
    fn of(role: &'static str, content: Cow<'a, str>) -> Self {
        Self {
            role,
            content,
            thinking: None,
            tool_calls: Vec::new(),
            tool_name: None,
            tool_call_id: None,
        }
    }
}

impl<'a> Call<'a> {
    fn of(call: &'a WireCall<'a>) -> Self {
        Self { id: &call.id, function: Function { name: &call.name, arguments: &call.arguments } }
    }
}

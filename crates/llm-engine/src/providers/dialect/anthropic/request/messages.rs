//! The messages of a message's request.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::cached::{MARK, Mark};
use crate::providers::conversation::{Arguments, Entry, Part, WireCall};

/// A message of the conversation.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    role: &'static str,
    content: Content<'a>,
}

/// The blocks of a message. A single text without a mark is written as a text.
struct Content<'a>(Vec<Block<'a>>);

#[derive(Serialize)]
#[serde(untagged)]
enum Block<'a> {
    Text {
        #[serde(rename = "type")]
        kind: &'static str,
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Mark>,
    },
    /// What the provider made and is given back as it came.
    Opaque(&'a RawValue),
    Use {
        #[serde(rename = "type")]
        kind: &'static str,
        id: &'a str,
        name: &'a str,
        input: &'a Arguments<'a>,
    },
    Result {
        #[serde(rename = "type")]
        kind: &'static str,
        tool_use_id: &'a str,
        content: &'a str,
        #[serde(skip_serializing_if = "is_false")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Mark>,
    },
}

/// Returns the messages, the last block with a mark if the conversation is to be kept. All results
/// of a step are in one message, before what the user says next.
pub(super) fn messages<'a>(conversation: &'a [Entry<'a>], cache: bool) -> Vec<Message<'a>> {
    let mut messages = Vec::new();
    for entry in conversation {
        match entry {
            Entry::Message(message) => {
                push(&mut messages, message.role, [Block::text(&message.content)]);
            }
            Entry::Step(step) => {
                push(&mut messages, "assistant", step.parts.iter().filter_map(Block::of));
                if step.has_calls() {
                    push(&mut messages, "user", step.calls().map(Block::result));
                }
            }
        }
    }
    let last = messages.last_mut().and_then(|message| message.content.0.last_mut());
    if let Some(last) = last.filter(|_| cache) {
        last.mark();
    }
    messages
}

/// Adds blocks to the last message if it has the same speaker.
fn push<'a>(
    messages: &mut Vec<Message<'a>>,
    role: &'static str,
    blocks: impl IntoIterator<Item = Block<'a>>,
) {
    match messages.last_mut() {
        Some(last) if last.role == role => last.content.0.extend(blocks),
        Some(_) | None => {
            messages.push(Message { role, content: Content(blocks.into_iter().collect()) });
        }
    }
}

impl<'a> Block<'a> {
    fn text(text: &'a str) -> Self {
        Self::Text { kind: "text", text, cache_control: None }
    }

    /// Returns a part of a step. A part that is no longer what the provider made is left out.
    fn of(part: &'a Part<'a>) -> Option<Self> {
        match part {
            Part::Text(text) => Some(Self::text(text)),
            Part::Call(call) => Some(Self::Use {
                kind: "tool_use",
                id: &call.id,
                name: &call.name,
                input: &call.arguments,
            }),
            Part::Opaque(part) => serde_json::from_str(&part.bytes).ok().map(Self::Opaque),
        }
    }

    fn result(call: &'a WireCall<'a>) -> Self {
        Self::Result {
            kind: "tool_result",
            tool_use_id: &call.id,
            content: &call.result.text,
            is_error: call.result.is_error,
            cache_control: None,
        }
    }

    fn mark(&mut self) {
        match self {
            Self::Text { cache_control, .. } | Self::Result { cache_control, .. } => {
                *cache_control = Some(MARK);
            }
            Self::Opaque(_) | Self::Use { .. } => {}
        }
    }
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            [Block::Text { text, cache_control: None, .. }] => text.serialize(serializer),
            blocks => blocks.serialize(serializer),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

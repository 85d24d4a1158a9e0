//! The texts of a request, some with a mark up to which the provider keeps them in its cache.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::providers::conversation::WireMessage;

/// A text, with or without a mark.
pub(super) struct Text<'a> {
    text: Cow<'a, str>,
    has_mark: bool,
}

impl<'a> Text<'a> {
    pub(super) fn of(text: Cow<'a, str>, has_mark: bool) -> Self {
        Self { text, has_mark }
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.has_mark {
            return self.text.serialize(serializer);
        }
        let mark = Mark { kind: "ephemeral" };
        [Block { kind: "text", text: &self.text, cache_control: mark }].serialize(serializer)
    }
}

#[derive(Serialize)]
struct Block<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    text: &'a str,
    cache_control: Mark,
}

#[derive(Serialize)]
struct Mark {
    #[serde(rename = "type")]
    kind: &'static str,
}

/// A message of the conversation.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    role: &'static str,
    content: Text<'a>,
}

/// Returns the messages, the last one with a mark if the conversation is to be kept.
pub(super) fn messages(conversation: Vec<WireMessage<'_>>, cache: bool) -> Vec<Message<'_>> {
    let last = conversation.len().saturating_sub(1);
    let messages = conversation.into_iter().enumerate();
    let message = |(index, WireMessage { role, content })| Message {
        role,
        content: Text::of(content, cache && index == last),
    };
    messages.map(message).collect()
}

//! Converts a conversation into the form that a provider accepts.

use std::borrow::Cow;

use serde::Serialize;

use crate::{Message, Role};

/// The text of the user's message that is added where a provider requires one.
const GO_ON: &str = "(Go on.)";

/// The mark before a message of the application, for providers that have no role for it.
const SYSTEM_PREFIX: &str = "(Message of the system) ";

/// A message in the form that most providers use.
#[derive(Debug, Eq, PartialEq, Serialize)]
pub(super) struct WireMessage<'a> {
    pub(super) role: &'static str,
    pub(super) content: Cow<'a, str>,
}

/// Converts for providers that have a role `system`. Neighbouring messages of the same role become
/// one, because some prompt templates refuse two, and blank messages are left out.
pub(super) fn free<'a>(
    instructions: Option<&'a str>,
    messages: &'a [Message],
) -> Vec<WireMessage<'a>> {
    let mut conversation = Vec::new();
    if let Some(instructions) = instructions {
        push(&mut conversation, "system", instructions.into());
    }
    for message in messages {
        let role = match message.role {
            Role::User => "user",
            Role::System => "system",
            Role::Assistant => "assistant",
        };
        push(&mut conversation, role, (&*message.text).into());
    }
    conversation
}

/// Converts for providers that require user and assistant to take turns, the user first and last. A
/// message of the application stays in its place, as a message of the user with a mark.
pub(super) fn alternating<'a>(
    messages: &'a [Message],
    assistant: &'static str,
) -> Vec<WireMessage<'a>> {
    let mut conversation = Vec::new();
    for message in messages {
        let (role, content) = match message.role {
            Role::User => ("user", Cow::Borrowed(&*message.text)),
            Role::System if is_blank(&message.text) => continue,
            Role::System => ("user", Cow::Owned(format!("{SYSTEM_PREFIX}{}", message.text))),
            Role::Assistant => (assistant, Cow::Borrowed(&*message.text)),
        };
        push(&mut conversation, role, content);
    }
    let go_on = || WireMessage { role: "user", content: GO_ON.into() };
    if conversation.first().is_some_and(|message| message.role == assistant) {
        conversation.insert(0, go_on());
    }
    if conversation.last().is_none_or(|message| message.role == assistant) {
        conversation.push(go_on());
    }
    conversation
}

fn push<'a>(conversation: &mut Vec<WireMessage<'a>>, role: &'static str, content: Cow<'a, str>) {
    if is_blank(&content) {
        return;
    }
    match conversation.last_mut() {
        Some(last) if last.role == role => {
            let text = last.content.to_mut();
            text.push_str("\n\n");
            text.push_str(&content);
        }
        Some(_) | None => conversation.push(WireMessage { role, content }),
    }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(conversation: Vec<WireMessage<'_>>, expected: &[(&str, &str)]) {
        let conversation: Vec<_> =
            conversation.iter().map(|message| (message.role, &*message.content)).collect();
        assert_eq!(conversation, expected);
    }

    #[test]
    fn free_keeps_roles_and_joins_neighbours() {
        let messages = [
            Message::system("two"),
            Message::assistant("a"),
            Message::user(" \n"),
            Message::assistant("b"),
            Message::user("c"),
        ];
        check(
            free(Some("one"), &messages),
            &[("system", "one\n\ntwo"), ("assistant", "a\n\nb"), ("user", "c")],
        );
        check(free(Some(""), &[]), &[]);
    }

    #[test]
    fn alternating_begins_and_ends_with_the_user() {
        check(alternating(&[], "model"), &[("user", GO_ON)]);
        check(
            alternating(&[Message::assistant("a")], "model"),
            &[("user", GO_ON), ("model", "a"), ("user", GO_ON)],
        );
        check(
            alternating(&[Message::user("a"), Message::assistant(""), Message::user("b")], "model"),
            &[("user", "a\n\nb")],
        );
    }

    #[test]
    fn alternating_marks_the_application() {
        let messages = [Message::user("a"), Message::system("b"), Message::system(" ")];
        check(alternating(&messages, "model"), &[("user", "a\n\n(Message of the system) b")]);
    }
}

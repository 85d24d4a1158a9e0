//! Converts a conversation into the form that a provider accepts.

use std::borrow::Cow;

use serde::Serialize;

use super::compatibility::{Switches, SystemMessages};
use crate::{Message, ModelRequest, Role};

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

/// Converts for providers that have a role for the application, in the form that a server wants.
/// Neighbouring messages of the same role become one, because some prompt templates refuse two, and
/// blank messages are left out.
pub(super) fn with_roles<'a>(
    request: &'a ModelRequest,
    switches: &Switches,
) -> Vec<WireMessage<'a>> {
    converted(request.instructions.as_deref(), &request.messages, switches)
}

/// Converts like [`with_roles`], for providers that take the instructions apart.
pub(super) fn without_instructions<'a>(
    request: &'a ModelRequest,
    switches: &Switches,
) -> Vec<WireMessage<'a>> {
    converted(None, &request.messages, switches)
}

fn converted<'a>(
    instructions: Option<&'a str>,
    messages: &'a [Message],
    switches: &Switches,
) -> Vec<WireMessage<'a>> {
    let system = switches.system_role.as_str();
    let at_beginning = match switches.system {
        SystemMessages::Anywhere | SystemMessages::First => system,
        SystemMessages::Merged => "user",
    };
    let mut conversation = Vec::new();
    if let Some(instructions) = instructions {
        push(&mut conversation, at_beginning, instructions.into());
    }
    let mut is_beginning = true;
    for message in messages {
        is_beginning &= message.role == Role::System || is_blank(&message.text);
        match message.role {
            Role::User => push(&mut conversation, "user", (&*message.text).into()),
            Role::Assistant => push(&mut conversation, "assistant", (&*message.text).into()),
            Role::System if is_beginning => {
                push(&mut conversation, at_beginning, (&*message.text).into());
            }
            Role::System if switches.system == SystemMessages::Anywhere => {
                push(&mut conversation, system, (&*message.text).into());
            }
            Role::System => push(&mut conversation, "user", marked(&message.text)),
        }
    }
    if switches.alternating {
        let begins = conversation.iter().take_while(|message| message.role == system).count();
        take_turns(&mut conversation, begins, "assistant");
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
            Role::System => ("user", marked(&message.text)),
            Role::Assistant => (assistant, Cow::Borrowed(&*message.text)),
        };
        push(&mut conversation, role, content);
    }
    take_turns(&mut conversation, 0, assistant);
    conversation
}

/// Puts the instructions at the beginning of the first message, which is one of the user.
pub(super) fn beginning_with<'a>(conversation: &mut [WireMessage<'a>], instructions: &'a str) {
    if let Some(first) = conversation.first_mut() {
        first.content = Cow::Owned(format!("{instructions}\n\n{}", first.content));
    }
}

/// Has the user speak first, from the message at `begins`, and last.
fn take_turns(conversation: &mut Vec<WireMessage<'_>>, begins: usize, assistant: &'static str) {
    let go_on = || WireMessage { role: "user", content: GO_ON.into() };
    if conversation.get(begins).is_some_and(|message| message.role == assistant) {
        conversation.insert(begins, go_on());
    }
    if conversation.last().is_none_or(|message| message.role != "user") {
        conversation.push(go_on());
    }
}

fn marked(text: &str) -> Cow<'_, str> {
    if is_blank(text) { "".into() } else { format!("{SYSTEM_PREFIX}{text}").into() }
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
    use crate::providers::compatibility::{Compatibility, SystemRole};

    #[track_caller]
    fn check(conversation: Vec<WireMessage<'_>>, expected: &[(&str, &str)]) {
        let conversation: Vec<_> =
            conversation.iter().map(|message| (message.role, &*message.content)).collect();
        assert_eq!(conversation, expected);
    }

    fn with(compatibility: Compatibility) -> Switches {
        compatibility.into()
    }

    #[test]
    fn roles_are_kept_and_neighbours_joined() {
        let messages = [
            Message::system("two"),
            Message::assistant("a"),
            Message::user(" \n"),
            Message::assistant("b"),
            Message::user("c"),
            Message::system("d"),
        ];
        check(
            converted(Some("one"), &messages, &with(Compatibility::new())),
            &[("system", "one\n\ntwo"), ("assistant", "a\n\nb"), ("user", "c"), ("system", "d")],
        );
        check(converted(Some(""), &[], &with(Compatibility::new())), &[]);
    }

    #[test]
    fn the_application_speaks_where_the_server_allows_it() {
        let messages = [
            Message::system("two"),
            Message::user("a"),
            Message::system("b"),
            Message::system(" "),
            Message::assistant("c"),
        ];
        let marked = "a\n\n(Message of the system) b";
        let first = Compatibility::new().system(SystemMessages::First);
        check(
            converted(Some("one"), &messages, &with(first.system_role(SystemRole::Developer))),
            &[("developer", "one\n\ntwo"), ("user", marked), ("assistant", "c")],
        );
        let merged = Compatibility::new().system(SystemMessages::Merged).alternating(true);
        check(
            converted(Some("one"), &messages, &with(merged)),
            &[("user", &format!("one\n\ntwo\n\n{marked}")), ("assistant", "c"), ("user", GO_ON)],
        );
        check(
            converted(Some("one"), &messages[4..], &with(first.alternating(true))),
            &[("system", "one"), ("user", GO_ON), ("assistant", "c"), ("user", GO_ON)],
        );
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

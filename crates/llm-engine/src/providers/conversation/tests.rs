//! What conversations become.

use super::*;
use crate::{
    Block, ModelCall, Opaque, Step, ToolResult,
    providers::compatibility::{Compatibility, SystemRole},
};

/// What a conversation becomes: its messages by role, and its steps by their texts.
#[track_caller]
fn check(conversation: Vec<Entry<'_>>, expected: &[(&str, &str)]) {
    let conversation: Vec<_> = conversation.into_iter().map(shown).collect();
    let conversation: Vec<_> = conversation.iter().map(|(role, text)| (*role, &**text)).collect();
    assert_eq!(conversation, expected);
}

fn shown(entry: Entry<'_>) -> (&'static str, String) {
    match entry {
        Entry::Message(message) => (message.role, message.content.into_owned()),
        Entry::Step(step) => ("step", step.text()),
    }
}

fn with(compatibility: Compatibility) -> Switches {
    compatibility.into()
}

fn asked(instructions: Option<&str>, messages: &[Message]) -> ModelRequest {
    let instructions = instructions.map(Into::into);
    ModelRequest { instructions, ..ModelRequest::new(messages.to_vec()) }
}

/// Checks a conversation for a server that has roles.
#[track_caller]
fn converted(
    instructions: Option<&str>,
    messages: &[Message],
    switches: &Switches,
    expected: &[(&str, &str)],
) {
    let (request, origin) = (asked(instructions, messages), Origin::default());
    let steps = StepForm { ids: IdForm::Any, ends_with_what_is_said: true };
    let conversation = Conversation { request: &request, switches, origin: &origin, steps };
    check(conversation.with_roles(), expected);
}

/// Checks a conversation for a provider that requires turns.
#[track_caller]
fn alternating(messages: &[Message], expected: &[(&str, &str)]) {
    let (request, origin) = (asked(None, messages), Origin::default());
    let steps = StepForm { ids: IdForm::Any, ends_with_what_is_said: true };
    let switches = &with(Compatibility::new());
    let conversation = Conversation { request: &request, switches, origin: &origin, steps };
    check(conversation.alternating("model"), expected);
}

/// A step with a text and a call.
fn called(text: &str) -> Message {
    let blocks = vec![Block::Text(text.into()), Block::Call(ModelCall::new("f", ""))];
    Message::step(Step::new(blocks, vec![ToolResult::new("r")]).unwrap())
}

/// A step without calls that ends with a part of another provider.
fn said(text: &str) -> Message {
    let part = |kind: &str| {
        let of = || "another".into();
        Block::Opaque(Opaque { provider: of(), model: of(), kind: kind.into(), bytes: of() })
    };
    let blocks = vec![part("a"), Block::Text(text.into()), part("b")];
    Message::step(Step::new(blocks, vec![]).unwrap())
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
    converted(
        Some("one"),
        &messages,
        &with(Compatibility::new()),
        &[("system", "one\n\ntwo"), ("assistant", "a\n\nb"), ("user", "c"), ("system", "d")],
    );
    converted(Some(""), &[], &with(Compatibility::new()), &[]);
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
    converted(
        Some("one"),
        &messages,
        &with(first.system_role(SystemRole::Developer)),
        &[("developer", "one\n\ntwo"), ("user", marked), ("assistant", "c")],
    );
    let merged = Compatibility::new().system(SystemMessages::Merged).alternating(true);
    converted(
        Some("one"),
        &messages,
        &with(merged),
        &[("user", &format!("one\n\ntwo\n\n{marked}")), ("assistant", "c"), ("user", GO_ON)],
    );
    converted(
        Some("one"),
        &messages[4..],
        &with(first.alternating(true)),
        &[("system", "one"), ("user", GO_ON), ("assistant", "c"), ("user", GO_ON)],
    );
}

#[test]
fn alternating_begins_and_ends_with_the_user() {
    alternating(&[], &[("user", GO_ON)]);
    alternating(&[Message::assistant("a")], &[("user", GO_ON), ("model", "a"), ("user", GO_ON)]);
    alternating(
        &[Message::user("a"), Message::assistant(""), Message::user("b")],
        &[("user", "a\n\nb")],
    );
}

#[test]
fn alternating_marks_the_application() {
    let messages = [Message::user("a"), Message::system("b"), Message::system(" ")];
    alternating(&messages, &[("user", "a\n\n(Message of the system) b")]);
}

#[test]
fn a_step_is_one_part_and_one_without_calls_is_a_text() {
    let messages = [
        Message::user("a"),
        said("b"),
        Message::assistant("c"),
        called(""),
        called("d"),
        Message::user("e"),
        said(" "),
        Message::system("f"),
    ];
    let in_order = [
        ("user", "a"),
        ("assistant", "b\n\nc"),
        ("step", ""),
        ("step", "d"),
        ("user", "e"),
        ("system", "f"),
    ];
    converted(None, &messages, &with(Compatibility::new()), &in_order);
    let text = "e\n\n(Message of the system) f";
    let roles = [("user", "a"), ("model", "b\n\nc"), ("step", ""), ("step", "d"), ("user", text)];
    alternating(&messages, &roles);
    alternating(&[called("")], &[("user", GO_ON), ("step", "")]);
}

#[test]
fn templates_that_count_no_results_are_told_that_the_model_has_them() {
    let first = Compatibility::new().system(SystemMessages::First).alternating(true);
    let messages = [called("a"), Message::user("b"), called("c"), called("d")];
    converted(
        Some("i"),
        &messages,
        &with(first),
        &[
            ("system", "i"),
            ("user", GO_ON),
            ("step", "a"),
            ("assistant", RESULTS_READ),
            ("user", "b"),
            ("step", "c"),
            ("step", "d"),
        ],
    );
}

#[test]
fn the_application_is_not_at_the_beginning_after_a_step() {
    let first = Compatibility::new().system(SystemMessages::First);
    let messages = [called(""), Message::system("a")];
    let marked = "(Message of the system) a";
    converted(None, &messages, &with(first), &[("step", ""), ("user", marked)]);
}

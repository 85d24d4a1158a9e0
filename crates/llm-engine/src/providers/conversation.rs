//! Converts a conversation into the form that a provider accepts.

mod call_ids;
mod step;

use std::borrow::Cow;

use serde::Serialize;

use self::{call_ids::CallIds, step::is_blank};
pub(super) use self::{
    call_ids::IdForm,
    step::{Arguments, Part, WireCall, WireStep, wire_name},
};
use super::{
    compatibility::{Switches, SystemMessages},
    origin::Origin,
};
use crate::{Message, ModelRequest, Role};

/// The text of the user's message that is added where a provider requires one.
const GO_ON: &str = "(Go on.)";

/// The text of the model's message that is added between results and the user, where a server
/// requires one.
const RESULTS_READ: &str = "(I have the results.)";

/// The mark before a message of the application, for providers that have no role for it.
const SYSTEM_PREFIX: &str = "(Message of the system) ";

/// A message in the form that most providers use.
#[derive(Debug, Eq, PartialEq, Serialize)]
pub(super) struct WireMessage<'a> {
    pub(super) role: &'static str,
    pub(super) content: Cow<'a, str>,
}

/// A part of a conversation. A step is one part, so that nothing comes between a call and its
/// result.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Entry<'a> {
    Message(WireMessage<'a>),
    Step(WireStep<'a>),
}

/// The form in which a provider takes steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepForm {
    pub(super) ids: IdForm,
    /// Whether an opaque part that nothing follows is left out.
    pub(super) ends_with_what_is_said: bool,
}

/// A conversation, and the form in which a server wants it.
pub(super) struct Conversation<'a> {
    pub(super) request: &'a ModelRequest,
    pub(super) switches: &'a Switches,
    /// Who is asked.
    pub(super) origin: &'a Origin,
    pub(super) steps: StepForm,
}

impl<'a> Conversation<'a> {
    /// Converts for providers that have a role for the application, in the form that a server wants.
    /// Neighbouring messages of the same role become one, because some prompt templates refuse two,
    /// and blank messages are left out.
    pub(super) fn with_roles(&self) -> Vec<Entry<'a>> {
        self.converted(self.request.instructions.as_deref())
    }

    /// Converts like [`with_roles`](Self::with_roles), for providers that take the instructions
    /// apart.
    pub(super) fn without_instructions(&self) -> Vec<Entry<'a>> {
        self.converted(None)
    }

    /// Converts for providers that require user and assistant to take turns, the user first and
    /// last, where the results of calls are the user's. A message of the application stays in its
    /// place, as a message of the user with a mark.
    pub(super) fn alternating(&self, assistant: &'static str) -> Vec<Entry<'a>> {
        let mut entries = Entries::new(self);
        for message in &self.request.messages {
            match message.role {
                Role::User => entries.push("user", (&*message.text).into()),
                Role::System => entries.push("user", marked(&message.text)),
                Role::Assistant => entries.push_assistant(assistant, message),
            }
        }
        take_turns(&mut entries.list, 0);
        entries.list
    }

    fn converted(&self, instructions: Option<&'a str>) -> Vec<Entry<'a>> {
        let switches = self.switches;
        let system = switches.system_role.as_str();
        let at_beginning = match switches.system {
            SystemMessages::Anywhere | SystemMessages::First => system,
            SystemMessages::Merged => "user",
        };
        let mut entries = Entries::new(self);
        if let Some(instructions) = instructions {
            entries.push(at_beginning, instructions.into());
        }
        let mut is_beginning = true;
        for message in &self.request.messages {
            is_beginning &=
                message.role == Role::System || (message.step.is_none() && is_blank(&message.text));
            match message.role {
                Role::User => entries.push("user", (&*message.text).into()),
                Role::Assistant => entries.push_assistant("assistant", message),
                Role::System if is_beginning => entries.push(at_beginning, (&*message.text).into()),
                Role::System if switches.system == SystemMessages::Anywhere => {
                    entries.push(system, (&*message.text).into());
                }
                Role::System => entries.push("user", marked(&message.text)),
            }
        }
        if switches.alternating {
            let is_system =
                |entry: &&Entry| matches!(entry, Entry::Message(it) if it.role == system);
            let begins = entries.list.iter().take_while(is_system).count();
            take_turns(&mut entries.list, begins);
            answer_results(&mut entries.list);
        }
        entries.list
    }
}

/// Puts the instructions at the beginning of the first message, which is one of the user.
pub(super) fn beginning_with<'a>(conversation: &mut [Entry<'a>], instructions: &'a str) {
    if let Some(Entry::Message(first)) = conversation.first_mut() {
        first.content = Cow::Owned(format!("{instructions}\n\n{}", first.content));
    }
}

/// The parts so far.
struct Entries<'a, 'c> {
    list: Vec<Entry<'a>>,
    origin: &'c Origin,
    form: StepForm,
    ids: CallIds,
}

impl<'a, 'c> Entries<'a, 'c> {
    fn new(conversation: &'c Conversation<'a>) -> Self {
        let form = conversation.steps;
        let ids = CallIds::new(form.ids);
        Self { list: Vec::new(), origin: conversation.origin, form, ids }
    }

    fn push(&mut self, role: &'static str, content: Cow<'a, str>) {
        if is_blank(&content) {
            return;
        }
        match self.list.last_mut() {
            Some(Entry::Message(last)) if last.role == role => {
                let text = last.content.to_mut();
                text.push_str("\n\n");
                text.push_str(&content);
            }
            Some(_) | None => self.list.push(Entry::Message(WireMessage { role, content })),
        }
    }

    /// Adds a message of the model. A step that has nothing but texts is a message like others.
    fn push_assistant(&mut self, role: &'static str, message: &'a Message) {
        let step = message.step.as_deref();
        let step = step.map(|step| WireStep::new(step, self.origin, &mut self.ids));
        let Some(mut step) = step else { return self.push(role, (&*message.text).into()) };
        if self.form.ends_with_what_is_said {
            step.end_with_what_is_said();
        }
        if step.is_silent() {
            return;
        }
        if step.parts.iter().all(|part| matches!(part, Part::Text(_))) {
            self.push(role, (&*message.text).into());
        } else {
            self.list.push(Entry::Step(step));
        }
    }
}

/// Has the user speak first, from the entry at `begins`, and last. Results are the user's.
fn take_turns(conversation: &mut Vec<Entry<'_>>, begins: usize) {
    let is_user = |entry: &Entry| matches!(entry, Entry::Message(it) if it.role == "user");
    let go_on = || Entry::Message(WireMessage { role: "user", content: GO_ON.into() });
    if conversation.get(begins).is_some_and(|first| !is_user(first)) {
        conversation.insert(begins, go_on());
    }
    let is_over = conversation.last().is_some_and(|last| match last {
        Entry::Message(_) => is_user(last),
        Entry::Step(step) => step.has_calls(),
    });
    if !is_over {
        conversation.push(go_on());
    }
}

/// Has the model speak between results and the user, for templates that do not count results.
fn answer_results(conversation: &mut Vec<Entry<'_>>) {
    for index in (1..conversation.len()).rev() {
        if let [Entry::Step(step), Entry::Message(next)] = &conversation[index - 1..=index]
            && step.has_calls()
            && next.role == "user"
        {
            let read = WireMessage { role: "assistant", content: RESULTS_READ.into() };
            conversation.insert(index, Entry::Message(read));
        }
    }
}

fn marked(text: &str) -> Cow<'_, str> {
    if is_blank(text) { "".into() } else { format!("{SYSTEM_PREFIX}{text}").into() }
}

#[cfg(test)]
mod tests;

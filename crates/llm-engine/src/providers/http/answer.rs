//! The part of an answer that has been read.

mod calls;
mod parts;
mod thinking;

use std::{
    collections::{HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};

use serde_json::value::RawValue;

pub(in crate::providers) use self::parts::{Begun, End, Written};
use self::parts::{Calls, Signed};
use super::think_tags::ThinkTags;
use crate::{
    EngineError, ProviderEvent, StopReason, TokenUsage,
    providers::{
        dialect::{Ask, Counts, Dialect, Said, Stop, whole_characters},
        failure::{Complaint, of_complaint},
        origin::Origin,
    },
};

/// The mark that ends the streams of most servers, whatever protocol they speak otherwise.
const DONE: &str = "[DONE]";

/// Parts that some servers and proxies send to keep a connection alive.
const FILLERS: [&str; 7] = ["", "null", "{}", "ping", "pong", "keep-alive", "heartbeat"];

/// The events that a dialect has read, and the state that decides the end of the call.
#[derive(Debug, Default)]
pub(in crate::providers) struct Answer {
    /// Events that were read and not given out yet.
    pub(super) events: VecDeque<ProviderEvent>,
    /// The error that ends the call once the events are given out.
    pub(super) failure: Option<EngineError>,
    /// Why the model stopped, unless text came after that.
    pub(super) stop_reason: Option<StopReason>,
    pub(super) doubt: Doubt,
    /// Whether a part came that the dialect knows.
    pub(super) has_begun: bool,
    /// Whether the provider said that nothing more will come.
    pub(super) is_over: bool,
    given: Given,
    /// The index of the first choice of several that a server gives beside each other.
    choice: Option<i64>,
    /// The reason to stop that the content tells by itself: a refusal or, for want of one, the call
    /// of a tool.
    told_reason: Option<StopReason>,
    /// Splits the text, if the server writes the reasoning into it.
    tags: Option<ThinkTags>,
    /// All token counts of the call.
    counts: Counts,
    usage: TokenUsage,
    /// The calls of tools that the model has begun.
    calls: Calls,
    /// Who answers.
    origin: Origin,
    /// Whether the server wants its reasoning back, because tools are offered.
    keeps_reasoning: bool,
    /// The kind and text of reasoning that goes back, as far as it came.
    reasoning: Option<(&'static str, String)>,
    /// The parts that may come twice, by their hashes.
    opaque_seen: HashSet<u64>,
    /// Signed reasoning that has begun.
    thinking: Option<Signed>,
}

/// What of an answer has not come when the whole of it is read.
#[derive(Clone, Copy)]
pub(in crate::providers) struct Missing {
    reasoning: bool,
    text: bool,
}

/// Why a reason to stop may be none.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Doubt {
    #[default]
    None,
    /// The reason came in one part with text. Some servers give a reason in every part.
    BesideText,
    /// The server gave this reason, and went on.
    WentOn(StopReason),
}

/// How much of the answer came.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
enum Given {
    #[default]
    Nothing,
    Reasoning,
    /// Text, and none of it in pieces.
    Whole,
    Pieces,
}

impl Answer {
    /// Creates an answer of which nothing was read.
    pub(super) fn new(ask: &Ask<'_>) -> Self {
        Self {
            tags: ask.switches.think_tags.then(ThinkTags::default),
            keeps_reasoning: ask.switches.reasoning_content && !ask.request.tools.is_empty(),
            origin: ask.origin.clone(),
            ..Self::default()
        }
    }

    /// Reads one part. Whatever is in the part is given out in this order: token counts, text and
    /// reasoning, the error.
    pub(super) fn read(&mut self, part: &str, dialect: &dyn Dialect) {
        let part = part.trim();
        if part == DONE {
            self.over();
        } else if !FILLERS.contains(&part) {
            if let Err(error) = self.read_all(&whole_characters(part), dialect) {
                self.failure = Some(error);
            }
            if self.doubt == Doubt::None && self.stop_reason.is_some() && !self.events.is_empty() {
                self.doubt = Doubt::BesideText;
            }
            let usage = dialect.usage(&self.counts);
            if usage != self.usage {
                self.usage = usage;
                self.events.push_front(ProviderEvent::Usage(usage));
            }
        }
    }

    /// Reads a part, or each part of a list.
    fn read_all(&mut self, part: &str, dialect: &dyn Dialect) -> Result<(), EngineError> {
        if part.starts_with('[')
            && let Ok(parts) = serde_json::from_str::<Vec<&RawValue>>(part)
        {
            return parts.iter().try_for_each(|part| dialect.read(part.get(), self));
        }
        dialect.read(part, self)
    }

    /// Notes whether a part is one of the protocol. An answer without any is of another protocol.
    pub(in crate::providers) fn know(&mut self, is_known: bool) {
        self.has_begun |= is_known;
    }

    /// Returns whether a choice is the one that is the answer. Others are passed over: a request can
    /// ask for several by an additional field.
    pub(in crate::providers) fn is_of_first_choice(&mut self, index: i64) -> bool {
        *self.choice.get_or_insert(index) == index
    }

    /// Notes token counts of the call.
    pub(in crate::providers) fn count(&mut self, counts: Counts) {
        self.counts.update(counts);
    }

    /// Returns whether text, reasoning or a call came.
    pub(super) fn has_output(&self) -> bool {
        self.given > Given::Nothing || !self.calls.list.is_empty()
    }

    /// Returns whether the provider has counted the tokens of its answer.
    pub(super) fn is_counted(&self) -> bool {
        self.usage.output_tokens.is_some()
    }

    /// Adds a piece of the answer.
    pub(in crate::providers) fn say(&mut self, said: Said) {
        self.tool_call(said.has_tool_call);
        self.reasoning(said.reasoning);
        self.text(said.text, Given::Pieces);
        self.refusal(said.refusal);
    }

    /// Adds what is held back, because the answer has come to its end.
    pub(super) fn say_rest(&mut self) {
        if let Some(rest) = self.tags.as_mut().map(ThinkTags::rest) {
            self.reasoning(rest.reasoning);
            self.give(rest.text, ProviderEvent::TextDelta, Given::Pieces);
        }
    }

    /// Adds the whole of one part of the answer, which most servers have sent in pieces before.
    pub(in crate::providers) fn say_part(&mut self, said: Said) {
        self.tool_call(said.has_tool_call);
        if self.given < Given::Pieces {
            self.text(said.text, Given::Whole);
            self.refusal(said.refusal);
        }
    }

    /// Adds the answer as a whole, which most servers have sent in pieces or parts before.
    pub(in crate::providers) fn say_whole(&mut self, said: Said) {
        let missing = self.missing();
        self.say_missing(said, missing);
    }

    /// Returns what has not come of the answer.
    pub(in crate::providers) fn missing(&self) -> Missing {
        Missing { reasoning: !self.has_output(), text: self.given < Given::Whole }
    }

    /// Adds a part of the answer as a whole, as far as it was missing before the first of the
    /// parts.
    pub(in crate::providers) fn say_missing(&mut self, said: Said, missing: Missing) {
        self.tool_call(said.has_tool_call);
        if missing.reasoning {
            self.reasoning(said.reasoning);
        }
        if missing.text {
            self.text(said.text, Given::Whole);
            self.refusal(said.refusal);
        }
    }

    fn text(&mut self, mut text: String, given: Given) {
        if let Some(tags) = &mut self.tags {
            let said = tags.split(&text);
            self.reasoning(said.reasoning);
            text = said.text;
        }
        self.give(text, ProviderEvent::TextDelta, given);
    }

    /// Adds a piece of the reasoning.
    pub(in crate::providers) fn reasoning(&mut self, text: String) {
        self.give(text, ProviderEvent::ReasoningDelta, Given::Reasoning);
    }

    /// Adds a piece of reasoning. If the server wants it back, it goes back as one part of this
    /// kind, before what the model says or calls next.
    pub(in crate::providers) fn reasoning_of(&mut self, kind: &'static str, text: String) {
        if self.keeps_reasoning {
            self.reasoning.get_or_insert((kind, String::new())).1.push_str(&text);
        }
        self.reasoning(text);
    }

    /// Adds the reasoning that is to go back, because it is followed by something now.
    fn end_reasoning(&mut self) {
        if let Some((kind, text)) = self.reasoning.take_if(|(_, text)| !text.is_empty()) {
            self.opaque(kind, &text);
        }
    }

    /// Adds a part that the provider wants back in this place.
    pub(in crate::providers) fn opaque(&mut self, kind: &str, bytes: &str) {
        self.goes_on();
        self.events.push_back(ProviderEvent::Opaque(self.origin.part(kind, bytes)));
    }

    /// Adds a part that the provider wants back, if it did not come before.
    pub(in crate::providers) fn opaque_once(&mut self, kind: &str, bytes: &str) {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        if self.opaque_seen.insert(hasher.finish()) {
            self.opaque(kind, bytes);
        }
    }

    /// Adds a piece of the answer in which the model declines.
    pub(in crate::providers) fn refusal(&mut self, text: String) {
        if !text.is_empty() {
            self.told_reason = Some(StopReason::Refusal);
        }
        self.text(text, Given::Pieces);
    }

    /// Notes whether the model called a tool, which many servers do not name as the reason of the end.
    pub(in crate::providers) fn tool_call(&mut self, is_called: bool) {
        if is_called {
            self.told_reason.get_or_insert(StopReason::ToolCall);
        }
    }

    /// Says that the provider itself still works on the call, without content.
    pub(in crate::providers) fn keep_alive(&mut self) {
        self.events.push_back(ProviderEvent::KeepAlive);
    }

    /// Ends the call with the error object of a part, if there is one.
    pub(in crate::providers) fn error(&mut self, error: Option<&RawValue>) {
        if let Some(error) = error {
            self.failed(error.get());
        }
    }

    /// Ends the call with an error object.
    pub(in crate::providers) fn failed(&mut self, error: &str) {
        self.fail(of_complaint(&Complaint::of_json(error)));
    }

    /// Ends the call if a part without content is an error that has no envelope.
    pub(in crate::providers) fn error_in(&mut self, part: &str) {
        if let Some(complaint) = Complaint::read(part) {
            self.fail(of_complaint(&complaint));
        }
    }

    fn fail(&mut self, error: EngineError) {
        self.failure.get_or_insert(error);
    }

    /// Records why the model stopped, in the provider's word.
    pub(in crate::providers) fn finish(&mut self, reason: &str) {
        match Stop::of(reason) {
            Stop::Stopped(reason) => self.stopped(reason),
            Stop::Failed => self.failed(&serde_json::json!({ "code": reason }).to_string()),
            Stop::None => {}
        }
    }

    /// Records that the model stopped. Token counts may still follow.
    pub(in crate::providers) fn stopped(&mut self, reason: StopReason) {
        self.say_rest();
        self.stop_reason = Some(match self.told_reason {
            Some(StopReason::ToolCall) if reason != StopReason::EndTurn => reason,
            told => told.unwrap_or(reason),
        });
    }

    /// Records that nothing more will come.
    pub(in crate::providers) fn over(&mut self) {
        self.is_over = true;
        if let Doubt::WentOn(reason) = self.doubt {
            self.stop_reason.get_or_insert(reason);
        }
    }

    fn give(&mut self, text: String, event: fn(String) -> ProviderEvent, given: Given) {
        if text.is_empty() {
            return;
        }
        self.goes_on();
        if given > Given::Reasoning {
            self.end_reasoning();
        }
        self.given = self.given.max(given);
        self.events.push_back(event(text));
    }

    /// Notes that more of the answer came: whoever goes on has not stopped.
    fn goes_on(&mut self) {
        if let Some(reason) = self.stop_reason.take() {
            self.doubt = Doubt::WentOn(reason);
        }
    }
}

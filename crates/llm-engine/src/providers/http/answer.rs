//! The part of an answer that has been read.

use std::collections::VecDeque;

use serde_json::value::RawValue;

use crate::{
    EngineError, ProviderEvent, StopReason, TokenUsage,
    providers::{
        dialect::{Counts, Dialect},
        failure::{Complaint, of_complaint},
    },
};

/// The events that a dialect has read, and the state that decides the end of the call.
#[derive(Debug, Default)]
pub(in crate::providers) struct Answer {
    /// Events that were read and not given out yet.
    pub(super) events: VecDeque<ProviderEvent>,
    /// The error that ends the call once the events are given out.
    pub(super) failure: Option<EngineError>,
    pub(super) stop_reason: Option<StopReason>,
    /// Whether text or reasoning came.
    pub(super) has_output: bool,
    /// Whether the provider said that nothing more will come.
    pub(super) is_over: bool,
    is_refused: bool,
    /// All token counts of the call.
    counts: Counts,
    usage: TokenUsage,
}

impl Answer {
    /// Reads one part. Whatever is in the part is given out in this order: token counts, text and
    /// reasoning, the error.
    pub(super) fn read(&mut self, part: &str, dialect: &dyn Dialect) {
        self.counts.update(dialect.counts(part));
        let usage = dialect.usage(&self.counts);
        if usage != self.usage {
            self.usage = usage;
            self.events.push_back(ProviderEvent::Usage(usage));
        }
        if let Err(error) = dialect.read(part, self) {
            self.failure = Some(error);
        }
    }

    /// Adds a piece of the answer.
    pub(in crate::providers) fn text(&mut self, text: Option<String>) {
        self.say(text, ProviderEvent::TextDelta);
    }

    /// Adds a piece of the reasoning.
    pub(in crate::providers) fn reasoning(&mut self, text: Option<String>) {
        self.say(text, ProviderEvent::ReasoningDelta);
    }

    /// Adds a piece of the answer in which the model declines.
    pub(in crate::providers) fn refusal(&mut self, text: Option<String>) {
        self.is_refused |= text.as_ref().is_some_and(|text| !text.is_empty());
        self.text(text);
    }

    /// Ends the call with the error object of a part, if there is one.
    pub(in crate::providers) fn error(&mut self, error: Option<&RawValue>) {
        if let Some(error) = error {
            self.failed(error.get());
        }
    }

    /// Ends the call with an error object.
    pub(in crate::providers) fn failed(&mut self, error: &str) {
        self.failure = Some(of_complaint(&Complaint::of_json(error)));
    }

    /// Records that the model stopped. Token counts may still follow.
    pub(in crate::providers) fn stopped(&mut self, reason: StopReason) {
        self.stop_reason = Some(if self.is_refused { StopReason::Refusal } else { reason });
    }

    /// Records that nothing more will come.
    pub(in crate::providers) fn over(&mut self) {
        self.is_over = true;
    }

    fn say(&mut self, text: Option<String>, event: fn(String) -> ProviderEvent) {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return };
        self.has_output = true;
        self.events.push_back(event(text));
    }
}

//! The calls of tools in an answer.

use super::{
    Answer,
    parts::{Begun, End, Written},
};
use crate::{EngineError, ErrorKind, ModelCall, Opaque, ProviderEvent, StopReason};

/// The most calls of an answer. A server that sends calls without end would take memory for each.
const MOST_CALLS: usize = 1024;

impl Answer {
    /// Returns the calls that the model has begun.
    pub(in crate::providers) fn calls(&mut self) -> &mut [Written] {
        &mut self.calls.list
    }

    /// Begins a call and returns its number. Fails if there are too many. Calls whose end was told
    /// before were not cut off there.
    pub(in crate::providers) fn begin_call(&mut self, begun: Begun) -> Result<usize, EngineError> {
        let index = self.calls.list.len();
        if index == MOST_CALLS {
            return Err(EngineError::new(
                ErrorKind::TooLarge,
                format!("the answer has more than {MOST_CALLS} calls of tools"),
            ));
        }
        self.end_reasoning();
        self.goes_on();
        self.tool_call(true);
        self.end_told();
        let name = begun.name.as_str().into();
        self.events.push_back(ProviderEvent::CallBegan { index, name });
        self.calls.list.push(Written {
            had_id: begun.id.is_some(),
            begun,
            arguments: String::new(),
            end: End::Open,
            is_object: None,
        });
        Ok(index)
    }

    /// Adds a piece of the arguments of a call.
    pub(in crate::providers) fn add_arguments(&mut self, index: usize, piece: &str) {
        if piece.is_empty() {
            return;
        }
        self.goes_on();
        let call = &mut self.calls.list[index];
        call.arguments.push_str(piece);
        call.is_object = None;
        let text = piece.to_owned();
        self.events.push_back(ProviderEvent::CallArguments { index, text });
    }

    /// Ends a call where the protocol tells its end.
    pub(in crate::providers) fn end_call(&mut self, index: usize) {
        self.without_pieces(index);
        let call = &mut self.calls.list[index];
        if call.end == End::Open {
            call.end = if call.is_object() { End::Whole } else { End::Told };
        }
        self.give_whole();
    }

    /// Adds a call that the protocol gives as a whole.
    pub(in crate::providers) fn whole_call(
        &mut self,
        begun: Begun,
        arguments: &str,
    ) -> Result<(), EngineError> {
        let index = self.begin_call(begun)?;
        self.add_arguments(index, arguments);
        self.calls.list[index].end = End::Whole;
        self.give_whole();
        Ok(())
    }

    /// Creates what the provider wants back with a call.
    pub(in crate::providers) fn state(&self, kind: &str, bytes: &str) -> Opaque {
        self.origin.part(kind, bytes)
    }

    /// Completes all calls if the answer came to its end. Those of an answer that was cut, whose
    /// own end was not told, are not completed.
    pub(in crate::providers::http) fn complete_calls(&mut self) {
        let Some(reason) = self.stop_reason else { return };
        if !matches!(reason, StopReason::MaxTokens | StopReason::ContentFilter) {
            for index in 0..self.calls.list.len() {
                self.without_pieces(index);
                self.calls.list[index].end = End::Whole;
            }
        }
        self.give_whole();
        if reason == StopReason::EndTurn && self.calls.complete > 0 {
            self.stop_reason = Some(StopReason::ToolCall);
        }
    }

    /// Adds the arguments with which a call began, if no pieces came.
    fn without_pieces(&mut self, index: usize) {
        let call = &mut self.calls.list[index];
        if call.arguments.is_empty() && !call.begun.arguments.is_empty() {
            let arguments = std::mem::take(&mut call.begun.arguments);
            call.arguments.clone_from(&arguments);
            self.events.push_back(ProviderEvent::CallArguments { index, text: arguments });
        }
    }

    /// Notes that the answer goes on behind the calls whose end was told: they were not cut off.
    pub(in crate::providers) fn end_told(&mut self) {
        for call in &mut self.calls.list {
            if call.end == End::Told {
                call.end = End::Whole;
            }
        }
        self.give_whole();
    }

    /// Gives out the calls that are whole, up to the first one that is not.
    fn give_whole(&mut self) {
        let calls = &mut self.calls;
        while let Some(call) = calls.list.get(calls.complete)
            && call.end == End::Whole
        {
            let index = calls.complete;
            let call = ModelCall {
                id: call.begun.id.as_deref().map(Into::into),
                name: call.begun.name.as_str().into(),
                arguments: call.arguments.as_str().into(),
                state: call.begun.state.clone(),
            };
            self.events.push_back(ProviderEvent::CallComplete { index, call });
            calls.complete += 1;
        }
    }
}

//! Decides which calls of a model may run.

use super::{CallEnd, CallErrorKind, StepLimits};
use crate::{CheckedTool, ModelCall, StopReason, ToolInput, ToolSet};

/// The most names of tools of which a model is told that asked for another one.
const NAMES: usize = 16;

/// What all calls of a step are judged by.
pub(super) struct Judge<'a> {
    pub(super) tools: &'a ToolSet,
    pub(super) limits: &'a StepLimits,
    /// Why the model stopped.
    pub(super) stop_reason: StopReason,
    /// Whether the model was told to call no tool, because no step may follow.
    pub(super) is_last: bool,
}

impl Judge<'_> {
    /// Returns the tool and its arguments, or the end of a call that may not run.
    pub(super) fn judge(
        &self,
        index: usize,
        call: &ModelCall,
    ) -> Result<(CheckedTool, ToolInput), CallEnd> {
        self.check_place(index)?;
        self.check_whole(call)?;
        let tool = self.tools.get(&call.name).ok_or_else(|| self.unknown(&call.name))?;
        let invalid = |words: String| CallEnd::failed(CallErrorKind::InvalidArguments, words);
        let arguments = call.arguments_object().ok_or_else(|| {
            invalid("the arguments are not one JSON object; call the tool again with one".into())
        })?;
        let input = tool.check(arguments).map_err(|reason| {
            invalid(format!("the arguments do not fit the tool: {reason}; correct them"))
        })?;
        Ok((tool.clone(), input))
    }

    fn check_place(&self, index: usize) -> Result<(), CallEnd> {
        let most = self.limits.calls;
        if index >= most {
            let words =
                format!("at most {most} tool calls run at once; call again what is missing");
            return Err(CallEnd::failed(CallErrorKind::Limit, words));
        }
        if self.is_last {
            let words = "no more tool calls are allowed; answer with what is known";
            return Err(CallEnd::failed(CallErrorKind::Limit, words));
        }
        Ok(())
    }

    fn check_whole(&self, call: &ModelCall) -> Result<(), CallEnd> {
        let is_proper = match self.stop_reason {
            StopReason::EndTurn | StopReason::StopSequence | StopReason::ToolCall => true,
            StopReason::MaxTokens
            | StopReason::Refusal
            | StopReason::ContentFilter
            | StopReason::MalformedCall
            | StopReason::Other => false,
        };
        if !is_proper {
            let words = "the output was stopped before its end, so no tool call of it ran; \
                         call again, with less text";
            return Err(CallEnd::failed(CallErrorKind::Incomplete, words));
        }
        let most = self.limits.argument_bytes;
        if call.arguments.len() > most {
            let words = format!("the arguments have more than {most} bytes; send less at once");
            return Err(CallEnd::failed(CallErrorKind::TooLarge, words));
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> CallEnd {
        let specs = self.tools.specs();
        let names: Vec<&str> = specs.iter().take(NAMES).map(|spec| &*spec.name).collect();
        let name = crate::ShortText::cut(name, 64);
        let words = if names.is_empty() {
            format!("there is no tool `{name}`, nor any other")
        } else {
            let more = if specs.len() > names.len() { ", …" } else { "" };
            format!("there is no tool `{name}`; there are: {}{more}", names.join(", "))
        };
        CallEnd::failed(CallErrorKind::UnknownTool, words)
    }
}

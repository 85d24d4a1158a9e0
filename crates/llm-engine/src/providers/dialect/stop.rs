//! The words in which servers say why a model stopped.

use crate::StopReason;

/// What the reason of an end means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::providers) enum Stop {
    /// The model stopped.
    Stopped(StopReason),
    /// The answer broke off, or was never finished.
    Failed,
    /// There is no end yet.
    None,
}

/// The words of all providers, in lower case and with `_` for every other sign. Gateways pass on the
/// words of the server behind them, so one table is for all protocols.
const WORDS: &[(&[&str], Stop)] = &[
    (&["", "null", "none", "unspecified", "finish_reason_unspecified"], Stop::None),
    (
        &[
            "stop",
            "eos",
            "eos_token",
            "end",
            "end_turn",
            "endoftext",
            "stop_token",
            "complete",
            "completed",
            "finish",
            "finished",
            "done",
            "normal",
        ],
        Stop::Stopped(StopReason::EndTurn),
    ),
    (
        &[
            "length",
            "max_length",
            "max_tokens",
            "max_token",
            "max_new_tokens",
            "max_output_tokens",
            "max_completion_tokens",
            "model_length",
            "token_limit",
            "limit",
            "context_length",
            "context_window",
            "model_context_window_exceeded",
            "incomplete",
        ],
        Stop::Stopped(StopReason::MaxTokens),
    ),
    (&["stop_sequence", "stop_sequences"], Stop::Stopped(StopReason::StopSequence)),
    (
        &[
            "content_filter",
            "content_filtered",
            "filtered",
            "safety",
            "image_safety",
            "recitation",
            "blocklist",
            "blocked",
            "prohibited_content",
            "spii",
            "sensitive",
            "guardrail",
            "guardrails",
            "guardrail_intervened",
            "guardrails_intervened",
            "moderation",
            "moderated",
            "flagged",
            "error_toxic",
        ],
        Stop::Stopped(StopReason::ContentFilter),
    ),
    (
        &["tool_call", "tool_calls", "tool_use", "function_call", "function_calls"],
        Stop::Stopped(StopReason::ToolCall),
    ),
    (
        &[
            "malformed_function_call",
            "malformed_tool_call",
            "unexpected_tool_call",
            "unexpected_function_call",
        ],
        Stop::Stopped(StopReason::MalformedCall),
    ),
    (&["refusal", "refused"], Stop::Stopped(StopReason::Refusal)),
    (
        &[
            "error",
            "failed",
            "failure",
            "abort",
            "aborted",
            "cancel",
            "cancelled",
            "canceled",
            "interrupted",
            "timeout",
            "network_error",
            "engine_error",
            "server_error",
            "internal_error",
            "user_cancel",
            "error_limit",
            "overloaded",
            "insufficient_system_resource",
        ],
        Stop::Failed,
    ),
];

impl Stop {
    pub(in crate::providers) fn of(reason: &str) -> Self {
        let word: String = reason
            .trim()
            .chars()
            .map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
            .collect();
        let word = word.trim_matches('_');
        let known = WORDS.iter().find(|(words, _)| words.contains(&word));
        known.map_or(Self::Stopped(StopReason::Other), |(_, stop)| *stop)
    }
}

#[cfg(test)]
mod tests {
    use super::{Stop, StopReason};

    #[test]
    fn words_are_read_whatever_their_signs() {
        for (word, stop) in [
            ("", Stop::None),
            ("null", Stop::None),
            ("STOP", Stop::Stopped(StopReason::EndTurn)),
            ("end_turn", Stop::Stopped(StopReason::EndTurn)),
            ("<|endoftext|>", Stop::Stopped(StopReason::EndTurn)),
            ("MAX_TOKENS", Stop::Stopped(StopReason::MaxTokens)),
            ("content-filter", Stop::Stopped(StopReason::ContentFilter)),
            ("stop_sequence", Stop::Stopped(StopReason::StopSequence)),
            ("refusal", Stop::Stopped(StopReason::Refusal)),
            ("Error", Stop::Failed),
            ("tool_calls", Stop::Stopped(StopReason::ToolCall)),
            ("UNEXPECTED_TOOL_CALL", Stop::Stopped(StopReason::MalformedCall)),
            ("pause_turn", Stop::Stopped(StopReason::Other)),
            ("x".repeat(100).as_str(), Stop::Stopped(StopReason::Other)),
        ] {
            assert_eq!(Stop::of(word), stop, "{word:?}");
        }
    }
}

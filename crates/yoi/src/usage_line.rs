//! What a turn consumed, in one line.

use worker_runtime::model::Usage;

/// Returns the tokens and the time of a turn.
pub(crate) fn usage_line(usage: &Usage) -> String {
    let Usage { input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, .. } = usage;
    let (seconds, tenths) = (usage.duration_ms / 1000, usage.duration_ms % 1000 / 100);
    let at_least = if usage.incomplete { "at least " } else { "" };
    format!(
        "usage: {at_least}{input_tokens} input tokens ({cached_input_tokens} cached), \
         {output_tokens} output tokens ({reasoning_tokens} reasoning), {seconds}.{tenths} s"
    )
}

//! The answer of Ollama's API.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::{
    EngineError, StopReason, TokenCount,
    providers::{
        dialect::{
            Counts,
            counts::{count, loose},
            said::Said,
            support::{from_json, reason},
        },
        http::Answer,
    },
};

pub(super) fn read(part: &str, answer: &mut Answer) -> Result<(), EngineError> {
    let line: Line = from_json(part)?;
    answer.count(Counts {
        input: line.prompt_eval_count,
        cached: line.prompt_eval_cached_count,
        output: line.eval_count,
        ..Counts::default()
    });
    answer.error(line.error);
    answer.know(line.message.is_some() || line.done);
    if let Some(message) = line.message {
        answer.reasoning(message.thinking.all());
        answer.tool_call(!message.tool_calls.is_empty());
        answer.say(message.content);
    } else if !line.done {
        answer.error_in(part);
    }
    if line.done {
        // Older servers give no reason.
        if line.done_reason.is_empty() {
            answer.stopped(StopReason::EndTurn);
        }
        answer.finish(&line.done_reason);
        answer.over();
    }
    Ok(())
}

#[derive(Deserialize)]
struct Line<'a> {
    message: Option<Message>,
    #[serde(default, deserialize_with = "loose")]
    done: bool,
    #[serde(default, deserialize_with = "reason")]
    done_reason: String,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "count")]
    prompt_eval_count: Option<TokenCount>,
    #[serde(default, deserialize_with = "count")]
    prompt_eval_cached_count: Option<TokenCount>,
    #[serde(default, deserialize_with = "count")]
    eval_count: Option<TokenCount>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Said,
    #[serde(default)]
    thinking: Said,
    #[serde(default, deserialize_with = "loose")]
    tool_calls: Vec<IgnoredAny>,
}

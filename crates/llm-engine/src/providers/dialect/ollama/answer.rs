//! The answer of Ollama's API.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    EngineError, StopReason, TokenCount,
    providers::{
        dialect::{
            Counts,
            counts::{count, loose},
            part_kinds::THINKING,
            said::Said,
            support::{arguments, from_json, list, name, reason, word},
        },
        http::{Answer, Begun},
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
        answer.reasoning_of(THINKING, message.thinking.all());
        answer.say(message.content);
        for call in list::<Call>(message.tool_calls)? {
            call.read(answer)?;
        }
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
    #[serde(borrow)]
    message: Option<Message<'a>>,
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
struct Message<'a> {
    #[serde(default)]
    content: Said,
    #[serde(default)]
    thinking: Said,
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(default, deserialize_with = "name")]
    id: Option<String>,
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(default, deserialize_with = "word")]
    name: String,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

impl Call<'_> {
    fn read(self, answer: &mut Answer) -> Result<(), EngineError> {
        let begun = Begun { id: self.id, name: self.function.name, ..Begun::default() };
        answer.whole_call(begun, &arguments(self.function.arguments))
    }
}

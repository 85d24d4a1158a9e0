//! The answer of the Gemini API.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::{
    EngineError, StopReason, TokenCount,
    providers::{
        dialect::{
            Counts,
            counts::{count, loose},
            said::Said,
            support::{from_json, reason, word},
        },
        http::Answer,
    },
};

pub(super) fn read(part: &str, answer: &mut Answer) -> Result<(), EngineError> {
    let chunk: Chunk = from_json(part)?;
    answer.count(chunk.usage_metadata.into());
    answer.error(chunk.error);
    let block_reason = chunk.prompt_feedback.block_reason;
    if !block_reason.is_empty() && !block_reason.ends_with("UNSPECIFIED") {
        answer.stopped(StopReason::ContentFilter);
    }
    answer.know(chunk.candidates.is_some());
    let Some(candidates) = chunk.candidates else {
        answer.error_in(part);
        return Ok(());
    };
    for candidate in from_json::<Option<Vec<Candidate>>>(candidates.get())?.unwrap_or_default() {
        if !answer.is_of_first_choice(candidate.index) {
            continue;
        }
        for part in candidate.content.parts {
            answer.tool_call(part.function_call.is_some());
            if part.thought {
                answer.reasoning(part.text.all());
            } else {
                answer.say(part.text);
            }
        }
        answer.finish(&candidate.finish_reason);
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk<'a> {
    #[serde(borrow)]
    candidates: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "loose")]
    prompt_feedback: PromptFeedback,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "loose")]
    usage_metadata: Usage,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    #[serde(default, deserialize_with = "loose")]
    index: i64,
    #[serde(default, deserialize_with = "loose")]
    content: Content,
    #[serde(default, deserialize_with = "reason")]
    finish_reason: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Content {
    #[serde(deserialize_with = "loose")]
    parts: Vec<Part>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Part {
    text: Said,
    #[serde(deserialize_with = "loose")]
    thought: bool,
    function_call: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PromptFeedback {
    #[serde(deserialize_with = "word")]
    block_reason: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "these names are the provider's")]
struct Usage {
    #[serde(deserialize_with = "count")]
    prompt_token_count: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    cached_content_token_count: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    candidates_token_count: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    thoughts_token_count: Option<TokenCount>,
}

impl From<Usage> for Counts {
    fn from(usage: Usage) -> Self {
        Self {
            input: usage.prompt_token_count,
            cached: usage.cached_content_token_count,
            cache_written: None,
            output: usage.candidates_token_count,
            reasoning: usage.thoughts_token_count,
            total: None,
        }
    }
}

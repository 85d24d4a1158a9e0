//! The answer of the Gemini API.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::{
    EngineError, StopReason, TokenCount,
    providers::{
        dialect::{
            Counts,
            counts::{count, loose},
            part_kinds::THOUGHT_SIGNATURE,
            said::Said,
            support::{arguments, from_json, list, name, reason, word},
        },
        failure::protocol,
        http::{Answer, Begun},
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
        for part in list::<&RawValue>(candidate.content.parts)? {
            Part::read(part, answer)?;
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
struct Candidate<'a> {
    #[serde(default, deserialize_with = "loose")]
    index: i64,
    #[serde(default, borrow)]
    content: Content<'a>,
    #[serde(default, deserialize_with = "reason")]
    finish_reason: String,
}

#[derive(Default)]
struct Content<'a> {
    parts: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    /// Reads the parts. A content of another form has none.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        struct Parts<'a> {
            #[serde(borrow)]
            parts: Option<&'a RawValue>,
        }

        let json = <&RawValue>::deserialize(deserializer)?;
        let parts: Parts = serde_json::from_str(json.get()).unwrap_or_default();
        Ok(Self { parts: parts.parts })
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Part<'a> {
    text: Said,
    #[serde(deserialize_with = "loose")]
    thought: bool,
    #[serde(deserialize_with = "name")]
    thought_signature: Option<String>,
    #[serde(borrow)]
    function_call: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call<'a> {
    #[serde(default, deserialize_with = "name")]
    id: Option<String>,
    #[serde(default, deserialize_with = "word")]
    name: String,
    #[serde(borrow)]
    args: Option<&'a RawValue>,
    /// Whether the arguments come in pieces, which nobody asked for.
    #[serde(default, deserialize_with = "loose")]
    will_continue: bool,
}

impl Part<'_> {
    /// Reads a part. One with a signature goes back whole, and a call with its signature.
    fn read(json: &RawValue, answer: &mut Answer) -> Result<(), EngineError> {
        let Ok(part) = serde_json::from_str::<Part>(json.get()) else { return Ok(()) };
        if let Some(call) = part.function_call {
            let call: Call = from_json(call.get())?;
            if call.will_continue {
                return Err(protocol("a call of a tool comes in pieces"));
            }
            let signature = part.thought_signature.as_deref();
            let state = signature.map(|it| answer.state(THOUGHT_SIGNATURE, it));
            let begun = Begun { id: call.id, name: call.name, state, ..Begun::default() };
            return answer.whole_call(begun, &arguments(call.args));
        }
        if part.thought {
            answer.reasoning(part.text.all());
        } else {
            answer.say(part.text);
        }
        if part.thought_signature.is_some() {
            answer.opaque("part", json.get());
        }
        Ok(())
    }
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

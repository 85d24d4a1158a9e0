//! The Gemini API.

mod request;

use std::ops::Add;

use reqwest::Url;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    counts::{Counts, count, counts, told},
    support::{from_json, model, refused},
    wire::{Dialect, Framing},
};
use crate::{
    EngineError, ModelRequest, StopReason, TokenCount, TokenUsage,
    providers::{endpoint::Endpoint, http::Answer},
};

#[derive(Debug)]
pub(super) struct Gemini;

impl Dialect for Gemini {
    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn url(&self, endpoint: &Endpoint, request: &ModelRequest) -> Result<Url, EngineError> {
        let model = model(request)?;
        // `models/x`, as Gemini lists it, and `x` are the same; a tuned model is in another folder.
        let (folder, name) = model.split_once('/').unwrap_or(("models", model));
        if [folder, name].iter().any(|part| matches!(*part, "" | "." | "..")) {
            return Err(refused("the model's name is not one that Gemini has"));
        }
        let method = format!("{name}:streamGenerateContent");
        let mut url = endpoint.join_versioned("v1beta", &[folder, &method]);
        url.set_query(Some("alt=sse"));
        Ok(url)
    }

    fn body(&self, request: &ModelRequest) -> Result<Vec<u8>, EngineError> {
        request::body(request)
    }

    fn counts(&self, part: &str) -> Counts {
        let told: Told = told(part);
        told.usage_metadata.into()
    }

    /// Adds the thoughts to the output, because the API counts them apart from the answer.
    fn usage(&self, counts: &Counts) -> TokenUsage {
        let output =
            [counts.output, counts.reasoning].into_iter().flatten().reduce(TokenCount::add);
        TokenUsage { output_tokens: output, ..counts.usage() }
    }

    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError> {
        let chunk: Chunk = from_json(part)?;
        answer.error(chunk.error.as_deref());
        if chunk.prompt_feedback.is_some_and(|feedback| feedback.block_reason.is_some()) {
            answer.stopped(StopReason::ContentFilter);
        }
        for candidate in chunk.candidates.unwrap_or_default() {
            for part in candidate.content.and_then(|content| content.parts).unwrap_or_default() {
                if part.thought == Some(true) {
                    answer.reasoning(part.text);
                } else {
                    answer.text(part.text);
                }
            }
            if let Some(reason) = candidate.finish_reason {
                answer.stopped(stop_reason(&reason));
            }
        }
        Ok(())
    }
}

fn stop_reason(reason: &str) -> StopReason {
    match reason {
        "STOP" => StopReason::EndTurn,
        "MAX_TOKENS" => StopReason::MaxTokens,
        "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "IMAGE_SAFETY" => {
            StopReason::ContentFilter
        }
        _ => StopReason::Other,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk {
    candidates: Option<Vec<Candidate>>,
    prompt_feedback: Option<PromptFeedback>,
    error: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    content: Option<Parts>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Parts {
    parts: Option<Vec<Part>>,
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
    thought: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PromptFeedback {
    block_reason: Option<String>,
}

/// The token counts of a chunk.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Told {
    #[serde(deserialize_with = "counts")]
    usage_metadata: Usage,
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
        }
    }
}

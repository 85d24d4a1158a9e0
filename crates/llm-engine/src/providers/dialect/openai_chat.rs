//! `OpenAI` chat completions, as `OpenAI` and most other servers speak it.

mod request;

use reqwest::Url;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    counts::{Counts, count, counts, told},
    support::from_json,
    wire::{Dialect, Framing},
};
use crate::{
    EngineError, ModelRequest, StopReason, TokenCount,
    providers::{endpoint::Endpoint, http::Answer},
};

/// The mark that ends a stream.
const DONE: &str = "[DONE]";

#[derive(Debug)]
pub(super) struct OpenAiChat {
    /// Whether the server is `OpenAI`'s own. Its newer models refuse `max_tokens`, which is the
    /// only name of the limit that many other servers know.
    is_openai: bool,
}

impl OpenAiChat {
    pub(super) fn at(endpoint: &Endpoint) -> Self {
        Self { is_openai: endpoint.host_is("api.openai.com") }
    }
}

impl Dialect for OpenAiChat {
    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn url(&self, endpoint: &Endpoint, _: &ModelRequest) -> Result<Url, EngineError> {
        Ok(endpoint.join(["chat", "completions"]))
    }

    fn body(&self, request: &ModelRequest) -> Result<Vec<u8>, EngineError> {
        request::body(request, self.is_openai)
    }

    fn counts(&self, part: &str) -> Counts {
        let Told { usage } = told(part);
        Counts {
            input: usage.prompt_tokens,
            cached: usage.prompt_tokens_details.cached_tokens,
            cache_written: None,
            output: usage.completion_tokens,
            reasoning: usage.completion_tokens_details.reasoning_tokens,
        }
    }

    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError> {
        if part == DONE {
            answer.over();
            return Ok(());
        }
        let chunk: Chunk = from_json(part)?;
        answer.error(chunk.error.as_deref());
        for choice in chunk.choices.unwrap_or_default() {
            let delta = choice.delta.unwrap_or_default();
            answer.reasoning(delta.reasoning_content.or(delta.reasoning));
            answer.text(delta.content);
            answer.refusal(delta.refusal);
            if let Some(reason) = choice.finish_reason {
                answer.stopped(stop_reason(&reason));
            }
        }
        Ok(())
    }
}

fn stop_reason(reason: &str) -> StopReason {
    match reason {
        "stop" => StopReason::EndTurn,
        "length" => StopReason::MaxTokens,
        "content_filter" => StopReason::ContentFilter,
        _ => StopReason::Other,
    }
}

#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    error: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
    /// The reasoning, as vLLM, llama.cpp and `DeepSeek` name it.
    reasoning_content: Option<String>,
    /// The reasoning, as `OpenRouter` and Ollama name it.
    reasoning: Option<String>,
}

/// The token counts of a chunk.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    #[serde(deserialize_with = "counts")]
    usage: Usage,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage {
    #[serde(deserialize_with = "count")]
    prompt_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    completion_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "counts")]
    prompt_tokens_details: PromptDetails,
    #[serde(deserialize_with = "counts")]
    completion_tokens_details: CompletionDetails,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    #[serde(deserialize_with = "count")]
    cached_tokens: Option<TokenCount>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CompletionDetails {
    #[serde(deserialize_with = "count")]
    reasoning_tokens: Option<TokenCount>,
}

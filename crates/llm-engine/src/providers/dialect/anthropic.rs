//! The Anthropic Messages API.

use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    support::{check, count, from_json, model, to_json},
    wire::{Dialect, Framing},
};
use crate::{
    EngineError, ModelRequest, StopReason, TokenUsage,
    providers::{
        conversation::{WireMessage, alternating},
        endpoint::Endpoint,
        http::Answer,
    },
};

/// The limit of a request that sets none, because the API requires one. All models that are still
/// served allow this limit.
const MAX_TOKENS: u32 = 8192;

#[derive(Debug)]
pub(super) struct Anthropic;

impl Dialect for Anthropic {
    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn url(&self, endpoint: &Endpoint, _: &ModelRequest) -> Result<Url, EngineError> {
        Ok(endpoint.join_versioned("v1", &["messages"]))
    }

    fn body(&self, request: &ModelRequest) -> Result<Vec<u8>, EngineError> {
        let sampling = &request.sampling;
        to_json(&Body {
            model: model(request)?,
            system: request.instructions.as_deref().filter(|text| !text.trim().is_empty()),
            messages: alternating(&request.messages, "assistant"),
            stream: true,
            max_tokens: sampling.max_output_tokens.unwrap_or(MAX_TOKENS),
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            stop_sequences: &sampling.stop_sequences,
        })
    }

    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError> {
        let event: Event = from_json(part)?;
        match event.kind.as_str() {
            "message_start" => {
                if let Some(usage) = event.message.and_then(|message| message.usage) {
                    answer.usage(usage.into());
                }
            }
            "content_block_start" => take(event.content_block, answer),
            "content_block_delta" => take(event.delta, answer),
            "message_delta" => {
                if let Some(usage) = event.usage {
                    answer.usage(usage.into());
                }
                if let Some(reason) = event.delta.and_then(|delta| delta.stop_reason) {
                    answer.stopped(stop_reason(&reason));
                }
            }
            "message_stop" => answer.over(),
            "error" => check(Some(event.error.unwrap_or_default()))?,
            _ => {}
        }
        Ok(())
    }
}

fn take(content: Option<Content>, answer: &mut Answer) {
    if let Some(content) = content {
        answer.reasoning(content.thinking);
        answer.text(content.text);
    }
}

fn stop_reason(reason: &str) -> StopReason {
    match reason {
        "end_turn" => StopReason::EndTurn,
        "max_tokens" | "model_context_window_exceeded" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        "refusal" => StopReason::Refusal,
        _ => StopReason::Other,
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    messages: Vec<WireMessage<'a>>,
    stream: bool,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    message: Option<Message>,
    content_block: Option<Content>,
    delta: Option<Content>,
    usage: Option<Usage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Message {
    usage: Option<Usage>,
}

/// A piece of content. The `delta` of a `message_delta` event, which is about the whole message,
/// has this type as well.
#[derive(Deserialize)]
struct Content {
    text: Option<String>,
    thinking: Option<String>,
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "these names are the provider's")]
struct Usage {
    #[serde(default, deserialize_with = "count")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_read_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    output_tokens: Option<u64>,
}

impl From<Usage> for TokenUsage {
    /// Adds the tokens that were read from the cache or written to it, which the API does not count
    /// as input.
    fn from(usage: Usage) -> Self {
        let cached = [usage.cache_creation_input_tokens, usage.cache_read_input_tokens]
            .into_iter()
            .flatten();
        Self {
            input_tokens: usage.input_tokens.map(|fresh| cached.fold(fresh, u64::saturating_add)),
            cached_input_tokens: usage.cache_read_input_tokens,
            output_tokens: usage.output_tokens,
            reasoning_tokens: None,
        }
    }
}

//! The Anthropic Messages API.

mod request;

use std::ops::Add;

use reqwest::Url;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    counts::{Counts, count, counts, told},
    support::from_json,
    wire::{Dialect, Framing},
};
use crate::{
    EngineError, ModelRequest, StopReason, TokenCount, TokenUsage,
    providers::{endpoint::Endpoint, http::Answer},
};

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
        request::body(request)
    }

    fn counts(&self, part: &str) -> Counts {
        let told: Told = told(part);
        let mut counts = Counts::from(told.message.usage);
        counts.update(told.usage.into());
        counts
    }

    /// Adds the tokens that were read from the cache or written to it, which the API does not count
    /// as input.
    fn usage(&self, counts: &Counts) -> TokenUsage {
        let cached = [counts.cached, counts.cache_written].into_iter().flatten();
        let whole = |fresh: TokenCount| cached.fold(fresh, TokenCount::add);
        TokenUsage { input_tokens: counts.input.map(whole), ..counts.usage() }
    }

    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError> {
        let event: Event = from_json(part)?;
        match event.kind.as_str() {
            "content_block_start" => take(event.content_block, answer),
            "content_block_delta" => take(event.delta, answer),
            "message_delta" => {
                if let Some(reason) = event.delta.and_then(|delta| delta.stop_reason) {
                    answer.stopped(stop_reason(&reason));
                }
            }
            "message_stop" => answer.over(),
            "error" => answer.failed(event.error.as_deref().map_or("", RawValue::get)),
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

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    content_block: Option<Content>,
    delta: Option<Content>,
    error: Option<Box<RawValue>>,
}

/// A piece of content. The `delta` of a `message_delta` event, which is about the whole message,
/// has this type as well.
#[derive(Deserialize)]
struct Content {
    text: Option<String>,
    thinking: Option<String>,
    stop_reason: Option<String>,
}

/// The token counts of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    #[serde(deserialize_with = "counts")]
    message: Message,
    #[serde(deserialize_with = "counts")]
    usage: Usage,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message {
    #[serde(deserialize_with = "counts")]
    usage: Usage,
}

#[derive(Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "these names are the provider's")]
struct Usage {
    #[serde(deserialize_with = "count")]
    input_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    cache_creation_input_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    cache_read_input_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    output_tokens: Option<TokenCount>,
}

impl From<Usage> for Counts {
    fn from(usage: Usage) -> Self {
        Self {
            input: usage.input_tokens,
            cached: usage.cache_read_input_tokens,
            cache_written: usage.cache_creation_input_tokens,
            output: usage.output_tokens,
            reasoning: None,
        }
    }
}

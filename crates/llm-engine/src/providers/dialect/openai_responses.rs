//! The `OpenAI` Responses API.

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

#[derive(Debug)]
pub(super) struct OpenAiResponses;

impl Dialect for OpenAiResponses {
    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn url(&self, endpoint: &Endpoint, _: &ModelRequest) -> Result<Url, EngineError> {
        Ok(endpoint.join(["responses"]))
    }

    fn body(&self, request: &ModelRequest) -> Result<Vec<u8>, EngineError> {
        request::body(request)
    }

    fn counts(&self, part: &str) -> Counts {
        let told: Told = told(part);
        let usage = told.response.usage;
        Counts {
            input: usage.input_tokens,
            cached: usage.input_tokens_details.cached_tokens,
            cache_written: None,
            output: usage.output_tokens,
            reasoning: usage.output_tokens_details.reasoning_tokens,
        }
    }

    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError> {
        let event: Event = from_json(part)?;
        match event.kind.as_str() {
            "response.output_text.delta" => answer.text(event.delta),
            "response.refusal.delta" => answer.refusal(event.delta),
            "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
                answer.reasoning(event.delta);
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                end(event.response.unwrap_or_default(), answer);
            }
            "error" => {
                // The event holds an error object, or the event itself is the error object.
                answer.failed(event.error.as_deref().map_or(part, RawValue::get));
            }
            _ => {}
        }
        Ok(())
    }
}

fn end(response: Response, answer: &mut Answer) {
    answer.error(response.error.as_deref());
    answer.stopped(match response.incomplete_details.and_then(|it| it.reason).as_deref() {
        None => StopReason::EndTurn,
        Some("max_output_tokens") => StopReason::MaxTokens,
        Some("content_filter") => StopReason::ContentFilter,
        Some(_) => StopReason::Other,
    });
    answer.over();
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    delta: Option<String>,
    response: Option<Response>,
    error: Option<Box<RawValue>>,
}

#[derive(Default, Deserialize)]
struct Response {
    incomplete_details: Option<Incomplete>,
    error: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Incomplete {
    reason: Option<String>,
}

/// The token counts of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    #[serde(deserialize_with = "counts")]
    response: ResponseTold,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResponseTold {
    #[serde(deserialize_with = "counts")]
    usage: Usage,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage {
    #[serde(deserialize_with = "count")]
    input_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    output_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "counts")]
    input_tokens_details: InputDetails,
    #[serde(deserialize_with = "counts")]
    output_tokens_details: OutputDetails,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct InputDetails {
    #[serde(deserialize_with = "count")]
    cached_tokens: Option<TokenCount>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    #[serde(deserialize_with = "count")]
    reasoning_tokens: Option<TokenCount>,
}

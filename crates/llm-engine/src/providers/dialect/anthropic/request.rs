//! The request of a message.

use serde::Serialize;

use crate::{
    EngineError, ModelRequest,
    providers::{
        conversation::{WireMessage, alternating},
        dialect::support::{model, to_json},
    },
};

/// The limit of a request that sets none, because the API requires one. All models that are still
/// served allow this limit.
const MAX_TOKENS: u32 = 8192;

pub(super) fn body(request: &ModelRequest) -> Result<Vec<u8>, EngineError> {
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

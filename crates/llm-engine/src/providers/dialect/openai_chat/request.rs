//! The request of a chat completion.

use serde::Serialize;

use crate::{
    EngineError, ModelRequest,
    providers::{
        conversation::{WireMessage, free},
        dialect::support::to_json,
    },
};

pub(super) fn body(request: &ModelRequest, is_openai: bool) -> Result<Vec<u8>, EngineError> {
    let sampling = &request.sampling;
    let limit = sampling.max_output_tokens;
    to_json(&Body {
        model: request.model.as_deref(),
        messages: free(request.instructions.as_deref(), &request.messages),
        stream: true,
        stream_options: StreamOptions { include_usage: true },
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        max_tokens: limit.filter(|_| !is_openai),
        max_completion_tokens: limit.filter(|_| is_openai),
        stop: &sampling.stop_sequences,
    })
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    messages: Vec<WireMessage<'a>>,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

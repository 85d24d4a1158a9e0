//! The request of a chat.

use serde::Serialize;

use crate::{
    EngineError, ModelRequest,
    providers::{
        conversation::{WireMessage, free},
        dialect::support::{model, to_json},
    },
};

pub(super) fn body(request: &ModelRequest) -> Result<Vec<u8>, EngineError> {
    let sampling = &request.sampling;
    to_json(&Body {
        model: model(request)?,
        messages: free(request.instructions.as_deref(), &request.messages),
        stream: true,
        options: Options {
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            num_predict: sampling.max_output_tokens,
            stop: &sampling.stop_sequences,
        },
    })
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    stream: bool,
    options: Options<'a>,
}

#[derive(Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
}

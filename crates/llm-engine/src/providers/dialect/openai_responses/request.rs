//! The request of a response.

use serde::Serialize;

use crate::{
    EngineError, ModelRequest,
    providers::{
        conversation::{WireMessage, free},
        dialect::support::{model, refused, to_json},
    },
};

pub(super) fn body(request: &ModelRequest) -> Result<Vec<u8>, EngineError> {
    let sampling = &request.sampling;
    if !sampling.stop_sequences.is_empty() {
        return Err(refused("the Responses API knows no stop sequences"));
    }
    to_json(&Body {
        model: model(request)?,
        instructions: request.instructions.as_deref(),
        input: free(None, &request.messages),
        stream: true,
        store: false,
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        max_output_tokens: sampling.max_output_tokens,
    })
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
    input: Vec<WireMessage<'a>>,
    stream: bool,
    /// Always false: the provider must not keep the response.
    store: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
}

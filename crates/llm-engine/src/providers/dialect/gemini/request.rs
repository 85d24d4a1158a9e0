//! The request for content.

use std::borrow::Cow;

use serde::Serialize;

use crate::{
    EngineError, ModelRequest,
    providers::{conversation::alternating, dialect::support::to_json},
};

pub(super) fn body(request: &ModelRequest) -> Result<Vec<u8>, EngineError> {
    let sampling = &request.sampling;
    let instructions = request.instructions.as_deref();
    let contents = alternating(&request.messages, "model").into_iter().map(|message| Content {
        role: Some(message.role),
        parts: [Text { text: message.content }],
    });
    to_json(&Body {
        contents: contents.collect(),
        system_instruction: instructions
            .filter(|text| !text.trim().is_empty())
            .map(|text| Content { role: None, parts: [Text { text: text.into() }] }),
        generation_config: GenerationConfig {
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            max_output_tokens: sampling.max_output_tokens,
            stop_sequences: &sampling.stop_sequences,
        },
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    contents: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content<'a>>,
    generation_config: GenerationConfig<'a>,
}

#[derive(Serialize)]
struct Content<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    parts: [Text<'a>; 1],
}

#[derive(Serialize)]
struct Text<'a> {
    text: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
}

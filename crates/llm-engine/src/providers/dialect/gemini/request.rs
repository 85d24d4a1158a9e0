//! The request for content.

use std::borrow::Cow;

use serde::Serialize;

use crate::{
    EngineError,
    providers::{
        compatibility::SystemMessages,
        conversation::{alternating, beginning_with},
        dialect::{
            Ask,
            support::{refuse_if, to_json},
        },
    },
};

pub(super) fn body(ask: &Ask<'_>) -> Result<Vec<u8>, EngineError> {
    let sampling = &ask.request.sampling;
    refuse_if(sampling.num_ctx.is_some(), "num_ctx")?;
    let (effort, budget) = (sampling.reasoning_effort.as_deref(), sampling.thinking_budget_tokens);
    let instructions = ask.request.instructions.as_deref().filter(|text| !text.trim().is_empty());
    let is_merged = ask.switches.system == SystemMessages::Merged;
    let mut conversation = alternating(&ask.request.messages, "model");
    if let Some(instructions) = instructions.filter(|_| is_merged) {
        beginning_with(&mut conversation, instructions);
    }
    let contents = conversation.into_iter().map(|message| Content {
        role: Some(message.role),
        parts: [Text { text: message.content }],
    });
    to_json(
        &Body {
            contents: contents.collect(),
            system_instruction: instructions
                .filter(|_| !is_merged)
                .map(|text| Content { role: None, parts: [Text { text: text.into() }] }),
            generation_config: GenerationConfig {
                temperature: ask.temperature(),
                top_p: ask.top_p(),
                top_k: sampling.top_k,
                seed: sampling.seed,
                max_output_tokens: sampling.max_output_tokens,
                stop_sequences: &sampling.stop_sequences,
                thinking_config: (effort.is_some() || budget.is_some())
                    .then_some(ThinkingConfig { thinking_level: effort, thinking_budget: budget }),
            },
        },
        ask,
    )
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
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<ThinkingConfig<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ThinkingConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_level: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_budget: Option<u32>,
}

//! The request of a response.

use serde::Serialize;

use crate::{
    EngineError,
    providers::{
        conversation::{WireMessage, without_instructions},
        dialect::{
            Ask,
            support::{model, refuse_if, refused, to_json},
        },
    },
};

pub(super) fn body(ask: &Ask<'_>) -> Result<Vec<u8>, EngineError> {
    let sampling = &ask.request.sampling;
    if !sampling.stop_sequences.is_empty() {
        return Err(refused("the Responses API knows no stop sequences"));
    }
    refuse_if(sampling.num_ctx.is_some(), "num_ctx")?;
    refuse_if(sampling.top_k.is_some(), "top_k")?;
    refuse_if(sampling.seed.is_some(), "seed")?;
    refuse_if(sampling.thinking_budget_tokens.is_some(), "thinking_budget_tokens")?;
    to_json(
        &Body {
            model: model(ask.request)?,
            instructions: ask.request.instructions.as_deref(),
            input: without_instructions(ask.request, &ask.switches),
            stream: true,
            store: false,
            temperature: ask.temperature(),
            top_p: ask.top_p(),
            max_output_tokens: sampling.max_output_tokens,
            reasoning: sampling.reasoning_effort.as_deref().map(|effort| Reasoning { effort }),
            prompt_cache_key: ask.cache_key(),
        },
        ask,
    )
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
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<String>,
}

#[derive(Serialize)]
struct Reasoning<'a> {
    effort: &'a str,
}

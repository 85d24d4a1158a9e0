//! The request of a message.

mod cached;
mod messages;
mod thinking;
mod tools;

use serde::Serialize;

use self::{
    cached::Text,
    messages::Message,
    thinking::{OutputConfig, Thinking},
    tools::{Choice, Tool},
};
use crate::{
    EngineError,
    providers::{
        conversation::{IdForm, StepForm},
        dialect::{
            Ask,
            support::{model, refuse_if, to_json},
        },
    },
};

/// The limit of a request that sets none, because the API requires one. All models that are still
/// served allow this limit.
const MAX_TOKENS: u32 = 8192;

const STEPS: StepForm = StepForm { ids: IdForm::Word, ends_with_what_is_said: true };

pub(super) fn body(ask: &Ask<'_>) -> Result<Vec<u8>, EngineError> {
    let sampling = &ask.request.sampling;
    refuse_if(sampling.num_ctx.is_some(), "num_ctx")?;
    refuse_if(sampling.seed.is_some(), "seed")?;
    let budget = sampling.thinking_budget_tokens;
    let instructions = ask.request.instructions.as_deref();
    let conversation = ask.conversation(STEPS).alternating("assistant");
    let (tools, tool_choice) = tools::offered(ask, &conversation)?;
    to_json(
        &Body {
            model: model(ask.request)?,
            system: instructions
                .filter(|text| !text.trim().is_empty())
                .map(|text| Text::of(text.into(), ask.form.cache)),
            messages: messages::messages(&conversation, ask.form.cache),
            tools,
            tool_choice,
            stream: true,
            max_tokens: limit(sampling.max_output_tokens.unwrap_or(MAX_TOKENS), budget),
            temperature: ask.temperature(),
            top_p: ask.top_p(),
            top_k: sampling.top_k,
            stop_sequences: &sampling.stop_sequences,
            thinking: budget.map(Thinking::of),
            output_config: sampling
                .reasoning_effort
                .as_deref()
                .map(|effort| OutputConfig { effort }),
        },
        ask,
    )
}

/// Returns the limit to ask for. It counts reasoning too, and must be above the budget for it.
fn limit(tokens: u32, budget: Option<u32>) -> u32 {
    match budget {
        Some(budget) if budget >= tokens => tokens.saturating_add(budget),
        Some(_) | None => tokens,
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<Text<'a>>,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice>,
    stream: bool,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
}

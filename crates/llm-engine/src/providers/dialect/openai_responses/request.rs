//! The request of a response.

mod items;

use serde::Serialize;

use self::items::{Item, Tool};
use crate::{
    EngineError,
    providers::{
        conversation::{IdForm, StepForm},
        dialect::{
            Ask,
            support::{model, refuse_if, refused, to_json},
            tools::{choice, offered},
        },
    },
};

/// What a response is to hold beside its usual content: the reasoning in a form that can be given
/// back, because nothing is stored.
const INCLUDE: [&str; 1] = ["reasoning.encrypted_content"];

const STEPS: StepForm = StepForm { ids: IdForm::Short, ends_with_what_is_said: true };

pub(super) fn body(ask: &Ask<'_>) -> Result<Vec<u8>, EngineError> {
    let sampling = &ask.request.sampling;
    if !sampling.stop_sequences.is_empty() {
        return Err(refused("the Responses API knows no stop sequences"));
    }
    refuse_if(sampling.num_ctx.is_some(), "num_ctx")?;
    refuse_if(sampling.top_k.is_some(), "top_k")?;
    refuse_if(sampling.seed.is_some(), "seed")?;
    refuse_if(sampling.thinking_budget_tokens.is_some(), "thinking_budget_tokens")?;
    let tools = offered(ask, ask.switches.schema_choices)?;
    let wants_reasoning = !tools.is_empty() && ask.switches.encrypted_reasoning;
    let conversation = ask.conversation(STEPS).without_instructions();
    to_json(
        &Body {
            model: model(ask.request)?,
            instructions: ask.request.instructions.as_deref(),
            input: items::items(&conversation),
            tools: tools.into_iter().map(Tool::of).collect(),
            tool_choice: choice(ask),
            include: if wants_reasoning { &INCLUDE } else { &[] },
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
    input: Vec<Item<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    include: &'static [&'static str],
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

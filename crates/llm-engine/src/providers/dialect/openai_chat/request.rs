//! The request of a chat completion.

mod messages;
mod reasoning;

use serde::Serialize;

use self::{
    messages::{Message, Tool},
    reasoning::Reasoning,
};
use crate::{
    EngineError,
    providers::{
        compatibility::{SeedField, TokenLimit},
        dialect::{
            Ask,
            support::{refuse_if, to_json},
            tools::{choice, offered},
        },
    },
};

pub(super) fn body(ask: &Ask<'_>) -> Result<Vec<u8>, EngineError> {
    let (sampling, switches) = (&ask.request.sampling, &ask.switches);
    refuse_if(sampling.num_ctx.is_some(), "num_ctx")?;
    refuse_if(sampling.top_k.is_some() && !switches.top_k, "top_k")?;
    refuse_if(sampling.seed.is_some() && switches.seed == SeedField::Unsent, "seed")?;
    let limit = |field| sampling.max_output_tokens.filter(|_| switches.token_limit == field);
    let seed = |field| sampling.seed.filter(|_| switches.seed == field);
    let reasoning = Reasoning::of(ask)?;
    let tools = offered(ask, switches.schema_choices)?;
    let conversation = messages::conversation(ask);
    to_json(
        &Body {
            model: ask.request.model.as_deref(),
            messages: messages::messages(&conversation, switches.reasoning_content),
            tools: tools.into_iter().map(Tool::of).collect(),
            tool_choice: choice(ask),
            stream: true,
            stream_options: switches
                .stream_options
                .then_some(StreamOptions { include_usage: true }),
            temperature: ask.temperature(),
            top_p: ask.top_p(),
            top_k: sampling.top_k,
            seed: seed(SeedField::Seed),
            random_seed: seed(SeedField::RandomSeed),
            max_tokens: limit(TokenLimit::MaxTokens),
            max_completion_tokens: limit(TokenLimit::MaxCompletionTokens),
            stop: &sampling.stop_sequences,
            reasoning_effort: reasoning.effort,
            reasoning: reasoning.object,
            prompt_cache_key: ask.cache_key(),
        },
        ask,
    )
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    random_seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<reasoning::Object<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<String>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

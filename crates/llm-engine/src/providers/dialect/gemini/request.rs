//! The request for content.

mod contents;

use serde::Serialize;

use self::contents::{Content, Declaration};
use crate::{
    EngineError, ToolChoice,
    providers::{
        compatibility::SystemMessages,
        conversation::{IdForm, StepForm, beginning_with},
        dialect::{
            Ask,
            support::{refuse_if, to_json},
            tools::offered,
        },
    },
};

/// Parts that nothing follows may be the signatures of texts.
const STEPS: StepForm = StepForm { ids: IdForm::Any, ends_with_what_is_said: false };

pub(super) fn body(ask: &Ask<'_>) -> Result<Vec<u8>, EngineError> {
    let sampling = &ask.request.sampling;
    refuse_if(sampling.num_ctx.is_some(), "num_ctx")?;
    let (effort, budget) = (sampling.reasoning_effort.as_deref(), sampling.thinking_budget_tokens);
    let instructions = ask.request.instructions.as_deref().filter(|text| !text.trim().is_empty());
    let is_merged = ask.switches.system == SystemMessages::Merged;
    let model = ask.request.model.as_deref().unwrap_or_default();
    let tools = offered(ask, true)?;
    let mode = match ask.request.tool_choice {
        _ if tools.is_empty() => None,
        ToolChoice::Auto => None,
        ToolChoice::None => Some("NONE"),
        ToolChoice::Required => Some("ANY"),
    };
    let mut conversation = ask.conversation(STEPS).alternating("model");
    if let Some(instructions) = instructions.filter(|_| is_merged) {
        beginning_with(&mut conversation, instructions);
    }
    to_json(
        &Body {
            contents: contents::contents(&conversation, model),
            system_instruction: instructions.filter(|_| !is_merged).map(Content::of),
            tools: (!tools.is_empty()).then(|| {
                let function_declarations = tools.into_iter().map(Declaration::of).collect();
                [Tools { function_declarations }]
            }),
            tool_config: mode.map(|mode| ToolConfig { function_calling_config: Calling { mode } }),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[Tools<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig>,
    generation_config: GenerationConfig<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tools<'a> {
    function_declarations: Vec<Declaration<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig {
    function_calling_config: Calling,
}

#[derive(Serialize)]
struct Calling {
    mode: &'static str,
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

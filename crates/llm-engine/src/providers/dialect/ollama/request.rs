//! The request of a chat.

mod messages;

use serde::Serialize;

use self::messages::Message;
use crate::{
    EngineError, ToolChoice,
    providers::{
        conversation::{IdForm, StepForm},
        dialect::{
            Ask,
            flat::Tool,
            support::{model, refuse_if, to_json},
            tools::offered,
        },
    },
};

const STEPS: StepForm = StepForm { ids: IdForm::Any, ends_with_what_is_said: false };

pub(super) fn body(ask: &Ask<'_>) -> Result<Vec<u8>, EngineError> {
    let sampling = &ask.request.sampling;
    // Ollama can only be told to reason or not to.
    let has_budget = sampling.thinking_budget_tokens.is_some_and(|tokens| tokens > 0);
    refuse_if(has_budget, "thinking_budget_tokens above zero")?;
    let choice = ask.request.tool_choice;
    refuse_if(choice == ToolChoice::Required, "a tool choice of `required`")?;
    let mut tools = offered(ask, true)?;
    // There is no other way to say that the model may call none.
    tools.retain(|_| choice != ToolChoice::None);
    let conversation = ask.conversation(STEPS).with_roles();
    let off = sampling.thinking_budget_tokens.map(|_| Think::Switch(false));
    to_json(
        &Body {
            model: model(ask.request)?,
            messages: messages::messages(&conversation),
            tools: tools.into_iter().map(Tool::of).collect(),
            stream: true,
            think: off.or(sampling.reasoning_effort.as_deref().map(Think::of)),
            options: Options {
                temperature: ask.temperature(),
                top_p: ask.top_p(),
                top_k: sampling.top_k,
                seed: sampling.seed,
                num_ctx: sampling.num_ctx,
                num_predict: sampling.max_output_tokens,
                stop: &sampling.stop_sequences,
            },
        },
        ask,
    )
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Think<'a>>,
    options: Options<'a>,
}

/// Whether, or how much, the model reasons.
#[derive(Serialize)]
#[serde(untagged)]
enum Think<'a> {
    Switch(bool),
    Level(&'a str),
}

impl<'a> Think<'a> {
    fn of(effort: &'a str) -> Self {
        match effort {
            "true" | "on" => Self::Switch(true),
            "false" | "off" | "none" => Self::Switch(false),
            level => Self::Level(level),
        }
    }
}

#[derive(Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_ctx: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
}

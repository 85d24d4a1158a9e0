//! The fields of a chat completion that ask for reasoning.

use serde::Serialize;

use crate::{
    EngineError,
    providers::{
        compatibility::ReasoningField,
        dialect::{Ask, support::refuse_if},
    },
};

/// The fields that ask for reasoning. At most one is set.
#[derive(Default)]
pub(super) struct Reasoning<'a> {
    pub(super) effort: Option<&'a str>,
    pub(super) object: Option<Object<'a>>,
}

/// The reasoning that `OpenRouter` is asked for.
#[derive(Default, Serialize)]
pub(super) struct Object<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
}

impl<'a> Reasoning<'a> {
    /// Returns the fields for a request. Fails if the server has none for what is asked.
    pub(super) fn of(ask: &'a Ask<'_>) -> Result<Self, EngineError> {
        let sampling = &ask.request.sampling;
        let (effort, budget) =
            (sampling.reasoning_effort.as_deref(), sampling.thinking_budget_tokens);
        match ask.switches.reasoning {
            ReasoningField::ReasoningEffort => {
                refuse_if(budget.is_some(), "thinking_budget_tokens")?;
                Ok(Self { effort, object: None })
            }
            ReasoningField::Reasoning => {
                Ok(Self { effort: None, object: Object::of(effort, budget) })
            }
            ReasoningField::Unsent => {
                refuse_if(budget.is_some(), "thinking_budget_tokens")?;
                refuse_if(effort.is_some(), "reasoning_effort")?;
                Ok(Self::default())
            }
        }
    }
}

impl<'a> Object<'a> {
    fn of(effort: Option<&'a str>, budget: Option<u32>) -> Option<Self> {
        match (effort, budget) {
            (None, None) => None,
            (_, Some(0)) => Some(Self { enabled: Some(false), ..Self::default() }),
            // The server takes one of the two, and a budget says more.
            (_, Some(max_tokens)) => Some(Self { max_tokens: Some(max_tokens), ..Self::default() }),
            (effort, None) => Some(Self { effort, ..Self::default() }),
        }
    }
}

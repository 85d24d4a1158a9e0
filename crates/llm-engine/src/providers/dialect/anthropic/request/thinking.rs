//! The fields of a message's request that ask for reasoning.

use serde::Serialize;

/// The budget of the reasoning.
#[derive(Serialize)]
pub(super) struct Thinking {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_tokens: Option<u32>,
}

impl Thinking {
    /// Returns the field for a budget in tokens, of which none means no reasoning.
    pub(super) fn of(tokens: u32) -> Self {
        match tokens {
            0 => Self { kind: "disabled", budget_tokens: None },
            tokens => Self { kind: "enabled", budget_tokens: Some(tokens) },
        }
    }
}

/// How thoroughly the model answers.
#[derive(Serialize)]
pub(super) struct OutputConfig<'a> {
    pub(super) effort: &'a str,
}

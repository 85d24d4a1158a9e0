//! The description of a tool, as the model and the Backend see it.

mod check;
mod digest;
mod error;
mod references;

use std::{collections::BTreeMap, num::NonZeroU64};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Json;

pub use error::{ToolSpecError, ToolSpecProblem};

/// The description of a tool.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct ToolSpec {
    /// The name by which the model calls the tool: 1 to 64 of `A-Z`, `a-z`, `0-9`, `_` and `-`. It
    /// is unique among the tools that a model is offered.
    pub name: String,
    /// What the tool does and when it is to be used, for the model.
    pub description: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The JSON Schema of the arguments, which is one of an object.
    pub input_schema: Json,
    /// Who executes the tool.
    #[serde(default)]
    pub executor: ToolExecutor,
    /// What a call changes outside.
    #[serde(default)]
    pub effects: ToolEffects,
    /// Whether neighbouring calls of such tools run at the same time. If absent, those without
    /// effects do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<bool>,
    /// Who decides whether a call may begin. If absent, the policy decides about unsafe tools that
    /// run in the process, and nobody about others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ToolApproval>,
    /// What happens if nobody knows whether a call had its effect.
    #[serde(default)]
    pub on_uncertain: OnUncertain,
    /// The names of the arguments by which two effects are told apart. If absent, all arguments do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Vec<String>>,
    /// The JSON Schema that the data of a result is checked against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Json>,
    /// The time that a call may take, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<NonZeroU64>,
    /// The most bytes of a result. A longer one is cut, with a mark that names the cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<NonZeroU64>,
    /// Texts of the Backend's own. The model never sees them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub meta: BTreeMap<String, String>,
}

/// Who executes a tool.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToolExecutor {
    /// A tool of the Backend's program.
    InProcess,
    /// Somebody else, who sends the result.
    #[default]
    External,
}

/// What a call of a tool changes outside.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToolEffects {
    /// Nothing.
    None,
    /// Something, but a second call with the same key changes nothing more.
    Idempotent,
    /// Something, and a second call may do it again.
    #[default]
    Unsafe,
}

/// Who decides whether a call may begin.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToolApproval {
    /// Nobody: it begins.
    Never,
    /// The policy of the Backend.
    Policy,
    /// Always a person.
    Always,
}

/// What happens if nobody knows whether a call had its effect.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnUncertain {
    /// The model is told so.
    #[default]
    Tell,
    /// A person is asked what happened, and the model is told nothing before.
    Ask,
}

impl ToolSpec {
    /// Creates the description of an external, unsafe tool without a description and with the
    /// defaults for everything else.
    pub fn new(name: impl Into<String>, input_schema: Json) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            title: None,
            input_schema,
            executor: ToolExecutor::default(),
            effects: ToolEffects::default(),
            parallel: None,
            approval: None,
            on_uncertain: OnUncertain::default(),
            key: None,
            output_schema: None,
            timeout_ms: None,
            output_bytes: None,
            meta: BTreeMap::new(),
        }
    }

    /// Returns whether calls of this tool run beside neighbouring calls of such tools.
    #[must_use]
    pub fn is_parallel(&self) -> bool {
        self.parallel.unwrap_or(self.effects == ToolEffects::None)
    }

    /// Returns who decides whether a call may begin.
    #[must_use]
    pub fn approval(&self) -> ToolApproval {
        self.approval.unwrap_or(match (self.executor, self.effects) {
            (ToolExecutor::InProcess, ToolEffects::Unsafe) => ToolApproval::Policy,
            _ => ToolApproval::Never,
        })
    }
}

//! The LLM turn engine: it takes a history and gives a stream of turn events.
//!
//! Read in this order: [`Provider`] is the interface to a model, where one call gives a stream of
//! [`ProviderEvent`]s. [`Engine`] adds deadlines, retries, a cap and a guaranteed end to a
//! provider. A turn gives [`TurnEvent`]s. The engine does not keep their text: the caller keeps it,
//! or collects it with [`Turn::collect_answer`]. The feature `providers`, which is off by default,
//! adds a module of that name, with providers for real models. [`conformance`] checks a provider
//! that you write yourself.
//!
//! ```
//! use std::sync::Arc;
//!
//! use futures_util::StreamExt;
//! use llm_engine::{EchoProvider, Engine, Message, ModelRequest, TurnEvent};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let engine = Engine::new(Arc::new(EchoProvider::new()));
//! let messages = vec![Message::user("hello")];
//! let mut turn = engine.turn(ModelRequest::new(messages));
//! while let Some(event) = turn.next().await {
//!     match event {
//!         TurnEvent::TextDelta(text) => print!("{text}"),
//!         other => println!("{other:?}"),
//!     }
//! }
//! # }
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod answer;
mod block_collector;
pub mod conformance;
mod echo;
mod engine;
mod error;
mod json;
mod message;
mod policy;
mod provider;
mod provider_error;
mod provider_fn;
#[cfg(feature = "providers")]
pub mod providers;
mod scripted;
mod short_text;
mod step;
mod steps;
mod timer;
mod token_count;
mod tool;
mod tool_spec;
mod turn;
mod usage;

pub use answer::Answer;
pub use block_collector::BlockCollector;
pub use echo::EchoProvider;
pub use engine::{Engine, Turn, TurnRequest};
pub use error::{EngineError, ErrorKind};
pub use json::Json;
pub use message::{Message, Role};
pub use policy::{Deadlines, Policy, RetryPolicy};
pub use provider::{
    ModelRequest, Provider, ProviderEvent, ProviderStream, Sampling, SamplingError, ToolChoice,
};
pub use provider_error::ProviderError;
pub use provider_fn::{ProviderFn, provider_fn};
pub use scripted::{Script, ScriptedProvider};
pub use short_text::ShortText;
pub use step::{Block, ModelCall, Opaque, Step, ToolResult, UnpairedResults};
pub use steps::{
    CallEnd, CallErrorKind, CallOutcome, CallState, CutOff, Decision, ModelEnd, NextAction,
    StepCall, StepLimits, Steps, StepsEnd, StepsFailure,
};
pub use token_count::TokenCount;
pub use tool::{
    ArgumentsCheck, CheckedTool, DuplicateTool, IntoToolEnd, IntoToolOutput, Tool, ToolContext,
    ToolEnd, ToolFn, ToolFuture, ToolInput, ToolOutput, ToolSet, tool,
};
pub use tool_spec::{
    OnUncertain, ToolApproval, ToolEffects, ToolExecutor, ToolSpec, ToolSpecError, ToolSpecProblem,
};
pub use turn::{StopReason, TurnEnd, TurnEvent};
pub use usage::TokenUsage;

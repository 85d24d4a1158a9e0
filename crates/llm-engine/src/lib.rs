//! The LLM turn engine: history in, a stream of turn events out.
//!
//! Read in this order: [`Provider`] is the seam to a model, one call and a stream of
//! [`ProviderEvent`]s; [`Engine`] puts deadlines, retries, caps and a guaranteed end around one;
//! [`TurnEvent`] is what comes out.

#![forbid(unsafe_code)]

mod error;
mod message;
mod provider;
mod turn;
mod usage;

pub use error::{EngineError, ErrorKind};
pub use message::{Message, Role};
pub use provider::{ModelRequest, Provider, ProviderEvent, ProviderStream, Sampling};
pub use turn::{StopReason, TurnEvent};
pub use usage::TokenUsage;

//! The host of a single Worker: its configuration, its conversation, and one turn at a time.
//!
//! Read in this order: a [`Profile`] names the model and holds its settings; a [`HistoryBudget`]
//! chooses the part of the conversation that the model is given; a [`Worker`] holds the
//! conversation and runs [`WorkerTurn`]s, with the [tools](Profile::tools) of the profile. For a
//! caller that keeps the conversation itself, the Worker runs [`HistoryTurn`]s.
//!
//! ```
//! use std::sync::Arc;
//!
//! use futures_util::StreamExt;
//! use llm_engine::{EchoProvider, Message};
//! use worker::{Profile, Worker, WorkerEvent};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let profile = Profile::new("echo", Arc::new(EchoProvider::new())).instructions("Be brief.");
//! let mut worker = Worker::new(Arc::new(profile));
//! let events: Vec<WorkerEvent> = worker.turn(Message::user("hello")).collect().await;
//! assert!(matches!(events.last(), Some(WorkerEvent::Turn(event)) if event.is_terminal()));
//! assert_eq!(worker.conversation().last(), Some(&Message::assistant("echo: hello")));
//! assert_eq!(worker.usage().turns, 1);
//! # }
//! ```

#![forbid(unsafe_code)]

mod approval;
mod event;
mod history;
mod history_turn;
mod model_turn;
mod profile;
mod tooling;
mod turn;
mod worker;

pub use approval::ApprovalRequest;
pub use event::WorkerEvent;
pub use history::{HistoryBudget, HistorySelection, TokenEstimate};
pub use history_turn::HistoryTurn;
pub use profile::Profile;
pub use turn::WorkerTurn;
pub use worker::{Worker, WorkerUsage};

/// The examples of `docs/tools.md`.
#[doc = include_str!("../../../docs/tools.md")]
#[cfg(all(doctest, feature = "tools"))]
struct ToolsPage;

//! The tools of MCP servers as tools of Yoi.
//!
//! [`McpServer`] is a connection to one server, over stdio or streamable HTTP. Its
//! [`tools`](McpServer::tools) are a snapshot, which costs no I/O, and each of them is an ordinary
//! tool that runs in this process.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use llm_engine::{EchoProvider, ToolEffects, ToolSet};
//! use worker::{Profile, Worker};
//! use yoi_mcp::{McpCommand, McpEndpoint, McpServer};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let command = McpCommand::new("mcp-server-files").arg("/srv/files");
//! let files = McpServer::builder("files", command)
//!     .each_tool(|name, spec| {
//!         if name == "read" {
//!             spec.effects = ToolEffects::None;
//!         }
//!     })
//!     .connect()
//!     .await?;
//! let endpoint = McpEndpoint::new("https://mcp.example.com/mcp").bearer_token("a secret");
//! let web = McpServer::builder("web", endpoint).connect().await?;
//!
//! let tools = ToolSet::new(files.tools().into_iter().chain(web.tools()))?;
//! let profile = Profile::new("helper", Arc::new(EchoProvider::new())).tools(tools);
//! let mut worker = Worker::new(Arc::new(profile));
//! # Ok(())
//! # }
//! ```
//!
//! # Promises
//!
//! - **Effects.** A tool is [unsafe](llm_engine::ToolEffects::Unsafe) unless
//!   [`each_tool`](McpServerBuilder::each_tool) says otherwise. What the server says about itself
//!   (`readOnlyHint` and the like) is only offered to that function, in `meta`.
//! - **Pinning.** A tool is called only as long as the server lists it with the digest that it had
//!   when it was offered. Otherwise the call fails, in words that begin with `tool_changed`.
//! - **Lost answers.** If the connection breaks, or nothing comes in time, the error says that it
//!   is not known whether the call had its effect. Such a call is never sent a second time.
//! - **Cancellation.** Dropping the future of a call sends `notifications/cancelled`, and blocks
//!   nobody.
//! - **Reconnection.** After a server died, the next call connects anew.
//! - **Secrets.** Values of headers and of the environment are in no error and no `Debug`, also if
//!   the server says them. This crate logs neither arguments nor results. The SDK below it logs
//!   under the target `rmcp`: whole messages at the level `trace`, and words of servers and
//!   addresses of endpoints at others.

#![forbid(unsafe_code)]

mod ask;
mod call;
mod child;
mod command;
mod connection;
mod describe;
mod endpoint;
mod error;
mod failure;
mod follow;
mod handler;
mod link;
mod listing;
mod offer;
mod output;
mod publish;
mod secrets;
mod server;
mod stderr;
mod tool;
mod tools;
mod transport;

pub use command::McpCommand;
pub use endpoint::McpEndpoint;
pub use error::McpError;
pub use server::{McpServer, McpServerBuilder};
pub use tools::{LeftOut, McpTools};
pub use transport::McpTransport;

//! Providers that reach real models over HTTP.
//!
//! This module needs the feature `providers`.
//!
//! A [`ProviderConfig`] holds the kind, the address and the key of a provider. [`build`] checks
//! the configuration and makes a [`Provider`](crate::Provider). The model's name is part of each
//! request; [`ProviderConfig::needs_model`] says whether a request must have one.
//!
//! ```
//! use llm_engine::providers::{ProviderConfig, ProviderKind};
//!
//! # fn main() -> Result<(), llm_engine::providers::ConfigError> {
//! let local = ProviderConfig::new(ProviderKind::OpenAi).base_url("http://127.0.0.1:8080/v1");
//! assert_eq!(local.build()?.name(), "openai");
//!
//! let unknown = "opnai".parse::<ProviderKind>().unwrap_err();
//! assert_eq!(unknown.field(), "provider");
//! # Ok(())
//! # }
//! ```
//!
//! All these providers have these properties:
//!
//! - Nothing is sent before the stream is first polled. Dropping the stream closes the connection,
//!   so that the server stops working. After a whole answer, the rest of the response is read for up
//!   to a second, so that the connection can be used again.
//! - A call that meets a connection which the server has just closed is sent again at once.
//! - Errors are [classified](crate::ErrorKind) and name a remedy. Beside that they hold
//!   [what the provider said](crate::ProviderError): its message, code and type, and the id of the
//!   request, cut short and without control characters.
//! - Keys and headers are secret: they are in no `Debug`, error or log. Where a provider repeats
//!   one, or a part of it, the error says `[redacted]`. Bodies are shown to a [`WireLog`] alone, if one is
//!   asked for.
//! - Redirects are not followed. `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` are used, except for
//!   addresses of this machine. TLS is rustls with the system's roots.
//! - A request offers tools, and holds [steps](crate::Step) with their calls and results, in the
//!   form of each provider. What only a provider understands goes back to it and to no other, as
//!   long as its kind, its address and the model are the same. A request whose tools a provider has
//!   no form for is not sent.
//! - Reasoning that the provider streams comes as
//!   [`ReasoningDelta`](crate::ProviderEvent::ReasoningDelta).
//!
//! [`build`]: ProviderConfig::build

mod auth;
mod clients;
mod compatibility;
mod config;
mod config_error;
mod conversation;
mod dialect;
mod endpoint;
mod environment;
mod failure;
mod http;
mod kind;
mod models;
mod names;
mod origin;
mod wire_log;

pub use auth::Auth;
pub use compatibility::{
    Compatibility, ReasoningField, SeedField, SystemMessages, SystemRole, TokenLimit,
};
pub use config::{ProviderConfig, ProxyPolicy};
pub use config_error::ConfigError;
pub use endpoint::shown_base_url;
pub use environment::read_key_file;
pub use kind::{Protocol, ProviderKind};
pub use models::OfferedModel;
pub use names::UnknownName;
pub use secrecy::{ExposeSecret, SecretString};
pub use wire_log::WireLog;

//! A Runtime over HTTP: a thin shell on axum that decides nothing of itself.
//!
//! | | |
//! | --- | --- |
//! | `POST /commands`, `POST /queries` | one request as JSON; the reply, or the error with its status |
//! | `GET /events`, `GET /workers/{worker_id}/events` | a subscription as server-sent events: [`sse`] |
//! | `GET /ws` | many subscriptions and requests over one WebSocket, as JSON-RPC 2.0: [`ws`] |
//!
//! [`router`] has all of them; each handler is public, for a router of one's own. Every handler needs
//! an [`Access`] in the extensions of the request, which says who acts: the Backend, or a tenant. A
//! middleware puts it there, [`bearer`] or one of one's own, and a request without it is answered
//! with 401. So a router without authentication opens nothing. [`serve`] serves it and ends in order.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use axum::{Router, middleware::from_fn_with_state};
//! use worker_runtime::Runtime;
//! use yoi_http::{Access, Tokens};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = Runtime::builder().build().await?;
//! let tokens = Tokens::new([("the token of acme", Access::Tenant(runtime.tenant("acme")))]);
//! let api = yoi_http::router().layer(from_fn_with_state(tokens, yoi_http::bearer));
//! let app = Router::new().nest("/v1", api);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! yoi_http::serve(listener, app, runtime, Duration::from_secs(30)).await?;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod access;
mod refusal;
mod requests;
mod serve;
pub mod sse;
pub mod ws;

use axum::{
    Router,
    routing::{any, get, post},
};

pub use access::{Access, Tokens, bearer};
pub use refusal::Refusal;
pub use requests::{commands, queries};
pub use serve::{serve, stop_at_signal};

/// Returns a router with every handler of this crate, to be nested under a path or merged.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/commands", post(commands))
        .route("/queries", post(queries))
        .route("/events", get(sse::of_runtime))
        .route("/workers/{worker_id}/events", get(sse::of_worker))
        .route("/ws", any(ws::connect))
        .method_not_allowed_fallback(async || Refusal::MethodNotAllowed)
        .fallback(async || Refusal::NoSuchPath)
}

// The page has the program that the crate is for.
#[doc = include_str!("../../../docs/embed.md")]
#[cfg(doctest)]
struct Embed;

//! Why a server cannot be used.

use std::sync::Arc;

use llm_engine::ShortText;

/// Why a server cannot be connected to, or does not list its tools. Clones are of the same failure.
///
/// No error has a secret in it, or more than a few words of the server.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum McpError {
    /// The name of the server cannot begin the names of tools.
    #[error(
        "`{name}` cannot name an MCP server: use 1 to {limit} of `A-Z`, `a-z`, `0-9`, `_` and `-`"
    )]
    Name {
        /// The name.
        name: ShortText,
        /// The most characters of a name.
        limit: usize,
    },
    /// The description of the connection cannot be used, or the program cannot be started.
    #[error("the MCP server `{server}` cannot be started: {reason}")]
    Start {
        /// The name of the server.
        server: Arc<str>,
        /// What is wrong.
        reason: ShortText,
    },
    /// The server cannot be reached, or did not agree on the protocol.
    #[error(
        "the MCP server `{server}` cannot be connected to: {reason}{}",
        last_words(.stderr.as_ref())
    )]
    Connect {
        /// The name of the server.
        server: Arc<str>,
        /// What went wrong.
        reason: ShortText,
        /// The end of what the program wrote to its standard error.
        stderr: Option<ShortText>,
    },
    /// The server does not say what tools it has.
    #[error(
        "the tools of the MCP server `{server}` cannot be listed: {reason}{}",
        last_words(.stderr.as_ref())
    )]
    List {
        /// The name of the server.
        server: Arc<str>,
        /// What went wrong.
        reason: ShortText,
        /// The end of what the program wrote to its standard error.
        stderr: Option<ShortText>,
    },
}

fn last_words(stderr: Option<&ShortText>) -> String {
    stderr.map_or_else(String::new, |words| format!("; its last words: {words}"))
}

//! The ways to reach a server.

use crate::{McpCommand, McpEndpoint, secrets::Secrets};

/// The way to reach a server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum McpTransport {
    /// A program that is started.
    Command(McpCommand),
    /// An address.
    Endpoint(McpEndpoint),
}

impl McpTransport {
    pub(crate) fn secrets(&self) -> Secrets {
        match self {
            Self::Command(command) => Secrets::new(command.secrets()),
            Self::Endpoint(endpoint) => Secrets::new(endpoint.secrets()),
        }
    }
}

impl From<McpCommand> for McpTransport {
    fn from(command: McpCommand) -> Self {
        Self::Command(command)
    }
}

impl From<McpEndpoint> for McpTransport {
    fn from(endpoint: McpEndpoint) -> Self {
        Self::Endpoint(endpoint)
    }
}

//! A server and its tools.

use std::{fmt, num::NonZeroU64, sync::Arc, time::Duration};

use llm_engine::{ShortText, ToolSpec};
use tokio::sync::watch;

use crate::{
    McpError, McpTools, McpTransport,
    describe::{Describing, EachTool},
    link::Link,
    publish::publish,
};

/// The most characters of the name of a server, which leave some for the names of tools.
const NAME_CHARS: usize = 32;

/// A server of the Model Context Protocol, with its tools. Clones are of the same server.
///
/// The connection ends, and a program that was started is ended, once neither the server nor any of
/// its tools is kept.
#[derive(Clone)]
pub struct McpServer {
    link: Arc<Link>,
    published: Arc<watch::Sender<McpTools>>,
}

impl McpServer {
    /// Begins to describe a server. The names of its tools begin with `name` and `__`.
    pub fn builder(
        name: impl Into<String>,
        transport: impl Into<McpTransport>,
    ) -> McpServerBuilder {
        McpServerBuilder {
            name: name.into(),
            transport: transport.into(),
            connect_timeout: Duration::from_secs(30),
            call_timeout: Duration::from_mins(1),
            each_tool: None,
        }
    }

    /// Returns the tools, as they were last read: when a connection was made, when the server said
    /// that they changed, or by [`refresh`](Self::refresh).
    #[must_use]
    pub fn tools(&self) -> McpTools {
        self.published.borrow().clone()
    }

    /// Returns a receiver of the tools, which is told whenever they change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<McpTools> {
        self.published.subscribe()
    }

    /// Reads the tools again, and connects anew if there is no connection.
    pub async fn refresh(&self) -> Result<McpTools, McpError> {
        self.link.refresh().await?;
        Ok(self.tools())
    }

    /// Returns the last words of the program on its standard error, without secrets. `None` if it
    /// wrote nothing, or the server is no program.
    #[must_use]
    pub fn last_words(&self) -> Option<ShortText> {
        self.link.stderr()
    }
}

impl fmt::Debug for McpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpServer")
            .field("name", self.link.server())
            .field("tools", &self.tools())
            .finish_non_exhaustive()
    }
}

/// The description of a server, made by [`McpServer::builder`].
pub struct McpServerBuilder {
    name: String,
    transport: McpTransport,
    connect_timeout: Duration,
    call_timeout: Duration,
    each_tool: Option<EachTool>,
}

impl McpServerBuilder {
    /// Sets the time to connect and to read the tools: 30 seconds, if not set. An old server that
    /// does not answer to what it does not know takes ten of them.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sets the time that a call may take, in whole milliseconds: one minute, if not set.
    #[must_use]
    pub fn call_timeout(mut self, limit: Duration) -> Self {
        self.call_timeout = limit;
        self
    }

    /// Sets a function that is given the name at the server and the description of each tool, and
    /// changes what the Backend knows better: `effects`, `approval`, `key`, `timeout_ms` and so on.
    /// It may give a better name to a tool, such as one with a dot, which no model can call. Input
    /// schema and executor stay as they are.
    ///
    /// Hints of the server are in `meta` as `mcp.read_only_hint`, `mcp.destructive_hint`,
    /// `mcp.idempotent_hint` and `mcp.open_world_hint`. Believe those of servers that you trust.
    #[must_use]
    pub fn each_tool(
        mut self,
        change: impl Fn(&str, &mut ToolSpec) + Send + Sync + 'static,
    ) -> Self {
        self.each_tool = Some(Arc::new(change));
        self
    }

    /// Connects, and reads the tools. It is called in a tokio runtime, on which the connection then
    /// lives.
    pub async fn connect(self) -> Result<McpServer, McpError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if self.name.is_empty() || self.name.len() > NAME_CHARS || !self.name.chars().all(fits) {
            return Err(McpError::Name {
                name: ShortText::cut(&self.name, 100),
                limit: NAME_CHARS,
            });
        }
        let (published, _) = watch::channel(McpTools::default());
        let published = Arc::new(published);
        let describing = Describing {
            server: self.name.into(),
            call_ms: milliseconds(self.call_timeout),
            each_tool: self.each_tool,
        };
        let seen = Arc::downgrade(&published);
        let publish = Box::new(move |link: &_, listing| publish(&seen, link, listing));
        let link = Link::new(self.transport, describing, self.connect_timeout, publish);
        link.connection().await?;
        Ok(McpServer { link, published })
    }
}

fn milliseconds(limit: Duration) -> NonZeroU64 {
    let whole = limit.as_secs().saturating_mul(1000);
    let milliseconds = whole.saturating_add(u64::from(limit.subsec_millis()));
    NonZeroU64::new(milliseconds).unwrap_or(NonZeroU64::MIN)
}

impl fmt::Debug for McpServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpServerBuilder")
            .field("name", &self.name)
            .field("transport", &self.transport)
            .field("connect_timeout", &self.connect_timeout)
            .field("call_timeout", &self.call_timeout)
            .finish_non_exhaustive()
    }
}

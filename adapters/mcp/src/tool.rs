//! A tool of a server.

use std::sync::Arc;

use llm_engine::{Tool, ToolContext, ToolFuture, ToolInput, ToolSpec};

use crate::{call, link::Link, listing::Listed};

/// A tool of a server, as it was offered.
pub(crate) struct McpTool {
    link: Arc<Link>,
    offered: Arc<Listed>,
}

impl McpTool {
    pub(crate) fn new(link: Arc<Link>, listed: Listed) -> Self {
        Self { link, offered: Arc::new(listed) }
    }
}

impl Tool for McpTool {
    fn spec(&self) -> &ToolSpec {
        &self.offered.spec
    }

    fn call(&self, input: ToolInput, context: ToolContext) -> ToolFuture {
        let (link, offered) = (Arc::clone(&self.link), Arc::clone(&self.offered));
        Box::pin(async move { call::call(&link, &offered, &input, &context).await })
    }
}

//! What a Worker has for the calls of its model.

use std::{any::Any, fmt, sync::Arc};

use llm_engine::ToolSet;

use crate::approval::Approver;

/// The tools of a Worker, who decides about their calls, and what they are told.
#[derive(Clone)]
pub(crate) struct Tooling {
    pub(crate) tools: ToolSet,
    pub(crate) approver: Option<Approver>,
    pub(crate) host: Option<Arc<dyn Any + Send + Sync>>,
}

impl Tooling {
    pub(crate) fn new(tools: ToolSet) -> Self {
        Self { tools, approver: None, host: None }
    }
}

impl fmt::Debug for Tooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tooling")
            .field("tools", &self.tools)
            .field("approver", &self.approver)
            .finish_non_exhaustive()
    }
}

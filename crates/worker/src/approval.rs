//! Who decides about calls that need approval.

use std::{fmt, pin::Pin, sync::Arc};

use llm_engine::{Decision, Json, ToolSpec};

/// A call that needs approval.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApprovalRequest {
    /// The tool.
    pub spec: Arc<ToolSpec>,
    /// The arguments, which its input schema accepts.
    pub arguments: Json,
}

type Asking = Pin<Box<dyn Future<Output = Decision> + Send>>;

/// Decides about calls. Clones share it.
#[derive(Clone)]
pub(crate) struct Approver(Arc<dyn Fn(ApprovalRequest) -> Asking + Send + Sync>);

impl Approver {
    pub(crate) fn new<F>(ask: impl Fn(ApprovalRequest) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Decision> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(ask(request))))
    }

    pub(crate) async fn ask(&self, spec: Arc<ToolSpec>, arguments: Json) -> Decision {
        (self.0)(ApprovalRequest { spec, arguments }).await
    }
}

impl fmt::Debug for Approver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Approver")
    }
}

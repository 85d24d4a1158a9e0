//! The tools of a server, as they were last read.

use std::{fmt, ops::Deref, sync::Arc};

use llm_engine::{CheckedTool, ShortText};

/// The tools of a server, as they were last read, sorted by name. Clones share them.
///
/// Each tool keeps the connection to its server, and so do these.
#[derive(Clone, Default)]
pub struct McpTools {
    tools: Arc<[CheckedTool]>,
    left_out: Arc<[LeftOut]>,
}

/// A tool that a server has and that is not offered.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The name at the server, or `…` for all that are beyond a limit.
    pub name: ShortText,
    /// What is wrong with it.
    pub reason: ShortText,
}

impl LeftOut {
    /// The most characters of a name.
    pub(crate) const NAME_CHARS: usize = 100;
}

impl McpTools {
    pub(crate) fn new(tools: Vec<CheckedTool>, left_out: Vec<LeftOut>) -> Self {
        Self { tools: tools.into(), left_out: left_out.into() }
    }

    /// Returns the tools that the server has and that are not offered, with the reasons.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }
}

impl Deref for McpTools {
    type Target = [CheckedTool];

    fn deref(&self) -> &[CheckedTool] {
        &self.tools
    }
}

impl IntoIterator for McpTools {
    type Item = CheckedTool;
    type IntoIter = std::vec::IntoIter<CheckedTool>;

    fn into_iter(self) -> Self::IntoIter {
        Vec::from(&*self.tools).into_iter()
    }
}

impl fmt::Debug for McpTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpTools")
            .field("tools", &self.iter().map(|tool| &*tool.spec().name).collect::<Vec<_>>())
            .field("left_out", &self.left_out)
            .finish()
    }
}

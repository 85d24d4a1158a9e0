//! The tools that a model is offered.

use std::{fmt, sync::Arc};

use super::CheckedTool;
use crate::ToolSpec;

/// The tools that a model is offered, sorted by name. Clones share them.
///
/// The order does not depend on the order in which they were given, so that the same tools give the
/// same request, and a provider that keeps its beginning knows it again.
#[derive(Clone, Default)]
pub struct ToolSet {
    tools: Arc<[CheckedTool]>,
    specs: Arc<[ToolSpec]>,
}

/// Two tools have the same name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("two tools have the name `{name}`; rename one")]
pub struct DuplicateTool {
    /// The name.
    pub name: String,
}

impl ToolSet {
    /// Creates a set of tools with different names.
    pub fn new(tools: impl IntoIterator<Item = CheckedTool>) -> Result<Self, DuplicateTool> {
        let mut tools: Vec<CheckedTool> = tools.into_iter().collect();
        tools.sort_by(|one, two| one.spec().name.cmp(&two.spec().name));
        let same = tools.windows(2).find(|pair| pair[0].spec().name == pair[1].spec().name);
        if let Some([tool, ..]) = same {
            return Err(DuplicateTool { name: tool.spec().name.clone() });
        }
        let specs = tools.iter().map(|tool| ToolSpec::clone(tool.spec())).collect();
        Ok(Self { tools: tools.into(), specs })
    }

    /// Returns whether there is no tool.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }

    /// Returns the descriptions, for a [request](crate::ModelRequest::tools).
    #[must_use]
    pub fn specs(&self) -> &Arc<[ToolSpec]> {
        &self.specs
    }

    /// Returns the tool of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&CheckedTool> {
        let found = self.tools.binary_search_by(|tool| (*tool.spec().name).cmp(name));
        found.ok().map(|index| &self.tools[index])
    }
}

impl fmt::Debug for ToolSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.specs.iter().map(|spec| &spec.name)).finish()
    }
}

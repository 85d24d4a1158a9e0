//! A tool whose description was checked, with the check of its arguments.

use std::{fmt, sync::Arc};

use super::{Tool, ToolContext, ToolFuture, ToolInput};
use crate::{Json, ShortText, ToolSpec, ToolSpecError};

/// The check of the arguments of one tool.
///
/// With the feature `tools`, [`CheckedTool::new`] brings one that knows JSON Schema.
pub trait ArgumentsCheck: Send + Sync + 'static {
    /// Returns why the input schema does not accept `arguments`, in words for the model. It neither
    /// waits nor reaches out.
    fn check(&self, arguments: &Json) -> Result<(), ShortText>;
}

/// A tool that can be offered to a model: its description is well-formed, and its arguments can be
/// checked. Clones share the tool and the check.
#[derive(Clone)]
pub struct CheckedTool {
    tool: Arc<dyn Tool>,
    check: Arc<dyn ArgumentsCheck>,
    spec: Arc<ToolSpec>,
}

impl CheckedTool {
    /// Checks the description of a tool, and prepares the check of its arguments.
    #[cfg(feature = "tools")]
    pub fn new(tool: impl Tool) -> Result<Self, ToolSpecError> {
        let check = super::schema::compile(tool.spec())?;
        Self::checked_by(tool, check)
    }

    /// Checks the description of a tool whose arguments are checked by `check`.
    pub fn checked_by(tool: impl Tool, check: impl ArgumentsCheck) -> Result<Self, ToolSpecError> {
        // The description is kept as it is now, so that a tool that changes it confuses nobody.
        let spec = Arc::new(tool.spec().clone());
        spec.check()?;
        Ok(Self { tool: Arc::new(tool), check: Arc::new(check), spec })
    }

    /// Returns the description.
    #[must_use]
    pub fn spec(&self) -> &Arc<ToolSpec> {
        &self.spec
    }

    /// Checks arguments. Returns why the input schema does not accept them, in words for the model.
    pub fn check(&self, arguments: Json) -> Result<ToolInput, ShortText> {
        self.check.check(&arguments)?;
        Ok(ToolInput::checked(arguments))
    }

    /// Begins a call.
    #[must_use]
    pub fn call(&self, input: ToolInput, context: ToolContext) -> ToolFuture {
        self.tool.call(input, context)
    }
}

impl fmt::Debug for CheckedTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedTool").field("spec", &self.spec).finish_non_exhaustive()
    }
}

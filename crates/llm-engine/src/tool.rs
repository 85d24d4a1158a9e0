//! The interface to a tool that runs in this process.

mod checked;
mod context;
mod function;
mod input;
mod output;
#[cfg(feature = "tools")]
mod schema;
mod set;

use std::{pin::Pin, sync::Arc};

pub use checked::{ArgumentsCheck, CheckedTool};
pub use context::ToolContext;
pub use function::{ToolFn, tool};
pub use input::ToolInput;
pub use output::{IntoToolEnd, IntoToolOutput, ToolOutput};
pub use set::{DuplicateTool, ToolSet};

use crate::{Json, ToolSpec};

/// A tool that runs in this process. [`tool`] makes one from a function.
///
/// # Contract
///
/// - [`call`](Self::call) returns at once. Work begins when the future is first polled.
/// - A call is cancelled by dropping its future, at any point.
/// - A tool may panic, hang, or give too much output: whoever runs it contains that, at the cost of
///   this call alone.
/// - For whom a tool acts comes from the [context](ToolContext::host), never from the arguments,
///   which the model wrote.
pub trait Tool: Send + Sync + 'static {
    /// Returns the description, which never changes.
    fn spec(&self) -> &ToolSpec;

    /// Begins a call with arguments that the input schema accepts.
    fn call(&self, input: ToolInput, context: ToolContext) -> ToolFuture;
}

impl<T: Tool + ?Sized> Tool for Arc<T> {
    fn spec(&self) -> &ToolSpec {
        (**self).spec()
    }

    fn call(&self, input: ToolInput, context: ToolContext) -> ToolFuture {
        (**self).call(input, context)
    }
}

/// A running call.
pub type ToolFuture = Pin<Box<dyn Future<Output = ToolEnd> + Send + 'static>>;

/// The end of the future of a call.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ToolEnd {
    /// The call is over.
    Done(ToolOutput),
    /// The result comes later, from somebody else. Only a host that keeps calls can wait for it.
    Later {
        /// The most milliseconds to wait for it. `None` waits for ever.
        deadline_ms: Option<u64>,
    },
    /// The call needs an answer of a person. Then the tool is called again, with the same key,
    /// the [answers](ToolContext::answers) and the [state](ToolContext::state). Only a host that
    /// keeps calls can wait for it.
    Ask {
        /// The question.
        message: String,
        /// The JSON Schema of the answer.
        schema: Json,
        /// What the tool wants to be given back.
        state: Json,
    },
}

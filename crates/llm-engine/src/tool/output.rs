//! What a call gives, and what a function may return instead.

use std::{fmt::Display, sync::Arc};

use serde::Serialize;

use super::ToolEnd;
use crate::{Json, ToolResult};

/// What a call gives.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ToolOutput {
    /// The text for the model.
    pub text: String,
    /// Whether the tool failed. The text then says why, so that the model can do better.
    pub is_error: bool,
    /// The result as a value, for programs. The model is not given it.
    pub data: Option<Json>,
}

impl ToolOutput {
    /// Creates the output of a tool that succeeded.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_error: false, data: None }
    }

    /// Creates the output of a tool that failed.
    pub fn error(text: impl Into<String>) -> Self {
        Self { is_error: true, ..Self::new(text) }
    }

    /// Creates an output whose text is `value` as JSON, and whose data is the same.
    pub fn json(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Json::of(value).map(Self::from)
    }

    /// Sets the result as a value.
    #[must_use]
    pub fn data(mut self, data: Json) -> Self {
        self.data = Some(data);
        self
    }

    /// Returns the same with at most `max_bytes` of text, and then a mark that names the cut.
    ///
    /// ```
    /// use llm_engine::ToolOutput;
    ///
    /// let output = ToolOutput::new("a€b").cut(3);
    /// assert_eq!(output.text, "a\n[cut: 4 of 5 bytes are left out]");
    /// assert_eq!(output.clone().cut(100), output);
    /// ```
    #[must_use]
    pub fn cut(mut self, max_bytes: usize) -> Self {
        let all = self.text.len();
        if all > max_bytes {
            self.text.truncate(self.text.floor_char_boundary(max_bytes));
            let cut = all - self.text.len();
            let kept = self.text;
            self.text = format!("{kept}\n[cut: {cut} of {all} bytes are left out]");
        }
        self
    }
}

impl From<Json> for ToolOutput {
    fn from(json: Json) -> Self {
        Self::new(json.as_str()).data(json)
    }
}

impl From<ToolOutput> for ToolResult {
    fn from(output: ToolOutput) -> Self {
        Self { text: output.text.into(), is_error: output.is_error }
    }
}

/// What can stand for the output of a tool that succeeded.
pub trait IntoToolOutput {
    /// Returns the output.
    fn into_tool_output(self) -> ToolOutput;
}

impl IntoToolOutput for ToolOutput {
    fn into_tool_output(self) -> ToolOutput {
        self
    }
}

impl IntoToolOutput for Json {
    fn into_tool_output(self) -> ToolOutput {
        self.into()
    }
}

/// Nothing to say but that it is done.
impl IntoToolOutput for () {
    fn into_tool_output(self) -> ToolOutput {
        ToolOutput::new("done")
    }
}

/// The value as people write it.
macro_rules! display_is_output {
    ($($shown:ty),*) => {
        $(
            impl IntoToolOutput for $shown {
                fn into_tool_output(self) -> ToolOutput {
                    ToolOutput::new(self.to_string())
                }
            }
        )*
    };
}

display_is_output!(String, &'static str, Arc<str>, bool, i32, i64, u32, u64, usize, f64);

/// What a function of a tool may return: the end itself, an output, or a result whose error is told
/// to the model.
pub trait IntoToolEnd {
    /// Returns the end.
    fn into_tool_end(self) -> ToolEnd;
}

impl IntoToolEnd for ToolEnd {
    fn into_tool_end(self) -> ToolEnd {
        self
    }
}

impl IntoToolEnd for ToolOutput {
    fn into_tool_end(self) -> ToolEnd {
        ToolEnd::Done(self)
    }
}

impl<T: IntoToolOutput, E: Display> IntoToolEnd for Result<T, E> {
    fn into_tool_end(self) -> ToolEnd {
        ToolEnd::Done(match self {
            Ok(output) => output.into_tool_output(),
            Err(error) => ToolOutput::error(error.to_string()),
        })
    }
}

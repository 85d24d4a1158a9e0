//! What is wrong with a profiles file, and where.

use std::{fmt, ops::Range};

/// What is wrong with a profiles file, and where.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Problem {
    line: usize,
    /// In characters; the first one is 1, as for lines.
    column: usize,
    /// The key at fault with those it belongs to, such as `profiles.local.model`.
    key: String,
    message: String,
}

impl Problem {
    /// A problem with the part `span` of `text`, in bytes.
    pub(super) fn at(
        text: &str,
        span: Option<Range<usize>>,
        key: String,
        message: impl Into<String>,
    ) -> Self {
        let before = text.get(..span.map_or(0, |it| it.start)).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            key,
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, key, message } = self;
        let separator = if key.is_empty() { "" } else { ": " };
        write!(f, "{line}:{column}: {key}{separator}{message}")
    }
}

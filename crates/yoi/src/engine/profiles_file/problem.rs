//! An error in a profiles file, with its place.

use std::{fmt, ops::Range};

use llm_engine::ShortText;

/// The most characters of a key that an error repeats.
const KEY_CHARS: usize = 200;

/// An error in a profiles file, with its place.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Problem {
    line: usize,
    /// The column in characters. Lines and columns count from 1.
    column: usize,
    /// The dotted path of the key, such as `profiles.local.model`.
    key: ShortText,
    message: ShortText,
}

impl Problem {
    /// Creates a problem with the part of `text` at `span`, in bytes. Without a span, the place is
    /// the beginning of the file.
    pub(super) fn at(
        text: &str,
        span: Option<Range<usize>>,
        key: String,
        message: impl Into<String>,
    ) -> Self {
        let before = text.get(..span.map_or(0, |span| span.start)).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            key: ShortText::cut(&key, KEY_CHARS),
            message: message.into().into(),
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

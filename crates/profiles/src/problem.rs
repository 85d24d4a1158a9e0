//! An error in the text of a profiles file, with its place.

use std::{ops::Range, path::Path};

use llm_engine::ShortText;

use crate::ProfilesError;

/// The most characters of a key that an error repeats.
const KEY_CHARS: usize = 200;

/// An error in the text of a profiles file, with its place.
#[derive(Debug)]
pub(crate) struct Problem {
    line: usize,
    column: usize,
    key: ShortText,
    message: ShortText,
}

impl Problem {
    /// Creates a problem with the part of `text` at `span`, in bytes. Without a span, the place is
    /// the beginning of the file.
    pub(crate) fn at(
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

    /// Returns the error of the file at `path`.
    pub(crate) fn of(self, path: &Path) -> ProfilesError {
        let Self { line, column, key, message } = self;
        ProfilesError::Invalid { path: path.to_owned(), line, column, key, problem: message }
    }
}

//! The type of a line, read from a terminal or from stdin.

/// A line of a conversation, or a key that ended it.
#[derive(Debug)]
pub(super) enum Line {
    /// A line without its newline.
    Text(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or the end of stdin.
    End,
}

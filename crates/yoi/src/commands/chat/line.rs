//! A line of a conversation, or what came in its place.

/// A line of a conversation, or what came in its place.
#[derive(Debug)]
pub(super) enum Line {
    /// A line without its newline.
    Text(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or the end of stdin.
    End,
}

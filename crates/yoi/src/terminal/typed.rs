//! A line that is being typed.

/// A line that is being typed.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) prompt: String,
    pub(crate) text: String,
    /// The place of the cursor in the text, in bytes.
    pub(crate) cursor: usize,
}

//! The newest part of a text that grows without bound, and the pieces of text that readers copy.

/// The newest part of a turn's reasoning.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    text: String,
    /// The number of bytes that were dropped before `text`.
    dropped: usize,
}

/// The number of bytes of reasoning that remain for slow readers when older text is dropped.
const REASONING_TAIL: usize = 64 << 10;

/// The maximum number of bytes of text that are copied under one hold of the lock.
const PIECE: usize = 64 << 10;

impl Tail {
    pub(crate) fn push(&mut self, delta: &str) {
        self.text.push_str(delta);
        // Dropping half of the text at once keeps the cost per byte constant.
        if self.text.len() > 2 * REASONING_TAIL {
            let cut = self.text.ceil_char_boundary(self.text.len() - REASONING_TAIL);
            self.text.drain(..cut);
            self.dropped += cut;
        }
    }

    pub(crate) fn end(&self) -> usize {
        self.dropped + self.text.len()
    }

    /// Returns the part of the text from `offset` on that is still kept, and the offset at which
    /// that part begins.
    pub(crate) fn rest(&self, offset: usize) -> Option<(usize, &str)> {
        let start = offset.max(self.dropped);
        let rest = self.text.get(start - self.dropped..).filter(|rest| !rest.is_empty())?;
        Some((start, rest))
    }

    /// Returns at most one piece of the text from `offset` on, and the offset at which it begins.
    pub(crate) fn after(&self, offset: usize) -> Option<(usize, &str)> {
        let start = offset.max(self.dropped);
        piece_after(&self.text, start - self.dropped).map(|piece| (start, piece))
    }
}

/// Returns at most one piece of `text` from `offset` on, cut at a character boundary.
pub(crate) fn piece_after(text: &str, offset: usize) -> Option<&str> {
    let rest = text.get(offset..).filter(|rest| !rest.is_empty())?;
    Some(&rest[..rest.floor_char_boundary(PIECE)])
}

//! The newest part of a text that grows without bound, and the pieces that readers copy.

/// The newest part of the reasoning.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    text: String,
    /// How many bytes before that part were dropped.
    dropped: usize,
}

/// The least bytes of reasoning that are kept for slow readers.
const REASONING_TAIL: usize = 64 << 10;

/// The most bytes of text that are copied under one hold of the lock.
const PIECE: usize = 64 << 10;

impl Tail {
    pub(crate) fn push(&mut self, delta: &str) {
        self.text.push_str(delta);
        // Halving keeps the cost of dropping constant per byte.
        if self.text.len() > 2 * REASONING_TAIL {
            let cut = self.text.ceil_char_boundary(self.text.len() - REASONING_TAIL);
            self.text.drain(..cut);
            self.dropped += cut;
        }
    }

    pub(crate) fn end(&self) -> usize {
        self.dropped + self.text.len()
    }

    /// Everything from `offset` on that is still there, and where it begins.
    pub(crate) fn rest(&self, offset: usize) -> Option<(usize, &str)> {
        let start = offset.max(self.dropped);
        let rest = self.text.get(start - self.dropped..).filter(|rest| !rest.is_empty())?;
        Some((start, rest))
    }

    /// At most one piece from `offset` on, and where it begins.
    pub(crate) fn after(&self, offset: usize) -> Option<(usize, &str)> {
        let start = offset.max(self.dropped);
        piece_after(&self.text, start - self.dropped).map(|piece| (start, piece))
    }
}

/// At most one piece of `text` from `offset`, on character boundaries.
pub(crate) fn piece_after(text: &str, offset: usize) -> Option<&str> {
    let rest = text.get(offset..).filter(|rest| !rest.is_empty())?;
    Some(&rest[..rest.floor_char_boundary(PIECE)])
}

//! Splits bytes into lines as they arrive, with a bounded buffer.

use bytes::{Buf, BytesMut};
use memchr::memchr2;

/// The lines of a text that arrives in pieces. A line ends with a line feed, a carriage return, or
/// both, as the standard of server-sent events has it.
#[derive(Debug, Default)]
pub(super) struct Lines {
    unread: BytesMut,
    /// The number of unread bytes in which no end of a line was found.
    searched: usize,
    /// Whether the last line ended with a return. A line feed right after it is part of that end.
    after_return: bool,
}

/// A line is longer than it may be.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct TooLong;

impl Lines {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
    }

    /// Returns the next complete line, of at most `max_bytes`, or `None` if there is none yet.
    pub(super) fn next(&mut self, max_bytes: usize) -> Result<Option<BytesMut>, TooLong> {
        if self.after_return && !self.unread.is_empty() {
            self.after_return = false;
            if self.unread[0] == b'\n' {
                self.unread.advance(1);
            }
        }
        let end = memchr2(b'\n', b'\r', &self.unread[self.searched..]);
        let length = end.map_or(self.unread.len(), |end| self.searched + end);
        if length > max_bytes {
            return Err(TooLong);
        }
        if end.is_none() {
            self.searched = length;
            return Ok(None);
        }
        let line = self.unread.split_to(length);
        self.after_return = self.unread[0] == b'\r';
        self.unread.advance(1);
        self.searched = 0;
        Ok(Some(line))
    }

    /// Returns what follows the last complete line.
    pub(super) fn rest(&mut self) -> BytesMut {
        self.searched = 0;
        self.unread.split()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_of_a_line_is_known_wherever_the_text_is_cut() {
        let text = b"a\nb\r\n\r\nc\r\rd\n\re\r";
        for length in 1..=text.len() {
            let (mut lines, mut seen) = (Lines::default(), Vec::new());
            for piece in text.chunks(length) {
                lines.add(piece);
                while let Some(line) = lines.next(10).unwrap() {
                    seen.push(String::from_utf8(line.to_vec()).unwrap());
                }
            }
            assert_eq!(seen, ["a", "b", "", "c", "", "d", "", "e"], "pieces of {length}");
            assert!(lines.rest().is_empty());
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_before_its_end() {
        let mut lines = Lines::default();
        lines.add(b"12345\n123456");
        assert_eq!(lines.next(5).unwrap().unwrap(), &b"12345"[..]);
        assert_eq!(lines.next(5), Err(TooLong));
    }
}

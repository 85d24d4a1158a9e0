//! Input by lines, in bounded memory.

use std::io::{BufRead, BufReader, Read};

/// A line of input.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Line {
    /// All of it, without its newline.
    Whole(Vec<u8>),
    /// It was longer than allowed, and is gone.
    TooLong,
}

/// Input by lines. Of a line that is too long no more is kept than is allowed.
#[derive(Debug)]
pub(super) struct Lines<R> {
    source: BufReader<R>,
    max: u64,
}

impl<R: Read> Lines<R> {
    /// Lines of at most `max` bytes.
    pub(super) fn new(source: R, max: u64) -> Self {
        Self { source: BufReader::with_capacity(64 << 10, source), max }
    }

    /// How long a line may be, in bytes.
    pub(super) fn max(&self) -> u64 {
        self.max
    }

    /// Whether the next line is there, so that nobody need be waited for.
    pub(super) fn has_next(&self) -> bool {
        self.source.buffer().contains(&b'\n')
    }

    /// The next line; `None` at the end of input, or where it cannot be read any more.
    pub(super) fn next(&mut self) -> Option<Line> {
        let mut line = Vec::new();
        // What was read before an error is a line.
        let _ = self.source.by_ref().take(self.max.saturating_add(1)).read_until(b'\n', &mut line);
        if line.pop_if(|last| *last == b'\n').is_some() {
            return Some(Line::Whole(line));
        }
        if line.len() as u64 > self.max {
            let _ = self.source.skip_until(b'\n');
            return Some(Line::TooLong);
        }
        (!line.is_empty()).then_some(Line::Whole(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &[Line]) {
        let mut lines = Lines::new(input.as_bytes(), 3);
        // Small enough that every line is read in several pieces.
        lines.source = BufReader::with_capacity(2, input.as_bytes());
        let mut found = Vec::new();
        while let Some(line) = lines.next() {
            found.push(line);
        }
        assert_eq!(found, expected, "{input:?}");
    }

    fn whole(text: &str) -> Line {
        Line::Whole(text.into())
    }

    #[test]
    fn lines_end_with_a_newline_or_with_the_input() {
        check("", &[]);
        check("\n", &[whole("")]);
        check("a\n\nb", &[whole("a"), whole(""), whole("b")]);
    }

    #[test]
    fn a_line_past_the_limit_is_skipped() {
        check("abc\nabcd\nabc", &[whole("abc"), Line::TooLong, whole("abc")]);
        check("abcdefghi", &[Line::TooLong]);
        check("abcdefghi\n", &[Line::TooLong]);
    }
}

//! Reads input line by line, in bounded memory.

use std::io::{self, BufRead, BufReader, Read};

/// A line of input.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Line {
    /// A line without its newline.
    Whole(Vec<u8>),
    /// A line of more than `max` bytes, which was skipped.
    TooLong { max: u64 },
}

/// The lines of `R`.
#[derive(Debug)]
pub(super) struct Lines<R> {
    source: BufReader<R>,
    max: u64,
}

impl<R: Read> Lines<R> {
    /// Creates a reader of lines of at most `max` bytes.
    pub(super) fn new(source: R, max: u64) -> Self {
        Self { source: BufReader::with_capacity(64 << 10, source), max }
    }

    /// Returns the next line, or `None` at the end of input. If the input cannot be read, the part
    /// of a line before the error is lost, because nobody knows whether it is whole.
    pub(super) fn next(&mut self) -> Option<io::Result<Line>> {
        self.read().transpose()
    }

    fn read(&mut self) -> io::Result<Option<Line>> {
        let mut line = Vec::new();
        self.source.by_ref().take(self.max.saturating_add(1)).read_until(b'\n', &mut line)?;
        if line.pop_if(|last| *last == b'\n').is_some() {
            return Ok(Some(Line::Whole(line)));
        }
        if line.len() as u64 > self.max {
            self.source.skip_until(b'\n')?;
            return Ok(Some(Line::TooLong { max: self.max }));
        }
        Ok((!line.is_empty()).then_some(Line::Whole(line)))
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
            found.push(line.expect("the input can be read"));
        }
        assert_eq!(found, expected, "{input:?}");
    }

    fn whole(text: &str) -> Line {
        Line::Whole(text.into())
    }

    const TOO_LONG: Line = Line::TooLong { max: 3 };

    #[test]
    fn lines_end_with_a_newline_or_with_the_input() {
        check("", &[]);
        check("\n", &[whole("")]);
        check("a\n\nb", &[whole("a"), whole(""), whole("b")]);
    }

    #[test]
    fn a_line_past_the_limit_is_skipped() {
        check("abc\nabcd\nabc", &[whole("abc"), TOO_LONG, whole("abc")]);
        check("abcdefghi", &[TOO_LONG]);
        check("abcdefghi\n", &[TOO_LONG]);
    }

    #[test]
    fn an_error_is_not_the_end_of_input() {
        struct Broken;

        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::Other.into())
            }
        }

        for input in ["a\nbc", "a\nbcdef"] {
            let mut lines = Lines::new(input.as_bytes().chain(Broken), 3);
            assert_eq!(lines.next().and_then(Result::ok), Some(whole("a")));
            assert!(lines.next().is_some_and(|line| line.is_err()), "{input:?}");
        }
    }
}

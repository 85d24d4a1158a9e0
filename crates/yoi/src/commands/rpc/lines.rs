//! Input by lines, in bounded memory.

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

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

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Lines of at most `max` bytes.
    pub(super) fn new(source: R, max: u64) -> Self {
        Self { source: BufReader::with_capacity(64 << 10, source), max }
    }

    /// The next line; `None` at the end of input, or when it cannot be read any more.
    pub(super) async fn next(&mut self) -> Option<Line> {
        let mut line = Vec::new();
        let mut rest_of_line = (&mut self.source).take(self.max.saturating_add(1));
        // An error ends the input. The bytes before it are the last line.
        let _ = rest_of_line.read_until(b'\n', &mut line).await;
        if line.pop_if(|last| *last == b'\n').is_some() {
            return Some(Line::Whole(line));
        }
        if line.len() as u64 > self.max {
            self.skip_line().await;
            return Some(Line::TooLong { max: self.max });
        }
        (!line.is_empty()).then_some(Line::Whole(line))
    }

    /// Skips the rest of a line and its newline.
    async fn skip_line(&mut self) {
        while let Ok(buffer @ [_, ..]) = self.source.fill_buf().await {
            let newline = buffer.iter().position(|byte| *byte == b'\n');
            let length = newline.map_or(buffer.len(), |at| at + 1);
            self.source.consume(length);
            if newline.is_some() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(input: &str, expected: &[Line]) {
        let mut lines = Lines::new(input.as_bytes(), 3);
        // Small enough that every line is read in several pieces.
        lines.source = BufReader::with_capacity(2, input.as_bytes());
        let mut found = Vec::new();
        while let Some(line) = lines.next().await {
            found.push(line);
        }
        assert_eq!(found, expected, "{input:?}");
    }

    fn whole(text: &str) -> Line {
        Line::Whole(text.into())
    }

    const TOO_LONG: Line = Line::TooLong { max: 3 };

    #[tokio::test]
    async fn lines_end_with_a_newline_or_with_the_input() {
        check("", &[]).await;
        check("\n", &[whole("")]).await;
        check("a\n\nb", &[whole("a"), whole(""), whole("b")]).await;
    }

    #[tokio::test]
    async fn a_line_past_the_limit_is_skipped() {
        check("abc\nabcd\nabc", &[whole("abc"), TOO_LONG, whole("abc")]).await;
        check("abcdefghi", &[TOO_LONG]).await;
        check("abcdefghi\n", &[TOO_LONG]).await;
    }
}

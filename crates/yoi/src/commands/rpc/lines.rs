//! Input by lines, in bounded memory.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

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
    max: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Lines of at most `max` bytes.
    pub(super) fn new(source: R, max: u64) -> Self {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        Self { source: BufReader::with_capacity(64 << 10, source), max }
    }

    /// How long a line may be, in bytes.
    pub(super) fn max(&self) -> u64 {
        self.max as u64
    }

    /// Whether the next line is there, so that nobody need be waited for.
    pub(super) fn has_next(&self) -> bool {
        self.source.buffer().contains(&b'\n')
    }

    /// The next line; `None` at the end of input, or where it cannot be read any more.
    pub(super) async fn next(&mut self) -> Option<Line> {
        let mut line = Vec::new();
        let mut is_too_long = false;
        loop {
            let chunk = self.source.fill_buf().await.unwrap_or_default();
            if chunk.is_empty() && line.is_empty() && !is_too_long {
                return None;
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let piece = &chunk[..end.unwrap_or(chunk.len())];
            let is_over = end.is_some() || chunk.is_empty();
            is_too_long |= line.len() + piece.len() > self.max;
            if is_too_long {
                line = Vec::new();
            } else {
                line.extend_from_slice(piece);
            }
            let consumed = piece.len() + usize::from(end.is_some());
            self.source.consume(consumed);
            if is_over {
                return Some(if is_too_long { Line::TooLong } else { Line::Whole(line) });
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

    #[tokio::test]
    async fn lines_end_with_a_newline_or_with_the_input() {
        check("", &[]).await;
        check("\n", &[whole("")]).await;
        check("a\n\nb", &[whole("a"), whole(""), whole("b")]).await;
    }

    #[tokio::test]
    async fn a_line_past_the_limit_is_skipped() {
        check("abc\nabcd\nabc", &[whole("abc"), Line::TooLong, whole("abc")]).await;
        check("abcdefghi", &[Line::TooLong]).await;
        check("abcdefghi\n", &[Line::TooLong]).await;
    }
}

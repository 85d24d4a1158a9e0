//! What a turn has given out, up to the cap.

use crate::{EngineError, ErrorKind};

/// The first room for text, in bytes: growing it word by word costs more than the words.
const SHORT_ANSWER: usize = 128;

/// The text so far, and how much reasoning there was.
#[derive(Debug, Default)]
pub(super) struct Output {
    text: String,
    reasoning_bytes: usize,
}

impl Output {
    /// All text that was given out.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether neither text nor reasoning was given out.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes() == 0
    }

    /// How many bytes more may be given out.
    pub(super) fn room(&self, max_bytes: usize) -> usize {
        max_bytes - self.bytes()
    }

    /// Adds what there is room for to the answer.
    pub(super) fn push(&mut self, delta: &str) {
        if self.text.capacity() == 0 {
            self.text.reserve(SHORT_ANSWER);
        }
        self.text.push_str(delta);
    }

    /// Admits more of the answer; past the cap it cuts `delta` on a character boundary and fails.
    pub(super) fn admit_text(
        &mut self,
        delta: &mut String,
        max_bytes: usize,
    ) -> Result<(), EngineError> {
        let admitted = self.admit(delta, max_bytes);
        self.push(delta);
        admitted
    }

    /// The same for reasoning, which only counts.
    pub(super) fn admit_reasoning(
        &mut self,
        delta: &mut String,
        max_bytes: usize,
    ) -> Result<(), EngineError> {
        let admitted = self.admit(delta, max_bytes);
        self.reasoning_bytes += delta.len();
        admitted
    }

    fn bytes(&self) -> usize {
        self.text.len() + self.reasoning_bytes
    }

    fn admit(&self, delta: &mut String, max_bytes: usize) -> Result<(), EngineError> {
        let room = self.room(max_bytes);
        if delta.len() <= room {
            return Ok(());
        }
        delta.truncate(delta.floor_char_boundary(room));
        Err(too_large(max_bytes))
    }
}

fn too_large(max_bytes: usize) -> EngineError {
    EngineError::new(
        ErrorKind::TooLarge,
        format!(
            "the answer went past {max_bytes} bytes of text and reasoning (max_output_bytes); ask \
             for a shorter one or raise the cap"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::Output;

    #[track_caller]
    fn check(max_bytes: usize, deltas: &[&str], text: &str, fits: bool) {
        let mut output = Output::default();
        let admitted = deltas
            .iter()
            .try_for_each(|delta| output.admit_text(&mut (*delta).to_owned(), max_bytes));
        assert_eq!((output.text(), admitted.is_ok()), (text, fits));
    }

    #[test]
    fn the_cap_itself_is_allowed() {
        check(4, &["ab", "cd"], "abcd", true);
        check(4, &["ab", "cde"], "abcd", false);
        check(0, &[""], "", true);
        check(0, &["a"], "", false);
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        check(4, &["a€€"], "a€", false);
        check(5, &["a€€"], "a€", false);
        check(7, &["a€€"], "a€€", true);
    }

    #[test]
    fn reasoning_counts_and_is_no_text() {
        let mut output = Output::default();
        assert!(output.admit_reasoning(&mut "abc".to_owned(), 4).is_ok());
        assert!(output.admit_text(&mut "xy".to_owned(), 4).is_err());
        assert_eq!(output.text(), "x");
    }
}

//! What a turn has given out, up to the cap.

use crate::{EngineError, ErrorKind};

/// The text so far and the room that is left.
#[derive(Debug)]
pub(super) struct Output {
    text: String,
    given: usize,
    max_bytes: usize,
}

impl Output {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { text: String::new(), given: 0, max_bytes }
    }

    /// All text that was given out.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether neither text nor reasoning was given out.
    pub(super) fn is_empty(&self) -> bool {
        self.given == 0
    }

    /// Takes more of the answer if there is some and it fits; tells whether it did.
    #[inline]
    pub(super) fn takes(&mut self, delta: &str) -> bool {
        let takes = !delta.is_empty() && delta.len() <= self.max_bytes - self.given;
        if takes {
            self.given += delta.len();
            self.text.push_str(delta);
        }
        takes
    }

    /// Admits more of the answer; past the cap it cuts `delta` on a character boundary and fails.
    pub(super) fn admit_text(&mut self, delta: &mut String) -> Result<(), EngineError> {
        let admitted = self.admit(delta);
        self.text.push_str(delta);
        admitted
    }

    /// The same for reasoning, which only counts.
    pub(super) fn admit_reasoning(&mut self, delta: &mut String) -> Result<(), EngineError> {
        self.admit(delta)
    }

    fn admit(&mut self, delta: &mut String) -> Result<(), EngineError> {
        let room = self.max_bytes - self.given;
        let fits = delta.len() <= room;
        if !fits {
            delta.truncate(delta.floor_char_boundary(room));
        }
        self.given += delta.len();
        if fits { Ok(()) } else { Err(self.too_large()) }
    }

    fn too_large(&self) -> EngineError {
        EngineError::new(
            ErrorKind::TooLarge,
            format!(
                "the answer went past {} bytes of text and reasoning (max_output_bytes); ask for \
                 a shorter one or raise the cap",
                self.max_bytes
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Output;

    #[track_caller]
    fn check(max_bytes: usize, deltas: &[&str], text: &str, fits: bool) {
        let mut output = Output::new(max_bytes);
        let admitted =
            deltas.iter().try_for_each(|delta| output.admit_text(&mut (*delta).to_owned()));
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
        let mut output = Output::new(4);
        assert!(output.admit_reasoning(&mut "abc".to_owned()).is_ok());
        assert!(output.admit_text(&mut "xy".to_owned()).is_err());
        assert_eq!(output.text(), "x");
    }
}

//! Counts the output of a turn, and cuts it at the cap.

use crate::{EngineError, ErrorKind};

/// The size of a turn's output so far. The text itself belongs to the caller.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// Bytes of text and reasoning together.
    bytes: usize,
    /// Whether anything else was given out, such as a call of a tool.
    has_parts: bool,
}

impl Output {
    /// Returns whether nothing was given out.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0 && !self.has_parts
    }

    /// Counts `delta`. Past the cap, cuts `delta` on a character boundary and fails.
    pub(super) fn admit(
        &mut self,
        delta: &mut String,
        max_bytes: usize,
    ) -> Result<(), EngineError> {
        let room = max_bytes - self.bytes;
        let fits = delta.len() <= room;
        if !fits {
            delta.truncate(delta.floor_char_boundary(room));
        }
        self.bytes += delta.len();
        if fits { Ok(()) } else { Err(too_large(max_bytes)) }
    }
}

impl Output {
    /// Counts a part that cannot be cut. Past the cap nothing is counted.
    pub(super) fn admit_whole(
        &mut self,
        bytes: usize,
        max_bytes: usize,
    ) -> Result<(), EngineError> {
        self.has_parts = true;
        if bytes > max_bytes - self.bytes {
            return Err(too_large(max_bytes));
        }
        self.bytes += bytes;
        Ok(())
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
        let mut given = String::new();
        let admitted = deltas.iter().try_for_each(|delta| {
            let mut delta = (*delta).to_owned();
            let admitted = output.admit(&mut delta, max_bytes);
            given.push_str(&delta);
            admitted
        });
        assert_eq!((&*given, admitted.is_ok()), (text, fits));
        assert_eq!((output.bytes, output.is_empty()), (text.len(), text.is_empty()));
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
}

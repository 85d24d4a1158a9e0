//! Tells reasoning from text where a server writes both into one, between tags.

use crate::providers::dialect::Said;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Splits an answer that may begin with reasoning between `<think>` and `</think>`. Such tags later
/// in the answer are text.
#[derive(Debug, Default)]
pub(super) struct ThinkTags {
    place: Place,
    /// Text of which it is not known yet what it is. It is no longer than a tag, but for white space.
    held: String,
}

/// The place in the answer up to which it was split.
#[derive(Debug, Default)]
enum Place {
    #[default]
    Start,
    Reasoning,
    /// After the reasoning, in the white space before the text.
    Gap,
    Text,
}

impl ThinkTags {
    /// Splits the next piece of the answer.
    pub(super) fn split(&mut self, piece: &str) -> Said {
        let mut said = Said::default();
        self.held.push_str(piece);
        if let Place::Start = self.place {
            let begun = self.held.trim_start();
            if let Some(reasoning) = begun.strip_prefix(OPEN) {
                self.held = reasoning.to_owned();
                self.place = Place::Reasoning;
            } else if !OPEN.starts_with(begun) {
                self.place = Place::Text;
            }
        }
        if let Place::Reasoning = self.place {
            if let Some(end) = self.held.find(CLOSE) {
                said.reasoning = self.held.drain(..end).collect();
                self.held.drain(..CLOSE.len());
                self.place = Place::Gap;
            } else {
                let kept = self.held.len() - begun_tag(&self.held);
                said.reasoning = self.held.drain(..kept).collect();
            }
        }
        if let Place::Gap = self.place {
            self.held = self.held.trim_start().to_owned();
            if !self.held.is_empty() {
                self.place = Place::Text;
            }
        }
        if let Place::Text = self.place {
            said.text = std::mem::take(&mut self.held);
        }
        said
    }

    /// Returns what is held back at the end of the answer.
    pub(super) fn rest(&mut self) -> Said {
        let held = std::mem::take(&mut self.held);
        match self.place {
            Place::Reasoning => Said { reasoning: held, ..Said::default() },
            Place::Start | Place::Gap | Place::Text => Said { text: held, ..Said::default() },
        }
    }
}

/// Returns the length of the beginning of a closing tag at the end of a text.
fn begun_tag(text: &str) -> usize {
    (1..CLOSE.len()).rev().find(|length| text.ends_with(&CLOSE[..*length])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::ThinkTags;

    #[test]
    fn answers_are_split_wherever_they_are_cut() {
        for (answer, reasoning, text) in [
            ("<think>hm</think>\n\nHello", "hm", "Hello"),
            ("\n<think>\nh<m</think>a<think>b</think>", "\nh<m", "a<think>b</think>"),
            ("Hello <think>no</think>", "", "Hello <think>no</think>"),
            ("<thin", "", "<thin"),
            ("<think>hm</thi", "hm</thi", ""),
            ("", "", ""),
        ] {
            for length in 1..=answer.len().max(1) {
                let mut tags = ThinkTags::default();
                let (mut seen, mut said) = (String::new(), String::new());
                let pieces = answer.as_bytes().chunks(length);
                let pieces = pieces.map(|piece| str::from_utf8(piece).unwrap());
                let mut give = |piece: crate::providers::dialect::Said| {
                    seen.push_str(&piece.reasoning);
                    said.push_str(&piece.text);
                };
                for piece in pieces {
                    give(tags.split(piece));
                }
                give(tags.rest());
                assert_eq!((&*seen, &*said), (reasoning, text), "{answer:?} by {length}");
            }
        }
    }
}

//! A search of the history by Ctrl-R.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::history::History;

/// A search of the history by Ctrl-R.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Search {
    /// The text that is looked for.
    pub(super) wanted: String,
    /// Whether the line that is shown has it.
    pub(super) is_found: bool,
    /// The text that was being typed, and the place of the cursor in it.
    typed: (String, usize),
}

/// What a key does to a search.
pub(super) enum Searched {
    /// The search is over, and the key has its usual meaning.
    Left,
    /// This is shown. The search goes on unless it is `None`.
    Shows { text: String, cursor: usize, search: Option<Search> },
}

impl Search {
    pub(super) fn begin(typed: &str, cursor: usize) -> Self {
        Self { typed: (typed.to_owned(), cursor), ..Self::default() }
    }

    /// Handles a key while `shown` is shown.
    pub(super) fn key(mut self, key: KeyEvent, shown: &str, history: &mut History) -> Searched {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let found = match (key.code, control, alt) {
            (KeyCode::Char('r'), true, _) => {
                let further = history.search_further(&self.wanted);
                further.or_else(|| self.is_found.then(|| shown.to_owned()))
            }
            (KeyCode::Backspace, ..) => {
                self.wanted.pop();
                history.search(&self.wanted)
            }
            (KeyCode::Char(typed), false, false) => {
                self.wanted.push(typed);
                history.search(&self.wanted)
            }
            // What was not found is not sent, and what was being typed is not lost.
            (KeyCode::Enter, ..) if !self.is_found => return self.ends(),
            (KeyCode::Char('g' | 'c'), true, _) | (KeyCode::Esc, ..) => return self.ends(),
            _ => return Searched::Left,
        };
        self.is_found = found.is_some();
        let (text, cursor) = match found {
            Some(text) => (text.clone(), text.len()),
            None => self.typed.clone(),
        };
        Searched::Shows { text, cursor, search: Some(self) }
    }

    /// Ends with what was being typed.
    fn ends(self) -> Searched {
        let (text, cursor) = self.typed;
        Searched::Shows { text, cursor, search: None }
    }
}

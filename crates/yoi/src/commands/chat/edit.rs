//! Edits a line by keys.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rustyline::{
    At, Movement, Word,
    line_buffer::{ChangeListener, DeleteListener, Direction, LineBuffer},
};

use super::{
    history::History,
    search::{Search, Searched},
};
use crate::session_args::MAX_INPUT_BYTES;

/// A line that is being edited.
pub(super) struct Edit {
    buffer: LineBuffer,
    /// The text that was cut last, which Ctrl-Y brings back.
    cut: Cut,
    pub(super) history: History,
    search: Option<Search>,
}

/// What a key asks for, beside the change of the line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Asked {
    Nothing,
    /// Enter: the line is complete.
    Done,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D in an empty line.
    End,
    /// Ctrl-Z.
    Suspend,
    /// Tab.
    Complete,
    /// Ctrl-L.
    Clear,
}

impl Edit {
    pub(super) fn new(history: History) -> Self {
        let capacity = usize::try_from(MAX_INPUT_BYTES).unwrap_or(usize::MAX);
        let buffer = LineBuffer::with_capacity(capacity);
        Self { buffer, cut: Cut::default(), history, search: None }
    }

    pub(super) fn text(&self) -> &str {
        self.buffer.as_str()
    }

    pub(super) fn cursor(&self) -> usize {
        self.buffer.pos()
    }

    /// What is looked for in the history, if anything is.
    pub(super) fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    /// Takes the text, and leaves the line empty.
    pub(super) fn take(&mut self) -> String {
        let text = self.text().to_owned();
        self.replace("");
        self.search = None;
        text
    }

    /// Replaces the text, and moves the cursor to its end.
    pub(super) fn replace(&mut self, text: &str) {
        self.buffer.update(text, text.len(), &mut Ignored);
    }

    /// Inserts a text at the cursor. Returns whether there was room for it.
    pub(super) fn insert(&mut self, text: &str) -> bool {
        self.search = None;
        text.is_empty() || self.buffer.yank(text, 1, &mut Ignored).is_some()
    }

    /// Replaces the text before the cursor, from the byte `start` on.
    pub(super) fn complete(&mut self, start: usize, text: &str) {
        self.buffer.replace(start..self.cursor(), text, &mut Ignored);
    }

    /// Changes the line as a key says.
    pub(super) fn key(&mut self, key: KeyEvent) -> Asked {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        if let Some(search) = self.search.take() {
            let text = self.buffer.as_str();
            match search.key(key, text, &mut self.history) {
                Searched::Left => {}
                Searched::Shows { text, cursor, search } => {
                    self.buffer.update(&text, cursor, &mut Ignored);
                    self.search = search;
                    return Asked::Nothing;
                }
            }
        }
        let buffer = &mut self.buffer;
        match (key.code, control, alt) {
            (KeyCode::Enter, false, false) => return Asked::Done,
            (KeyCode::Enter, ..) | (KeyCode::Char('j'), true, _) => {
                self.insert("\n");
            }
            (KeyCode::Tab, ..) => return Asked::Complete,
            (KeyCode::Char('c'), true, _) => return Asked::Interrupt,
            (KeyCode::Char('d'), true, _) if buffer.is_empty() => return Asked::End,
            (KeyCode::Char('z'), true, _) => return Asked::Suspend,
            (KeyCode::Char('l'), true, _) => return Asked::Clear,
            (KeyCode::Char('r'), true, _) => {
                self.search = Some(Search::begin(buffer.as_str(), buffer.pos()));
            }
            (KeyCode::Char('y'), true, _) => {
                let cut = self.cut.text.clone();
                self.insert(&cut);
            }
            (KeyCode::Left, true, _) | (KeyCode::Left | KeyCode::Char('b'), _, true) => {
                buffer.move_to_prev_word(Word::Emacs, 1);
            }
            (KeyCode::Right, true, _) | (KeyCode::Right | KeyCode::Char('f'), _, true) => {
                buffer.move_to_next_word(At::AfterEnd, Word::Emacs, 1);
            }
            (KeyCode::Left, ..) | (KeyCode::Char('b'), true, _) => drop(buffer.move_backward(1)),
            (KeyCode::Right, ..) | (KeyCode::Char('f'), true, _) => drop(buffer.move_forward(1)),
            (KeyCode::Home, ..) | (KeyCode::Char('a'), true, _) => drop(buffer.move_home()),
            (KeyCode::End, ..) | (KeyCode::Char('e'), true, _) => drop(buffer.move_end()),
            (KeyCode::Up, ..) | (KeyCode::Char('p'), true, _) => self.up(),
            (KeyCode::Down, ..) | (KeyCode::Char('n'), true, _) => self.down(),
            (KeyCode::Backspace, false, true) | (KeyCode::Char('w'), true, _) => {
                let word = if alt { Word::Emacs } else { Word::Big };
                self.cut(&Movement::BackwardWord(1, word));
            }
            (KeyCode::Char('d'), _, true) => {
                self.cut(&Movement::ForwardWord(1, At::AfterEnd, Word::Emacs));
            }
            (KeyCode::Char('k'), true, _) => self.cut(&Movement::EndOfLine),
            (KeyCode::Char('u'), true, _) => self.cut(&Movement::BeginningOfLine),
            (KeyCode::Backspace, ..) | (KeyCode::Char('h'), true, _) => {
                buffer.backspace(1, &mut Ignored);
            }
            (KeyCode::Delete, ..) | (KeyCode::Char('d'), true, _) => {
                buffer.delete(1, &mut Ignored);
            }
            (KeyCode::Char('t'), true, _) => drop(buffer.transpose_chars(&mut Ignored)),
            (KeyCode::Char(typed), false, false) => {
                self.insert(typed.encode_utf8(&mut [0; 4]));
            }
            _ => {}
        }
        Asked::Nothing
    }

    /// Cuts the whole text, so that Ctrl-Y brings it back, and keeps it in the history.
    pub(super) fn discard(&mut self) {
        let text = self.take();
        self.history.keep_aside(&text);
        self.cut.text = text;
    }

    fn cut(&mut self, movement: &Movement) {
        self.cut.text.clear();
        self.buffer.kill(movement, &mut self.cut);
    }

    /// Goes up a line of the text, or back in the history from the first one.
    fn up(&mut self) {
        let before = &self.text()[..self.cursor()];
        let Some(newline) = before.rfind('\n') else {
            if let Some(earlier) = self.history.back(self.buffer.as_str()) {
                self.replace(&earlier);
            }
            return;
        };
        let column = before[newline + 1..].chars().count();
        let start = before[..newline].rfind('\n').map_or(0, |it| it + 1);
        self.go_to(start, newline, column);
    }

    /// Goes down a line of the text, or forth in the history from the last one.
    fn down(&mut self) {
        let (text, cursor) = (self.text(), self.cursor());
        let Some(newline) = text[cursor..].find('\n') else {
            if let Some(later) = self.history.forth() {
                self.replace(&later);
            }
            return;
        };
        let start = text[..cursor].rfind('\n').map_or(0, |it| it + 1);
        let column = text[start..cursor].chars().count();
        let next = cursor + newline + 1;
        let end = text[next..].find('\n').map_or(text.len(), |it| next + it);
        self.go_to(next, end, column);
    }

    /// Moves the cursor to a column of the line from `start` to `end`.
    fn go_to(&mut self, start: usize, end: usize, column: usize) {
        let line = &self.text()[start..end];
        let place = line.char_indices().nth(column).map_or(end, |(at, _)| start + at);
        self.buffer.set_pos(place);
    }
}

/// Keeps the text that is cut.
#[derive(Default)]
struct Cut {
    text: String,
}

impl DeleteListener for Cut {
    fn delete(&mut self, _: usize, text: &str, _: Direction) {
        self.text.push_str(text);
    }
}

/// Listens to no change.
struct Ignored;

impl DeleteListener for Ignored {
    fn delete(&mut self, _: usize, _: &str, _: Direction) {}
}

impl ChangeListener for Ignored {
    fn insert_char(&mut self, _: usize, _: char) {}

    fn insert_str(&mut self, _: usize, _: &str) {}

    fn replace(&mut self, _: usize, _: &str, _: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: KeyModifiers = KeyModifiers::NONE;
    const CONTROL: KeyModifiers = KeyModifiers::CONTROL;
    const ALT: KeyModifiers = KeyModifiers::ALT;

    fn edit() -> Edit {
        Edit::new(History::open(None))
    }

    fn press(edit: &mut Edit, code: KeyCode, modifiers: KeyModifiers) -> Asked {
        edit.key(KeyEvent::new(code, modifiers))
    }

    fn type_text(edit: &mut Edit, text: &str) {
        for typed in text.chars() {
            press(edit, KeyCode::Char(typed), NONE);
        }
    }

    #[test]
    fn keys_move_and_change_what_people_see_as_characters() {
        let mut edit = edit();
        type_text(&mut edit, "你好世界");
        press(&mut edit, KeyCode::Left, NONE);
        press(&mut edit, KeyCode::Left, NONE);
        press(&mut edit, KeyCode::Backspace, NONE);
        type_text(&mut edit, "X");
        assert_eq!(edit.text(), "你X世界");
        press(&mut edit, KeyCode::End, NONE);
        type_text(&mut edit, "👨‍👩‍👧");
        press(&mut edit, KeyCode::Backspace, NONE);
        assert_eq!(edit.text(), "你X世界");
    }

    #[test]
    fn a_line_may_have_several_lines() {
        let mut edit = edit();
        type_text(&mut edit, "one");
        press(&mut edit, KeyCode::Enter, ALT);
        type_text(&mut edit, "second");
        press(&mut edit, KeyCode::Char('j'), CONTROL);
        assert!(edit.insert("3\n4"));
        assert_eq!(edit.text(), "one\nsecond\n3\n4");
        for _ in 0..2 {
            press(&mut edit, KeyCode::Up, NONE);
        }
        type_text(&mut edit, "X");
        press(&mut edit, KeyCode::Down, NONE);
        type_text(&mut edit, "Y");
        assert_eq!(edit.text(), "one\nsXecond\n3Y\n4");
        assert_eq!(press(&mut edit, KeyCode::Enter, NONE), Asked::Done);
    }

    #[test]
    fn what_is_cut_or_discarded_comes_back() {
        let mut edit = edit();
        type_text(&mut edit, "one two");
        press(&mut edit, KeyCode::Char('w'), CONTROL);
        assert_eq!(edit.text(), "one ");
        press(&mut edit, KeyCode::Char('a'), CONTROL);
        press(&mut edit, KeyCode::Char('y'), CONTROL);
        assert_eq!(edit.text(), "twoone ");
        edit.discard();
        assert_eq!(edit.text(), "");
        press(&mut edit, KeyCode::Char('y'), CONTROL);
        assert_eq!(edit.text(), "twoone ");
        edit.take();
        press(&mut edit, KeyCode::Up, NONE);
        assert_eq!(edit.text(), "twoone ");
    }

    #[test]
    fn the_history_is_searched() {
        let mut edit = edit();
        for line in ["first apple", "pear", "second apple"] {
            edit.history.add(line);
        }
        press(&mut edit, KeyCode::Char('r'), CONTROL);
        type_text(&mut edit, "appl");
        assert_eq!(edit.text(), "second apple");
        press(&mut edit, KeyCode::Char('r'), CONTROL);
        assert_eq!(
            (edit.text(), edit.search().is_some_and(|it| it.is_found)),
            ("first apple", true)
        );
        press(&mut edit, KeyCode::Char('r'), CONTROL);
        assert_eq!(edit.text(), "first apple", "there is no further one");
        assert_eq!(press(&mut edit, KeyCode::Enter, NONE), Asked::Done);
        assert_eq!(edit.take(), "first apple");
        edit.history.add("first apple");
        for text in ["first apple", "second apple", "pear"] {
            press(&mut edit, KeyCode::Up, NONE);
            assert_eq!(edit.text(), text);
        }
        for text in ["second apple", "first apple", ""] {
            press(&mut edit, KeyCode::Down, NONE);
            assert_eq!(edit.text(), text);
        }
    }

    #[test]
    fn a_search_that_finds_nothing_or_is_left_brings_back_what_was_typed() {
        let mut edit = edit();
        edit.history.add("apple");
        type_text(&mut edit, "my draft");
        press(&mut edit, KeyCode::Left, NONE);
        for (wanted, code, modifiers) in [
            ("appleQ", KeyCode::Enter, NONE),
            ("apple", KeyCode::Char('g'), CONTROL),
            ("apple", KeyCode::Esc, NONE),
            ("appl", KeyCode::Char('c'), CONTROL),
            ("", KeyCode::Enter, NONE),
        ] {
            press(&mut edit, KeyCode::Char('r'), CONTROL);
            type_text(&mut edit, wanted);
            assert_eq!(press(&mut edit, code, modifiers), Asked::Nothing, "{wanted}");
            assert_eq!((edit.text(), edit.cursor(), edit.search()), ("my draft", 7, None));
        }
    }

    #[test]
    fn control_keys_ask_and_type_nothing() {
        let mut edit = edit();
        for (key, asked) in [('c', Asked::Interrupt), ('d', Asked::End), ('z', Asked::Suspend)] {
            assert_eq!(press(&mut edit, KeyCode::Char(key), CONTROL), asked);
        }
        type_text(&mut edit, "ab");
        press(&mut edit, KeyCode::Home, NONE);
        assert_eq!(press(&mut edit, KeyCode::Char('d'), CONTROL), Asked::Nothing);
        assert_eq!(press(&mut edit, KeyCode::F(5), NONE), Asked::Nothing);
        assert_eq!(edit.text(), "b");
    }
}

//! An answer at a terminal: Markdown is shown as what it means, and reasoning dimmed.

use std::mem;

use anstyle::Style;

use crate::{failure::Failure, markdown::Markdown, terminal, terminal::StyledLine};

const REASONING: Style = Style::new().dimmed().italic();

/// An answer at a terminal. What is held back when it is dropped is shown then.
#[derive(Debug, Default)]
pub(super) struct Screen {
    markdown: Markdown,
    /// Lines that are shown next.
    lines: Vec<StyledLine>,
    /// The line of reasoning that is not complete. `None` if no reasoning was shown.
    thought: Option<String>,
}

impl Screen {
    /// Adds a piece of the answer, which [`show`](Self::show) shows.
    pub(super) fn text(&mut self, piece: &str) {
        self.end_thought();
        self.lines.extend(self.markdown.push(piece));
    }

    /// Adds a piece of the reasoning, which [`show`](Self::show) shows.
    pub(super) fn reasoning(&mut self, piece: &str) {
        let thought = self.thought.get_or_insert_default();
        thought.push_str(piece);
        while let Some(end) = thought.find('\n') {
            let line: String = thought.drain(..=end).collect();
            self.lines.push(dimmed(line.trim_end_matches('\n')));
        }
    }

    /// Shows what was added.
    pub(super) fn show(&mut self) -> Result<(), Failure> {
        let mut draft: Vec<_> = self.thought.iter().map(|line| dimmed(line)).collect();
        draft.extend(self.markdown.draft());
        let shown = terminal::answer(&mem::take(&mut self.lines), draft);
        shown.map_err(|error| Failure::stdout(&error))
    }

    /// Shows what was held back, because nothing more comes.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.end_thought();
        self.lines.extend(self.markdown.finish());
        let shown = terminal::answer(&mem::take(&mut self.lines), Vec::new());
        shown.map_err(|error| Failure::stdout(&error))
    }

    /// Keeps the answer apart from the reasoning.
    fn end_thought(&mut self) {
        if let Some(thought) = self.thought.take() {
            self.lines.extend((!thought.is_empty()).then(|| dimmed(&thought)));
            self.lines.push(StyledLine::default());
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing.
        drop(self.finish());
    }
}

fn dimmed(line: &str) -> StyledLine {
    let mut dimmed = StyledLine::default();
    dimmed.push(REASONING, line);
    dimmed
}

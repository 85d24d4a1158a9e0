//! The lines of a whole Markdown text.

use std::ops::Range;

use anstyle::{AnsiColor, Style};
use pulldown_cmark::{Alignment, CodeBlockKind, Event, Tag, TagEnd};

use super::blocks::{closing_fence, parser};
use crate::terminal::StyledLine;

const CODE: Style = AnsiColor::Cyan.on_default();
const FRAME: Style = Style::new().dimmed();
const BULLET: &str = "• ";
const QUOTE: &str = "│ ";
const RULE: &str = "────────────────────";

/// Turns the events of a text into lines.
#[derive(Default)]
pub(super) struct Renderer {
    lines: Vec<StyledLine>,
    line: StyledLine,
    /// The styles around the present text, the innermost last.
    styles: Vec<Style>,
    /// What each line begins with, for each list and quote around it.
    prefixes: Vec<Prefix>,
    /// The addresses of the links and images around the present text, and where their texts begin.
    links: Vec<(String, usize)>,
    /// The rows of a table: its cells, of which the last is being filled.
    table: Vec<Vec<StyledLine>>,
    /// The place in the text where the last cell ends.
    cell_end: usize,
    /// How the columns of the table are aligned.
    alignments: Vec<Alignment>,
    is_in_code: bool,
}

/// What the lines of an item or a quote begin with.
struct Prefix {
    /// The beginning of the next line only.
    first: Option<String>,
    rest: String,
    /// Whether paragraphs are kept apart, as in a quote.
    is_airy: bool,
    has_lines: bool,
}

impl Renderer {
    pub(super) fn of(source: &str) -> Vec<StyledLine> {
        let mut renderer = Self::default();
        let (mut depth, mut end) = (0_usize, 0);
        for (event, range) in parser(source).into_offset_iter() {
            if depth == 0 {
                renderer.between_blocks(&source[end..range.start]);
                end = range.end;
            }
            match event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            renderer.at(event, range, source);
        }
        renderer.end_line();
        renderer.definitions(&source[end..]);
        renderer.lines
    }

    /// Takes an event that stands in this place of the text, of which some must be kept that the event
    /// does not have.
    fn at(&mut self, event: Event<'_>, range: Range<usize>, source: &str) {
        match &event {
            Event::Text(_) if source[..range.start].ends_with('\\') && !self.is_in_code => {
                self.say("\\");
            }
            Event::Start(Tag::Emphasis | Tag::Strong) if is_in_word(source, &range) => {
                self.mark(&source[range]);
                self.styles.push(Style::new());
                return;
            }
            Event::End(TagEnd::Emphasis | TagEnd::Strong) if is_in_word(source, &range) => {
                self.styles.pop();
                self.mark(&source[range]);
                return;
            }
            Event::End(TagEnd::TableCell) => self.cell_end = range.end,
            Event::End(TagEnd::TableRow) if self.cell_end < range.end => {
                self.more_cells(&source[self.cell_end..range.end]);
            }
            _ => {}
        }
        self.take(event, &source[range]);
    }

    /// Shows the marks of an emphasis as they are.
    fn mark(&mut self, source: &str) {
        let mark = source.chars().next().unwrap_or('*');
        let is_strong = source.starts_with(&format!("{mark}{mark}"));
        self.say(&String::from(mark).repeat(if is_strong { 2 } else { 1 }));
    }

    /// Keeps blocks apart by an empty line.
    fn between_blocks(&mut self, source: &str) {
        self.end_line();
        self.definitions(source);
        if !self.lines.is_empty() {
            self.lines.push(StyledLine::default());
        }
    }

    /// Shows what has no events: the addresses of links that stand elsewhere.
    fn definitions(&mut self, source: &str) {
        if !(source.trim().is_empty() || self.lines.is_empty()) {
            self.lines.push(StyledLine::default());
        }
        for line in source.lines().filter(|line| !line.trim().is_empty()) {
            self.styled(FRAME, line);
            self.end_line();
        }
    }

    fn take(&mut self, event: Event<'_>, source: &str) {
        match event {
            Event::Start(tag) => self.start(tag, source),
            Event::End(tag) => self.end(tag, source),
            Event::Text(text) if self.is_in_code => self.code_lines(&text),
            Event::Text(text) => self.say(&text),
            Event::Code(text) => self.styled(CODE, &text),
            Event::Html(text) | Event::InlineHtml(text) => self.code_lines(&text),
            Event::SoftBreak | Event::HardBreak if self.table.is_empty() => self.end_line(),
            Event::SoftBreak | Event::HardBreak => self.say(" "),
            Event::Rule => {
                self.styled(FRAME, RULE);
                self.end_line();
            }
            Event::TaskListMarker(is_done) => self.say(if is_done { "[x] " } else { "[ ] " }),
            // The options that give other events are off.
            _ => self.say(source),
        }
    }

    fn start(&mut self, tag: Tag<'_>, source: &str) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.begin_block(),
            Tag::Heading { .. } => {
                self.begin_block();
                self.styles.push(Style::new().bold().underline());
            }
            Tag::BlockQuote(_) => {
                self.end_line();
                let rest = QUOTE.to_owned();
                self.prefixes.push(Prefix { first: None, rest, is_airy: true, has_lines: false });
            }
            Tag::CodeBlock(kind) => {
                self.begin_block();
                if let CodeBlockKind::Fenced(_) = kind {
                    self.styled(FRAME, source.lines().next().unwrap_or_default());
                    self.end_line();
                }
                self.is_in_code = true;
            }
            Tag::Item => {
                self.end_line();
                let marker = marker(source);
                let rest = " ".repeat(marker.chars().count());
                let first = Some(marker);
                self.prefixes.push(Prefix { first, rest, is_airy: false, has_lines: false });
            }
            Tag::Emphasis => self.styles.push(Style::new().italic()),
            Tag::Strong => self.styles.push(Style::new().bold()),
            Tag::Strikethrough => self.styles.push(Style::new().strikethrough()),
            Tag::Link { dest_url, title, .. } | Tag::Image { dest_url, title, .. } => {
                let title = if title.is_empty() { String::new() } else { format!(" \"{title}\"") };
                self.links.push((dest_url.into_string() + &title, self.place()));
                self.styles.push(Style::new().underline());
            }
            Tag::Table(alignments) => {
                self.end_line();
                self.alignments = alignments;
            }
            Tag::TableHead | Tag::TableRow => self.table.push(Vec::new()),
            Tag::TableCell => {
                let before = std::mem::take(&mut self.line);
                debug_assert!(before.is_empty(), "a table has only cells");
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, source: &str) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.end_line(),
            TagEnd::Heading(_) => {
                self.styles.pop();
                self.end_line();
            }
            TagEnd::CodeBlock => {
                self.is_in_code = false;
                self.end_line();
                if let Some(fence) = closing_fence(source) {
                    self.styled(FRAME, fence);
                    self.end_line();
                }
            }
            TagEnd::BlockQuote(_) | TagEnd::Item => {
                self.end_item();
                self.prefixes.pop();
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => drop(self.styles.pop()),
            TagEnd::Link | TagEnd::Image => self.end_link(source),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.line);
                if let Some(row) = self.table.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::Table => self.end_table(),
            _ => {}
        }
    }

    /// Ends what stands in the line, and keeps paragraphs of a quote apart.
    fn begin_block(&mut self) {
        self.end_line();
        if self.prefixes.last().is_some_and(|prefix| prefix.is_airy && prefix.has_lines) {
            self.begin_line();
            self.give_line();
        }
    }

    fn style(&self) -> Style {
        let merged = self
            .styles
            .iter()
            .fold(anstyle::Effects::new(), |effects, style| effects | style.get_effects());
        Style::new().effects(merged)
    }

    fn say(&mut self, text: &str) {
        self.styled(self.style(), text);
    }

    fn styled(&mut self, style: Style, text: &str) {
        self.begin_line();
        self.line.push(style, &text.replace('\n', " "));
    }

    /// Adds text whose newlines count.
    fn code_lines(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            self.styled(CODE, line.trim_end_matches('\n'));
            if line.ends_with('\n') {
                self.begin_line();
                self.give_line();
            }
        }
    }

    /// Writes the prefixes before the first text of a line.
    fn begin_line(&mut self) {
        if self.line.is_empty() && self.table.is_empty() {
            for prefix in &mut self.prefixes {
                let first = prefix.first.take();
                self.line.push(FRAME, &first.unwrap_or_else(|| prefix.rest.clone()));
            }
        }
    }

    /// Ends a line if there is anything in it.
    fn end_line(&mut self) {
        if !self.line.is_empty() {
            self.give_line();
        }
    }

    fn give_line(&mut self) {
        self.lines.push(std::mem::take(&mut self.line));
        self.prefixes.iter_mut().for_each(|prefix| prefix.has_lines = true);
    }

    /// Ends an item, whose marker is shown even if nothing follows it.
    fn end_item(&mut self) {
        if self.prefixes.last().is_some_and(|prefix| prefix.first.is_some()) {
            self.begin_line();
        }
        self.end_line();
    }

    /// The width of the present line, by which the text of a link is found again.
    fn place(&self) -> usize {
        self.line.width()
    }

    /// Shows the address of a link, unless the text is the address.
    fn end_link(&mut self, source: &str) {
        self.styles.pop();
        let Some((address, place)) = self.links.pop() else { return };
        let is_automatic = source.trim_matches(['<', '>']) == address;
        if !address.is_empty() && !is_automatic {
            let space = if self.place() > place { " " } else { "" };
            self.styled(FRAME, &format!("{space}({address})"));
        }
    }

    /// Keeps the cells of a row that its table has no columns for. `source` is what follows the last
    /// cell.
    fn more_cells(&mut self, source: &str) {
        let Some(row) = self.table.last_mut() else { return };
        let cells = source.trim().trim_matches('|').split('|');
        for cell in cells.filter(|cell| !cell.trim().is_empty()) {
            let mut line = StyledLine::default();
            line.push(Style::new(), cell.trim());
            row.push(line);
        }
    }

    fn end_table(&mut self) {
        let rows = std::mem::take(&mut self.table);
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(StyledLine::width).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (index, row) in rows.iter().enumerate() {
            for (column, cell) in row.iter().enumerate() {
                self.begin_line();
                if column > 0 {
                    self.line.push(FRAME, " │ ");
                }
                let missing = widths[column].saturating_sub(cell.width());
                let (before, after) = match self.alignments.get(column) {
                    Some(Alignment::Right) => (missing, 0),
                    Some(Alignment::Center) => (missing / 2, missing.div_ceil(2)),
                    _ => (0, missing),
                };
                self.line.push(Style::new(), &" ".repeat(before));
                self.line.append(cell);
                if column + 1 < row.len() {
                    self.line.push(Style::new(), &" ".repeat(after));
                }
            }
            self.begin_line();
            self.give_line();
            if index == 0 {
                let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                self.styled(FRAME, &rules.join("─┼─"));
                self.end_line();
            }
        }
    }
}

/// Returns what an item begins with: its number as it was written, or a bullet.
fn marker(source: &str) -> String {
    let item = source.trim_start();
    let digits = item.bytes().take_while(u8::is_ascii_digit).count();
    match item[digits..].chars().next() {
        Some(delimiter) if digits > 0 => format!("{}{delimiter} ", &item[..digits]),
        _ => BULLET.to_owned(),
    }
}

/// Returns whether an emphasis is only a part of a word or of a product, such as `2*3*4`, or the name of
/// a program's thing, such as `__init__`, where the marks are more likely meant as they are.
fn is_in_word(source: &str, range: &Range<usize>) -> bool {
    let text = &source[range.clone()];
    if text.starts_with("__") && !text.contains(char::is_whitespace) {
        return true;
    }
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    is_word(source[..range.start].chars().next_back())
        || is_word(source[range.end..].chars().next())
}

//! The lines of a whole Markdown text.

use std::ops::Range;

use anstyle::{AnsiColor, Style};
use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};

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
    /// The numbers of the next items of the lists around the present text; `None` has bullets.
    lists: Vec<Option<u64>>,
    /// The addresses of the links and images around the present text, and where their texts begin.
    links: Vec<(String, usize)>,
    /// The rows of a table: its cells, of which the last is being filled.
    table: Vec<Vec<StyledLine>>,
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
            match event {
                Event::Start(Tag::Emphasis | Tag::Strong) if is_in_word(source, &range) => {
                    renderer.mark(&source[range]);
                    renderer.styles.push(Style::new());
                }
                Event::End(TagEnd::Emphasis | TagEnd::Strong) if is_in_word(source, &range) => {
                    renderer.styles.pop();
                    renderer.mark(&source[range]);
                }
                event => renderer.take(event, &source[range]),
            }
        }
        renderer.end_line();
        renderer.definitions(&source[end..]);
        renderer.lines
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
            Event::Start(tag) => self.start(tag),
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

    fn start(&mut self, tag: Tag<'_>) {
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
                if let CodeBlockKind::Fenced(language) = kind {
                    self.styled(FRAME, &format!("```{language}"));
                    self.end_line();
                }
                self.is_in_code = true;
            }
            Tag::List(first) => {
                self.end_line();
                self.lists.push(first);
            }
            Tag::Item => {
                self.end_line();
                let marker = self.marker();
                let rest = " ".repeat(marker.chars().count());
                let first = Some(marker);
                self.prefixes.push(Prefix { first, rest, is_airy: false, has_lines: false });
            }
            Tag::Emphasis => self.styles.push(Style::new().italic()),
            Tag::Strong => self.styles.push(Style::new().bold()),
            Tag::Strikethrough => self.styles.push(Style::new().strikethrough()),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push((dest_url.into_string(), self.place()));
                self.styles.push(Style::new().underline());
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
            TagEnd::List(_) => drop(self.lists.pop()),
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

    fn marker(&mut self) -> String {
        match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            Some(None) | None => BULLET.to_owned(),
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
                self.line.append(cell);
                if column + 1 < row.len() {
                    let missing = widths[column].saturating_sub(cell.width());
                    self.line.push(Style::new(), &" ".repeat(missing));
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

/// Returns whether an emphasis is only a part of a word or of a product, such as `2*3*4`, where the marks
/// are more likely meant as they are.
fn is_in_word(source: &str, range: &Range<usize>) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    is_word(source[..range.start].chars().next_back())
        || is_word(source[range.end..].chars().next())
}

//! Finds the blocks of a Markdown text.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

/// Reads a text as Markdown.
pub(super) fn parser(source: &str) -> Parser<'_> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    Parser::new_ext(source, options)
}

/// Returns the place of the last block at the top level, and whether it is code between fences.
pub(super) fn last_block(source: &str) -> Option<(Range<usize>, bool)> {
    let (mut last, mut depth) = (None, 0_usize);
    for (event, range) in parser(source).into_offset_iter() {
        if depth == 0 {
            let is_fenced = matches!(event, Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))));
            last = Some((range, is_fenced));
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    last
}

/// Returns the line that closes a fenced block of code, if the block is closed.
pub(super) fn closing_fence(source: &str) -> Option<&str> {
    let fence = source.trim_start().chars().next().filter(|it| matches!(it, '`' | '~'))?;
    let opens = source.trim_start().chars().take_while(|it| *it == fence).count();
    let last = source.trim_end().lines().skip(1).last()?.trim_start_matches(['>', ' ']);
    (last.len() >= opens && last.chars().all(|it| it == fence)).then_some(last)
}

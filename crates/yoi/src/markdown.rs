//! Markdown that comes piece by piece, as lines for a terminal.

mod blocks;
mod render;

use self::{
    blocks::{closing_fence, last_block},
    render::Renderer,
};
use crate::terminal::StyledLine;

/// The most bytes of a block whose form may still change. More are given out as they are so far.
const DRAFT_BYTES: usize = 16 << 10;

/// Reads Markdown piece by piece. A block is given out once the next one has begun, because only
/// then its form is known; a block of code line by line. Nothing of the text is left out.
#[derive(Debug, Default)]
pub(crate) struct Markdown {
    /// The text that was not given out.
    rest: String,
    /// The line that opens the block of code of which `rest` is the continuation.
    fence: Option<String>,
    /// Whether a block was given out, so that the next one comes after an empty line.
    has_given: bool,
}

/// The last block at the top level of a text.
struct LastBlock {
    /// The place of its first line, in bytes.
    begin: usize,
    /// Whether it is a block of code between fences.
    is_fenced: bool,
    /// Whether it has its closing fence.
    is_closed: bool,
}

impl Markdown {
    /// Adds a piece of the text, and returns the lines whose form is known.
    pub(crate) fn push(&mut self, piece: &str) -> Vec<StyledLine> {
        self.rest.push_str(piece);
        let mut lines = self.take_blocks();
        if self.rest.len() > DRAFT_BYTES {
            lines.extend(self.take(self.rest.len()));
        }
        lines
    }

    /// Returns the lines of the text whose form may still change.
    pub(crate) fn draft(&self) -> Vec<StyledLine> {
        self.render(&self.rest)
    }

    /// Ends the text, and returns the lines that are left.
    pub(crate) fn finish(&mut self) -> Vec<StyledLine> {
        let lines = self.take(self.rest.len());
        *self = Self::default();
        lines
    }

    /// Takes the blocks that are complete, and the complete lines of a block of code.
    fn take_blocks(&mut self) -> Vec<StyledLine> {
        let mut lines = Vec::new();
        if let Some(last) = self.last_block() {
            if last.begin > 0 {
                lines = self.take(last.begin);
                self.fence = None;
            }
            if last.is_fenced {
                lines.extend(self.take_code(last.is_closed));
            }
        }
        lines
    }

    /// Takes the complete lines of a block of code, without the one that closes it.
    fn take_code(&mut self, is_closed: bool) -> Vec<StyledLine> {
        let line_after = |text: &str| text.rfind('\n').map_or(0, |end| end + 1);
        let mut end = line_after(&self.rest);
        if is_closed {
            end = line_after(self.rest[..end].trim_end());
        }
        let first = self.rest[..end].lines().next().map(str::to_owned);
        let lines = self.take(end);
        self.fence = self.fence.take().or(first);
        lines
    }

    /// Finds the last block among the complete lines of the rest: what the last line is, is known at
    /// its end.
    fn last_block(&self) -> Option<LastBlock> {
        let complete = &self.rest[..=self.rest.rfind('\n')?];
        let source = self.source(complete);
        let shift = source.len() - complete.len();
        let (range, is_fenced) = last_block(&source)?;
        let begin = range.start.saturating_sub(shift);
        Some(LastBlock {
            begin: complete[..begin].rfind('\n').map_or(0, |end| end + 1),
            is_fenced,
            is_closed: closing_fence(&source[range]).is_some(),
        })
    }

    /// Takes so many bytes of the rest.
    fn take(&mut self, bytes: usize) -> Vec<StyledLine> {
        let text: String = self.rest.drain(..bytes).collect();
        let lines = self.render(&text);
        self.has_given |= !lines.is_empty();
        lines
    }

    fn render(&self, text: &str) -> Vec<StyledLine> {
        if text.is_empty() {
            return Vec::new();
        }
        let source = self.source(text);
        let mut lines = Renderer::of(&source);
        if self.fence.is_some() {
            lines.remove(0);
        } else if self.has_given && !lines.is_empty() {
            lines.insert(0, StyledLine::default());
        }
        lines
    }

    /// Returns the text as a document of its own.
    fn source(&self, text: &str) -> String {
        match &self.fence {
            Some(fence) => format!("{fence}\n{text}"),
            None => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVERYTHING: &str = "\
# A title

Some *words*, **more** of `them`,
and a [link](http://a/b) to <http://c/d>.

1. one
2. two
   - inner
   - [x] done

> said
> by *somebody*
>
> twice

```rust
fn main() {

    a();
}
```
| a | bb |
|---|---|
| 你好 | c |

---
<b>raw</b> 2*3*4 a_b_c

[later]: http://e/f
";

    fn texts(lines: &[StyledLine]) -> Vec<String> {
        lines.iter().map(|line| line.text().trim_end().to_owned()).collect()
    }

    fn whole(text: &str) -> Vec<String> {
        let mut markdown = Markdown::default();
        let mut lines = markdown.push(text);
        lines.extend(markdown.finish());
        texts(&lines)
    }

    #[test]
    fn markdown_is_shown_as_what_it_means() {
        let expected = "\
A title

Some words, more of them,
and a link (http://a/b) to http://c/d.

1. one
2. two
   • inner
   • [x] done

│ said
│ by somebody
│
│ twice

```rust
fn main() {

    a();
}
```

a    │ bb
─────┼───
你好 │ c

────────────────────

<b>raw</b> 2*3*4 a_b_c

[later]: http://e/f";
        assert_eq!(whole(EVERYTHING).join("\n"), expected);
    }

    #[test]
    fn what_is_no_mark_is_kept() {
        for (text, expected) in [
            ("so \\(a^2\\) and \\[ b \\]", "so \\(a^2\\) and \\[ b \\]"),
            ("call __init__ in C:\\temp\\*.txt", "call __init__ in C:\\temp\\*.txt"),
            ("2. b\n10. c", "2. b\n10. c"),
            ("3) c", "3) c"),
            ("[a](b \"c\") ![d](e)", "a (b \"c\") d (e)"),
            (
                "| a | b |\n|--:|---|\n| 1 | 2 | 3 |\n| 44 | |",
                " a │ b\n───┼───┼──\n 1 │ 2 │ 3\n44 │",
            ),
            ("|a|b|\n|-|-|\n|c\\|d|e|", "a    │ b\n─────┼──\nc\\|d │ e"),
            ("~~~~ x\na\n~~~~", "~~~~ x\na\n~~~~"),
            ("````\n```\n````", "````\n```\n````"),
            ("a\\\\b `c\\d`", "a\\\\b c\\d"),
        ] {
            assert_eq!(whole(text).join("\n"), expected, "{text}");
        }
    }

    #[test]
    fn pieces_give_the_same_lines_as_the_whole() {
        for size in [1, 2, 3, 7, 50] {
            let mut markdown = Markdown::default();
            let mut lines = Vec::new();
            for piece in EVERYTHING.chars().collect::<Vec<_>>().chunks(size) {
                lines.extend(markdown.push(&piece.iter().collect::<String>()));
            }
            lines.extend(markdown.finish());
            assert_eq!(texts(&lines), whole(EVERYTHING), "in pieces of {size} characters");
        }
    }

    #[test]
    fn code_is_given_out_line_by_line_and_text_when_its_form_is_known() {
        let mut markdown = Markdown::default();
        assert!(markdown.push("one *two").is_empty());
        assert_eq!(texts(&markdown.draft()), ["one *two"]);
        assert!(markdown.push("* three\n").is_empty());
        assert_eq!(texts(&markdown.draft()), ["one two three"]);
        assert_eq!(texts(&markdown.push("\n```\na")), ["one two three", "", "```"]);
        assert_eq!(texts(&markdown.draft()), ["a"]);
        assert_eq!(texts(&markdown.push("\nb")), ["a"]);
        assert_eq!(texts(&markdown.push("\n```")), ["b"]);
        assert_eq!(texts(&markdown.finish()), ["```"]);
    }

    #[test]
    fn a_text_without_an_end_is_given_out() {
        let mut markdown = Markdown::default();
        let given: usize = (0..100).map(|_| markdown.push(&"word ".repeat(1000)).len()).sum();
        assert!(given > 10, "{given}");
    }

    proptest! {
        #[test]
        fn no_word_is_lost(words in proptest::collection::vec("[a-z]{3,8}", 1..60),
                           marks in proptest::collection::vec(proptest::sample::select(vec![" ", "\n", "\n\n", "\n- ", "\n1. ", "\n> ", " **", "`",
                                           "\n```\n", " [", "](", ")", "\n| ", " | ", "\n    ", "<",
                                           "\\", "&amp;", "\n---\n", "\n# "]), 60),
                           size in 1_usize..9) {
            let text: String =
                words.iter().zip(&marks).flat_map(|(word, mark)| [word, *mark]).collect();
            let mut markdown = Markdown::default();
            let mut lines = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                lines.extend(markdown.push(&String::from_utf8_lossy(piece)));
                drop(markdown.draft());
            }
            lines.extend(markdown.finish());
            let shown = texts(&lines).join("\n");
            for word in &words {
                prop_assert!(shown.contains(word.as_str()), "{word:?} of {text:?} in {shown:?}");
            }
        }
    }
}

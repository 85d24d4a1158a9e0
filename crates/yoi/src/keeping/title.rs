//! The name of a conversation: the first words that were said in it.

/// The most characters of a title. A Worker's name may have 64.
const MAX_CHARS: usize = 50;

/// Returns the first words of a text, as a name for people that a Runtime takes: in one line, and
/// without characters that a name must not have. `None` if nothing is left.
pub(crate) fn title(text: &str) -> Option<String> {
    let mut title = String::new();
    let mut chars = 0;
    // Only the beginning is looked at, because the text may be a file.
    let beginning: String = text.chars().take(8 * MAX_CHARS).map(plain).collect();
    for word in beginning.split_whitespace() {
        let length = word.chars().count() + usize::from(chars > 0);
        if chars + length > MAX_CHARS {
            if chars == 0 {
                title.extend(word.chars().take(MAX_CHARS));
            }
            title.push('…');
            return Some(title);
        }
        if chars > 0 {
            title.push(' ');
        }
        title.push_str(word);
        chars += length;
    }
    (!title.is_empty()).then_some(title)
}

/// Replaces what a name must not have by a space: `@`, control characters, and those that turn the
/// direction of text.
fn plain(c: char) -> char {
    match c {
        '@'
        | '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => ' ',
        _ if c.is_control() => ' ',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_are_the_title() {
        let check = |text: &str, expected| assert_eq!(title(text).as_deref(), expected);
        check("", None);
        check(" \n\t", None);
        check("\u{1b}@\u{202e}", None);
        check("Why is the sky blue?", Some("Why is the sky blue?"));
        check("Review\nthis  change.\n", Some("Review this change."));
        check("mail a@b", Some("mail a b"));
        let long = title(&"word ".repeat(100_000)).expect("there are words");
        assert_eq!(long, "word ".repeat(10).trim_end().to_owned() + "…");
        let one = title(&"日".repeat(1000)).expect("there is a word");
        assert_eq!(one.chars().count(), MAX_CHARS + 1);
    }
}

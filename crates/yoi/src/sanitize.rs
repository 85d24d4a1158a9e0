//! Text without power over the terminal that shows it.

use std::borrow::Cow;

/// `text` with everything that a terminal would obey made visible, but for line breaks and tabs.
///
/// Carriage returns are left out: one alone would let a line be written over, and before a line
/// break it says nothing.
pub(crate) fn sanitize(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_safe) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter_map(shown).collect())
    }
}

fn is_safe(c: char) -> bool {
    !c.is_control() || matches!(c, '\n' | '\t')
}

/// The picture that Unicode has of a control character, or the mark of something unknown.
fn shown(c: char) -> Option<char> {
    match c {
        '\r' => None,
        '\u{7f}' => Some('\u{2421}'),
        '\n' | '\t' => Some(c),
        '\0'..'\u{20}' => char::from_u32(0x2400 + u32::from(c)),
        _ if c.is_control() => Some(char::REPLACEMENT_CHARACTER),
        _ => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        for (text, expected) in [
            ("\u{1b}[31mred\u{1b}[0m", "␛[31mred␛[0m"),
            ("\u{1b}]0;title\u{7}", "␛]0;title␇"),
            ("\u{9b}2J", "\u{fffd}2J"),
            ("a\u{8}b\u{7f}c\0", "a␈b␡c␀"),
            ("safe\rover\r\n", "safeover\n"),
        ] {
            assert_eq!(sanitize(text), expected);
        }
        let controls: String = (0..=u32::from(char::MAX)).filter_map(char::from_u32).collect();
        assert!(sanitize(&controls).chars().all(is_safe));
    }

    #[test]
    fn other_text_stays_as_it_is() {
        let text = "Grüße,\n\t世界 👋\u{200d}";
        assert!(matches!(sanitize(text), Cow::Borrowed(it) if it == text));
    }
}

//! Makes control characters visible, so that printed text cannot control a terminal.

use std::borrow::Cow;

/// Replaces each control character in `text` but newlines and tabs by a visible character.
///
/// Carriage returns are removed: one alone would let a line be overwritten, and one before a
/// newline has no effect.
pub(crate) fn sanitize(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_safe) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter_map(visible).collect())
    }
}

fn is_safe(c: char) -> bool {
    !c.is_control() || matches!(c, '\n' | '\t')
}

/// Returns the visible form of a character: Unicode's picture of a control character where there is
/// one, else the replacement character. `None` for a carriage return, which is removed.
fn visible(c: char) -> Option<char> {
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
        assert!(matches!(sanitize(text), Cow::Borrowed(borrowed) if borrowed == text));
    }
}

//! Makes control characters visible, so that printed text cannot control a terminal, nor show
//! itself in another order than it has.

use std::borrow::Cow;

/// Replaces each control character in `text` but newlines and tabs by a visible character, and so
/// each character that changes the direction of the text around it.
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
    !(c.is_control() || is_direction(c)) || matches!(c, '\n' | '\t')
}

/// Returns whether a character changes the direction in which the text around it is shown.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns the visible form of a character: Unicode's picture of a control character where there is
/// one, else the replacement character. `None` for a carriage return, which is removed.
fn visible(c: char) -> Option<char> {
    match c {
        '\r' => None,
        '\u{7f}' => Some('\u{2421}'),
        '\n' | '\t' => Some(c),
        '\0'..'\u{20}' => char::from_u32(0x2400 + u32::from(c)),
        _ if c.is_control() || is_direction(c) => Some(char::REPLACEMENT_CHARACTER),
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
            ("a\u{202e}b\u{202a}c\u{2066}d\u{2069}", "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}"),
            ("\u{200e}a\u{200f}b\u{61c}", "\u{fffd}a\u{fffd}b\u{fffd}"),
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

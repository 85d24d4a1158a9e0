//! A text of foreign code for people, which cannot be long.

use std::{fmt, ops::Deref};

/// The last character of a text that was cut.
const CUT: char = '…';

/// A text for people with at most [`MAX_CHARS`](Self::MAX_CHARS) characters, none of them a control
/// character, or one that is not seen and changes how others are.
///
/// A longer text is cut and ends with `…`. Line breaks and tabs become spaces; other control
/// characters, and those that turn the direction of writing or have no width, are left out.
///
/// ```
/// use llm_engine::ShortText;
///
/// assert_eq!(ShortText::from("no\nway"), "no way");
/// assert_eq!(ShortText::cut("a long name", 7), "a long…");
/// assert_eq!(ShortText::from("x".repeat(10_000)).chars().count(), ShortText::MAX_CHARS);
/// ```
#[derive(Clone, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ShortText(String);

impl ShortText {
    /// The most characters of a short text.
    pub const MAX_CHARS: usize = 500;

    /// Cuts a text to at most `max_chars` characters, or to [`MAX_CHARS`](Self::MAX_CHARS) if that
    /// is less.
    #[must_use]
    pub fn cut(text: &str, max_chars: usize) -> Self {
        let max_chars = max_chars.min(Self::MAX_CHARS);
        let mut shown = text.chars().filter_map(shown);
        let mut short: String = shown.by_ref().take(max_chars).collect();
        if shown.next().is_some() && short.pop().is_some() {
            short.push(CUT);
        }
        Self(short)
    }
}

/// Returns the character that stands for `c`. `None` if it is left out.
fn shown(c: char) -> Option<char> {
    match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        c => (!c.is_control() && !is_invisible(c)).then_some(c),
    }
}

/// Returns whether a character is not seen: it turns the direction of writing, has no width, or is
/// one of those that Unicode says to ignore by default.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

impl From<&str> for ShortText {
    fn from(text: &str) -> Self {
        Self::cut(text, Self::MAX_CHARS)
    }
}

impl From<String> for ShortText {
    fn from(text: String) -> Self {
        // A text has no more characters than bytes.
        let is_plain = |c: char| shown(c) == Some(c);
        let is_short = text.len() <= Self::MAX_CHARS && text.chars().all(is_plain);
        if is_short { Self(text) } else { Self::from(text.as_str()) }
    }
}

impl From<ShortText> for String {
    fn from(text: ShortText) -> Self {
        text.0
    }
}

impl Deref for ShortText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for ShortText {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for ShortText {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::ShortText;

    #[test]
    fn only_what_is_too_long_is_cut_between_characters() {
        for (text, max, short) in [
            ("", 0, ""),
            ("a", 0, ""),
            ("a", 1, "a"),
            ("ab", 1, "…"),
            ("€€€", 3, "€€€"),
            ("€€€€", 3, "€€…"),
            ("a\0\u{1b}[0mb\tc\r\n", 20, "a[0mb c  "),
            ("a\0\0\0", 1, "a"),
            ("\u{202e}a\u{2066}b\u{200b}\u{feff}\u{61c}", 2, "ab"),
            ("a\u{2028}b", 3, "a b"),
            ("a\u{ad}\u{34f}\u{115f}\u{3164}\u{fe0f}\u{e0100}b", 2, "ab"),
        ] {
            assert_eq!(ShortText::cut(text, max), short, "{text:?}");
            let all = ShortText::cut(text, ShortText::MAX_CHARS);
            assert_eq!(ShortText::from(text.to_owned()), all, "{text:?}");
        }
    }

    #[test]
    fn nothing_is_longer_than_the_longest() {
        let most = "€".repeat(ShortText::MAX_CHARS);
        assert_eq!(ShortText::from(most.clone()), most.as_str());
        for longer in [ShortText::from(most.clone() + "€"), ShortText::cut(&(most + "€"), 9999)]
        {
            assert_eq!(longer.chars().count(), ShortText::MAX_CHARS);
            assert!(longer.ends_with('…'));
        }
    }
}

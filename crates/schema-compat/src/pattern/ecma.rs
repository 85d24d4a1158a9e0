//! Translates a pattern of ECMA-262, which JSON Schema uses, into the syntax of Rust's `regex`.

use std::{iter::Peekable, str::Chars};

/// The characters that `\s` matches in ECMA-262.
const SPACE: &str =
    r"\t\n\x0B\x0C\r\x20\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF";

/// Returns a pattern that matches the same strings, or `None` if the pattern has a part that means
/// something else in Rust or is not known, such as look-around.
pub(super) fn to_rust(pattern: &str) -> Option<String> {
    let mut translated = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\\' => translated.push_str(&escape(&mut rest)?),
            '[' => class(&mut rest, &mut translated)?,
            '.' => translated.push_str(r"[^\n\r\u2028\u2029]"),
            '(' => {
                translated.push('(');
                if rest.next_if_eq(&'?').is_some() {
                    rest.next_if_eq(&':')?;
                    translated.push_str("?:");
                }
            }
            other => translated.push(other),
        }
    }
    Some(translated)
}

/// Translates what follows a backslash, inside or outside of a class.
fn escape(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    Some(match rest.next()? {
        'd' => "[0-9]".to_owned(),
        'D' => "[^0-9]".to_owned(),
        'w' => "[0-9A-Za-z_]".to_owned(),
        'W' => "[^0-9A-Za-z_]".to_owned(),
        's' => format!("[{SPACE}]"),
        'S' => format!("[^{SPACE}]"),
        // Rust refuses surrogates, so that a pattern with a pair of them is not understood.
        same @ ('t' | 'n' | 'v' | 'f' | 'r' | 'x' | 'u' | 'p' | 'P') => format!("\\{same}"),
        letter if letter.is_alphanumeric() => return None,
        sign => format!("\\{sign}"),
    })
}

/// Translates a class, whose opening bracket was read. In Rust `[`, `&&`, `--` and `~~` have a
/// meaning in a class, in ECMA-262 they have none.
fn class(rest: &mut Peekable<Chars<'_>>, translated: &mut String) -> Option<()> {
    translated.push('[');
    if rest.next_if_eq(&'^').is_some() {
        translated.push('^');
    }
    if rest.peek() == Some(&']') {
        return None;
    }
    loop {
        match rest.next()? {
            ']' => break,
            '\\' => translated.push_str(&escape(rest)?),
            sign @ ('[' | '&' | '~') => {
                translated.push('\\');
                translated.push(sign);
            }
            '-' if rest.peek() == Some(&'-') => return None,
            other => translated.push(other),
        }
    }
    translated.push(']');
    Some(())
}

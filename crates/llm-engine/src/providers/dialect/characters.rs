//! Mends escapes in JSON that are no characters.

use std::borrow::Cow;

/// The escape of the character that stands for what is none.
const REPLACEMENT: &str = "\\ufffd";

/// Replaces escapes of half a character, which servers write that cut a text in the middle of a
/// surrogate pair. JSON with such an escape cannot be read into a text.
pub(in crate::providers) fn whole_characters(json: &str) -> Cow<'_, str> {
    if !["\\ud", "\\uD"].iter().any(|escape| json.contains(escape)) {
        return Cow::Borrowed(json);
    }
    let (mut mended, mut rest) = (String::with_capacity(json.len()), json);
    while let Some(at) = rest.find('\\') {
        mended.push_str(&rest[..at]);
        let escape = &rest[at..];
        let length = match surrogate(escape) {
            // A pair of halves is one character.
            Some(true) if surrogate(&escape[6..]) == Some(false) => 12,
            Some(_) => {
                mended.push_str(REPLACEMENT);
                rest = &escape[6..];
                continue;
            }
            // A backslash and whatever it escapes, so that `\\ud800` is no escape of a half.
            None => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
        };
        mended.push_str(&escape[..length]);
        rest = &escape[length..];
    }
    mended.push_str(rest);
    Cow::Owned(mended)
}

/// Returns whether a text begins with the escape of the first half of a character, or of the second
/// one. `None` if it begins with neither.
fn surrogate(text: &str) -> Option<bool> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(true),
        0xdc00..=0xdfff => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::whole_characters;

    #[test]
    fn halves_are_replaced_and_pairs_are_kept() {
        for (json, mended) in [
            (r#""a""#, r#""a""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""a\ud83d""#, r#""a\ufffd""#),
            (r#""\ude00!""#, r#""\ufffd!""#),
            (r#""\ud83d\ud83d\ude00\n""#, r#""\ufffd\ud83d\ude00\n""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\uD83Db\é""#, r#""\ufffdb\é""#),
            (r#""\ud8""#, r#""\ud8""#),
            ("\\ud\\", "\\ud\\"),
        ] {
            assert_eq!(whole_characters(json), mended, "{json}");
        }
    }
}

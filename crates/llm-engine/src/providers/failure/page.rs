//! Finds the words of an error that came as a page or as plain text.

/// The most bytes of a text that are looked at.
const BYTES: usize = 16 * 1024;

/// Returns the title of a page of HTML, or its text without tags. Another text stays as it is.
pub(super) fn text_of(body: &str) -> String {
    let body = body.trim();
    let body = &body[..body.floor_char_boundary(BYTES)];
    // A body can be a text as JSON writes it.
    if let Ok(text) = serde_json::from_str::<String>(body) {
        return text;
    }
    if !body.starts_with('<') {
        return body.to_owned();
    }
    let title = between(body, "<title", "</title").and_then(|title| title.split_once('>'));
    let text = title.map_or_else(|| without_tags(body), |(_, title)| title.to_owned());
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // The ampersand comes last, so that nothing is read twice.
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .into_iter()
        .fold(text, |text, (entity, sign)| text.replace(entity, sign))
}

/// Returns what stands between two marks, whatever their case.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    // Lower-casing ASCII moves no place.
    let lower = text.to_ascii_lowercase();
    let from = lower.find(begin)? + begin.len();
    let length = lower[from..].find(end)?;
    Some(&text[from..from + length])
}

fn without_tags(page: &str) -> String {
    let pieces = page.split('<').filter_map(|piece| Some(piece.split_once('>')?.1));
    pieces.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_give_their_title_or_their_text() {
        for (page, text) in [
            ("<html><TITLE lang=en>\n502 Bad\n Gateway</TITLE><p>nginx", "502 Bad Gateway"),
            ("<h1>Not&nbsp;Found</h1>\n<p>a &lt; b &amp;lt; c</p>", "Not&nbsp;Found a < b &lt; c"),
            ("<html>", ""),
            ("<", ""),
            (" no \n", "no"),
            ("\"no\"", "no"),
            ("a < b", "a < b"),
        ] {
            assert_eq!(text_of(page), text, "{page}");
        }
        assert_eq!(text_of(&"€".repeat(BYTES)).len(), BYTES / 3 * 3);
    }
}

//! Texts that nobody may be shown.

use llm_engine::ShortText;

/// The fewest bytes of a secret. What is shorter, such as `1`, would hide half of every text.
const SHORTEST: usize = 6;

/// The most bytes of a text of a server that are looked at.
const LOOKED_AT: usize = 16 * 1024;

/// What is shown in place of a secret.
const HIDDEN: &str = "[hidden]";

/// Texts that are hidden wherever a server says them.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    pub(crate) fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let mut secrets: Vec<String> =
            texts.into_iter().filter(|it| it.len() >= SHORTEST).collect();
        // The longest first, so that a secret within another leaves nothing of it.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    /// Returns the beginning of a text of a server, harmless and without secrets.
    pub(crate) fn words(&self, text: &str) -> ShortText {
        let text = &text[..text.floor_char_boundary(LOOKED_AT)];
        let hide = |text: String, secret: &String| text.replace(secret, HIDDEN);
        ShortText::from(self.0.iter().fold(text.to_owned(), hide))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_before_a_text_is_cut() {
        let secrets = Secrets::new(["token-1".to_owned(), "my token-1 !".to_owned(), "1".into()]);
        for (text, shown) in [
            ("a token-1, a 1", "a [hidden], a 1"),
            ("my token-1 !", "[hidden]"),
            ("\u{202e}tok\ten", "tok en"),
        ] {
            assert_eq!(secrets.words(text), shown, "{text:?}");
        }
        let long = "x".repeat(ShortText::MAX_CHARS - 3) + "token-1";
        assert!(!secrets.words(&long).contains("tok"));
    }
}

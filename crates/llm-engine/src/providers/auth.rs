//! The ways to send a key.

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

use super::names::names;

names! {
    /// The header that carries the key.
    Auth("auth") {
        /// `Authorization: Bearer KEY`.
        Bearer = "bearer",
        /// `api-key: KEY`, as Azure wants it.
        ApiKey = "api-key",
        /// `x-api-key: KEY`, as Anthropic wants it.
        XApiKey = "x-api-key",
        /// `x-goog-api-key: KEY`, as Gemini wants it.
        XGoogApiKey = "x-goog-api-key",
    }
}

impl Auth {
    /// Returns the header that carries `key`. The error is the problem of the key.
    pub(super) fn header(self, key: &str) -> Result<(HeaderName, HeaderValue), &'static str> {
        let key = bare(key);
        if key.is_empty() {
            return Err("is empty");
        }
        let (name, value) = match self {
            Self::Bearer => (AUTHORIZATION, secret_value(&format!("Bearer {key}"))),
            Self::ApiKey | Self::XApiKey | Self::XGoogApiKey => {
                (HeaderName::from_static(self.as_str()), secret_value(key))
            }
        };
        Ok((name, value.ok_or("has characters that no header can carry")?))
    }
}

/// Returns a key without what people copy along with it: white space, quotation marks and the word
/// `Bearer`.
fn bare(key: &str) -> &str {
    let key = key.trim().trim_matches(['"', '\'']).trim();
    match key.split_once(char::is_whitespace) {
        Some((word, key)) if word.eq_ignore_ascii_case("bearer") => key.trim(),
        Some(_) | None => key,
    }
}

/// Makes the value of a header that `Debug` does not show. `None` if a header cannot carry `text`.
pub(super) fn secret_value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_out_of_what_was_copied_along() {
        for copied in ["k", " k\n", "Bearer k", "bearer  k\r\n", "\"k\"", "'Bearer k'"] {
            assert_eq!(bare(copied), "k", "{copied:?}");
        }
        assert_eq!(bare("Bearer"), "Bearer");
        assert_eq!(bare("k k"), "k k");
    }

    #[test]
    fn a_key_is_not_shown() {
        for auth in Auth::ALL {
            let (name, value) = auth.header("abc").unwrap();
            assert!(!format!("{name:?} {value:?}").contains("abc"), "{auth}");
        }
    }
}

//! What a provider itself said about a failed call.

use crate::ShortText;

/// The most characters of a code, and of a type.
const WORD_CHARS: usize = 64;

/// The most characters of the id of a request.
const ID_CHARS: usize = 128;

/// What a provider itself said about a failed call, in its own words.
///
/// All of it is text from outside: it is for people, and nothing here depends on it. It is short and
/// has no control characters, and whatever was sent as a secret has been replaced by `[redacted]`.
/// It may still quote the conversation, so it belongs wherever the conversation may be.
///
/// ```
/// use llm_engine::ProviderError;
///
/// let said = ProviderError::new().status(429).code("slow_down").message("Too many requests");
/// assert_eq!(said.message.unwrap(), "Too many requests");
/// assert_eq!(said.error_type, None);
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ProviderError {
    /// The HTTP status of the answer, or the one that the provider's error names.
    pub status: Option<u16>,
    /// The code of the error, such as `context_length_exceeded`.
    pub code: Option<ShortText>,
    /// The type of the error, such as `invalid_request_error`.
    pub error_type: Option<ShortText>,
    /// The message.
    pub message: Option<ShortText>,
    /// The id by which the provider knows the request, for its support.
    pub request_id: Option<ShortText>,
}

impl ProviderError {
    /// Creates an error of which nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets the code. At most 64 characters of it are kept; an empty one counts as absent.
    #[must_use]
    pub fn code(mut self, code: &str) -> Self {
        self.code = text(code, WORD_CHARS);
        self
    }

    /// Sets the type. At most 64 characters of it are kept; an empty one counts as absent.
    #[must_use]
    pub fn error_type(mut self, error_type: &str) -> Self {
        self.error_type = text(error_type, WORD_CHARS);
        self
    }

    /// Sets the message. At most [`ShortText::MAX_CHARS`] characters of it are kept; an empty one
    /// counts as absent.
    #[must_use]
    pub fn message(mut self, message: &str) -> Self {
        self.message = text(message, ShortText::MAX_CHARS);
        self
    }

    /// Sets the id of the request. At most 128 characters of it are kept; an empty one counts as
    /// absent.
    #[must_use]
    pub fn request_id(mut self, id: &str) -> Self {
        self.request_id = text(id, ID_CHARS);
        self
    }

    /// Returns the same with every text as short as these setters make it. The fields take longer
    /// ones.
    #[must_use]
    pub fn bounded(self) -> Self {
        let text = |text: Option<ShortText>| text.unwrap_or_default();
        let Self { status, code, error_type, message, request_id } = self;
        let bounded = Self { status, ..Self::new() };
        bounded
            .code(&text(code))
            .error_type(&text(error_type))
            .message(&text(message))
            .request_id(&text(request_id))
    }

    /// Returns whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Cuts a text without the space around it. `None` if nothing is left.
fn text(text: &str, max_chars: usize) -> Option<ShortText> {
    let text = ShortText::cut(text.trim(), max_chars);
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_short_and_plain() {
        let long = "\u{202e}\u{1b}a".repeat(1000);
        let said = ProviderError::new().code(&long).error_type(&long).message(&long);
        let said = said.request_id(&long);
        for (text, chars) in
            [(said.code, 64), (said.error_type, 64), (said.message, 500), (said.request_id, 128)]
        {
            assert_eq!(text.unwrap(), format!("{}…", "a".repeat(chars - 1)).as_str());
        }
    }

    #[test]
    fn an_empty_text_counts_as_absent() {
        for empty in ["", " \n", "\u{200b}", "\u{1b}"] {
            let said = ProviderError::new().code(empty).error_type(empty);
            assert!(said.message(empty).request_id(empty).is_empty(), "{empty:?}");
        }
        assert!(!ProviderError::new().status(500).is_empty());
    }
}

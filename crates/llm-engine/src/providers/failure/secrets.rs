//! Takes secrets out of what a provider said.

use reqwest::header::HeaderMap;

use super::reply::request_id;
use crate::{EngineError, ProviderError, ShortText};

/// What stands for a secret.
const REDACTED: &str = "[redacted]";

/// The number of characters from which on a part of a secret gives it away.
const PART: usize = 8;

/// The number of characters below which a value, such as `1`, is no secret.
const SHORTEST: usize = 4;

/// How keys of known services begin.
const PREFIXES: [&str; 27] = [
    "sk-",
    "sk_",
    "pk-",
    "pk_",
    "rk-",
    "rk_",
    "ak-",
    "gsk_",
    "csk-",
    "xai-",
    "AIza",
    "hf_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "ya29.",
    "eyJ",
    "AKIA",
    "ASIA",
    "ABSK",
    "r8_",
    "nvapi-",
    "pplx-",
    "fw_",
    "dapi",
];

/// Words before a key in the value of a header, which are no secret.
const SCHEMES: [&str; 4] = ["Bearer ", "Basic ", "Token ", "ApiKey "];

/// Stands for a part of a secret while a text is looked through. No short text has it.
const MARK: char = '\u{1}';

/// Words after which a key stands, in lower case.
const NAMES: [&str; 10] = [
    "bearer",
    "basic",
    "key",
    "api-key",
    "api_key",
    "apikey",
    "x-api-key",
    "x-goog-api-key",
    "password",
    "authorization",
];

/// Words that stand in the same place and are no key.
const NO_KEYS: [&str; 4] = ["authentication", "authorization", "credentials", "provided"];

/// Everything that was sent as a secret to one server.
#[derive(Clone, Default)]
pub(in crate::providers) struct Secrets {
    /// In lower case. Each is long enough to be told from a word by a part of it.
    long: Vec<String>,
    /// In lower case.
    short: Vec<String>,
}

impl Secrets {
    /// Returns the secret values of headers, and the keys in them.
    pub(in crate::providers) fn of(headers: &HeaderMap) -> Self {
        let values = headers.values().filter(|value| value.is_sensitive());
        let values = values.filter_map(|value| value.to_str().ok());
        let mut secrets = Self::default();
        for value in values {
            let scheme = SCHEMES.iter().find_map(|scheme| Some(value.strip_prefix(scheme)?.trim()));
            secrets.add(scheme.unwrap_or(value));
            // `Bearer KEY`, `session=KEY; user=NAME`
            let words = value.split(|c: char| c.is_whitespace() || ";,\"".contains(c));
            let words = words.map(|word| word.split_once('=').map_or(word, |(_, it)| it));
            words.filter(|word| word.len() >= PART).for_each(|word| secrets.add(word));
        }
        secrets
    }

    /// Adds other secrets, such as those in addresses.
    pub(in crate::providers) fn and(mut self, secrets: impl Iterator<Item = String>) -> Self {
        secrets.for_each(|secret| self.add(&secret));
        self
    }

    fn add(&mut self, secret: &str) {
        // Many addresses begin alike.
        let secret = secret.rsplit("://").next().unwrap_or_default().trim().to_ascii_lowercase();
        match secret.len() {
            ..SHORTEST => {}
            PART.. => self.long.push(secret),
            _ => self.short.push(secret),
        }
    }

    /// Returns an error without secrets, which came with an answer that has these headers.
    pub(in crate::providers) fn hidden(
        &self,
        mut error: EngineError,
        headers: Option<&HeaderMap>,
    ) -> EngineError {
        let said = error.provider.take().map(|said| *said).unwrap_or_default();
        let said = match headers.and_then(request_id) {
            Some(id) if said.request_id.is_none() => said.request_id(&id),
            _ => said,
        };
        let hide = |text: Option<ShortText>| self.hide(&text.unwrap_or_default());
        let status = said.status;
        let shown = ProviderError::new()
            .code(&hide(said.code))
            .error_type(&hide(said.error_type))
            .message(&hide(said.message))
            .request_id(&hide(said.request_id));
        error.with_provider(ProviderError { status, ..shown })
    }

    /// Replaces secrets, parts of them, and what looks like a key.
    pub(in crate::providers) fn hide(&self, text: &str) -> String {
        let text = self.marked(text);
        let mut shown = String::with_capacity(text.len());
        let mut rest = text.as_str();
        let mut before = Before::default();
        while let Some(start) = rest.find(is_of_word) {
            let (signs, from_word) = rest.split_at(start);
            let end = from_word.find(|c| !is_of_word(c)).unwrap_or(from_word.len());
            let (word, after) = from_word.split_at(end);
            // The end of a sentence is no part of a word.
            let core = word.trim_end_matches(['.', ':', '…']);
            let is_secret = self.is_secret(core) || before.is_key(core, signs);
            shown += signs;
            shown += if is_secret { REDACTED } else { core };
            shown += &word[core.len()..];
            before = Before(core.to_ascii_lowercase());
            rest = after;
        }
        shown + rest
    }

    /// Replaces each part of a long secret by a mark.
    fn marked(&self, text: &str) -> String {
        // Lower-casing ASCII moves no place.
        let lower = text.to_ascii_lowercase();
        let is_part = |at: usize| {
            let part = lower.get(at..at + PART);
            part.is_some_and(|part| self.long.iter().any(|secret| secret.contains(part)))
        };
        let mut marked = String::with_capacity(text.len());
        let mut end = 0;
        for (at, c) in text.char_indices() {
            if is_part(at) {
                marked.push(MARK);
                end = at + PART;
            } else if at >= end {
                marked.push(c);
            }
        }
        marked
    }

    fn is_secret(&self, word: &str) -> bool {
        word.contains(MARK) || self.short.contains(&word.to_ascii_lowercase()) || has_prefix(word)
    }
}

/// The word before a word.
#[derive(Default)]
struct Before(String);

impl Before {
    /// Returns whether a word after this one is a key, with `signs` between them.
    fn is_key(&self, word: &str, signs: &str) -> bool {
        let name = self.0.rsplit(['=', ':']).next().unwrap_or_default();
        let is_scheme = matches!(name, "bearer" | "basic");
        let is_long = word.chars().count() >= PART;
        let is_odd = word.contains(|c: char| c.is_ascii_digit() || "*•…".contains(c));
        NAMES.contains(&name)
            && is_long
            && !NO_KEYS.contains(&word.to_ascii_lowercase().as_str())
            && (is_scheme || (is_odd && signs.contains([':', '='])))
    }
}

/// Returns whether a word is like the keys of a known service, or holds one.
fn has_prefix(word: &str) -> bool {
    let is_key = |place: usize, prefix: &str| {
        let rest = &word[place + prefix.len()..];
        let begins = !word[..place].ends_with(|c: char| c.is_ascii_alphanumeric());
        begins && rest.chars().take_while(|c| !"/".contains(*c)).count() >= PART
    };
    PREFIXES.iter().any(|prefix| word.match_indices(prefix).any(|(at, it)| is_key(at, it)))
}

/// Returns whether a character can stand in a key.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == MARK || "-_.*+/~%•…·#@".contains(c)
}

/// Shows nothing.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn secrets(values: &[&str]) -> Secrets {
        let mut headers = HeaderMap::new();
        for value in values {
            let mut value = HeaderValue::from_str(value).unwrap();
            value.set_sensitive(true);
            headers.append("x-secret", value);
        }
        headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        Secrets::of(&headers)
    }

    #[test]
    fn what_was_sent_as_a_secret_is_hidden() {
        let sent = secrets(&[
            "Bearer Abc-0123456789-XYZ",
            "short",
            "https://app.example/path",
            "Basic p!a!s!s!w!o!r!d",
            "1",
            "a word or two",
            "session=c2VjcmV0LWNvb2tpZQ==; user=somebody-else",
        ]);
        for (said, shown) in [
            (
                "Incorrect API key provided: Abc-0123456789-XYZ.",
                "Incorrect API key provided: [redacted].",
            ),
            (
                "Incorrect API key provided: Abc-0123********XYZ. See",
                "Incorrect API key provided: [redacted]. See",
            ),
            ("the key \"abc-0123…\" is wrong", "the key \"[redacted]…\" is wrong"),
            ("ends with 56789-XYZ", "ends with [redacted]"),
            ("xAbc-0123456789-XYZx", "[redacted]"),
            ("Authorization=Bearer%20Abc-0123456789-XYZ", "Authorization=[redacted]"),
            ("is short; or shorter", "is [redacted]; or shorter"),
            ("1 or a word", "1 or a word"),
            ("cookie c2VjcmV0LWNvb2tpZQ==", "cookie [redacted]"),
            ("password p!a!s!s!w***", "password [redacted]"),
            ("from app.example/path", "from [redacted]"),
            ("see https://other.test/errors", "see https://other.test/errors"),
            (
                "no Bearer token in the header of 2023-06-01",
                "no Bearer token in the header of 2023-06-01",
            ),
        ] {
            assert_eq!(sent.hide(said), shown);
        }
    }

    #[test]
    fn what_looks_like_a_key_is_hidden() {
        let none = Secrets::default();
        for (said, shown) in [
            ("key sk-proj-abcdefgh.", "key [redacted]."),
            ("sk-abcd***************wxyz", "[redacted]"),
            ("AIzaSyA1234567890 and gsk_abcdefghijkl", "[redacted] and [redacted]"),
            ("?key=AIzaSyA1234567890&alt=sse", "?key=[redacted]&alt=sse"),
            ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer [redacted]"),
            ("api_key='abcdefgh1234'", "api_key='[redacted]'"),
            ("api_key=abcdefgh1234", "api_key=[redacted]"),
            ("{\"x-api-key\": abcdefgh1234}", "{\"x-api-key\": [redacted]}"),
            ("Bearer authentication is required", "Bearer authentication is required"),
            ("risk-management, task-oriented-work", "risk-management, task-oriented-work"),
            ("your API key: see the documentation", "your API key: see the documentation"),
            ("", ""),
            ("…", "…"),
            (" é ", " é "),
        ] {
            assert_eq!(none.hide(said), shown);
        }
    }

    #[test]
    fn every_part_of_an_error_is_free_of_secrets() {
        let key = "Abc-0123456789-XYZ";
        let said = ProviderError::new().status(401).code(key).error_type(key).message(key);
        let error = EngineError::new(crate::ErrorKind::Authentication, "no")
            .with_provider(said.request_id(key));
        let sent = secrets(&[key]);
        assert!(!format!("{:?} {sent:?}", sent.hidden(error, None)).contains("0123"));
    }

    #[test]
    fn the_head_of_an_answer_names_the_request() {
        let mut headers = HeaderMap::new();
        headers.insert("request-id", HeaderValue::from_static("req_1"));
        let error = EngineError::new(crate::ErrorKind::Interrupted, "no");
        let id = |error: EngineError| error.provider.and_then(|said| said.request_id);
        let secrets = Secrets::default();
        assert_eq!(id(secrets.hidden(error.clone(), None)), None);
        assert_eq!(id(secrets.hidden(error.clone(), Some(&headers))).unwrap(), "req_1");
        let named = error.with_provider(ProviderError::new().request_id("req_2"));
        assert_eq!(id(secrets.hidden(named, Some(&headers))).unwrap(), "req_2");
    }
}

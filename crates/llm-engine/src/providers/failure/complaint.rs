//! Reads the error object of a provider.

use std::time::Duration;

use serde_json::Value;

use super::retry_after::seconds;

/// The maximum size of an error object in a stream, in bytes. As a tree of values, JSON takes many
/// times its size.
const ERROR_BYTES: usize = 64 * 1024;

/// The maximum length of the name of a request's field, in bytes.
const FIELD_CHARS: usize = 40;

/// The known parts of an error object of any provider. The message is only searched and never
/// shown.
#[derive(Debug, Default)]
pub(in crate::providers) struct Complaint {
    /// Codes, types and reasons, in lower case.
    pub(super) words: Vec<String>,
    /// The message, in lower case.
    pub(super) message: String,
    /// The HTTP status in the object, if there is one.
    pub(super) status: Option<u16>,
    /// The field of the request that is wrong.
    pub(super) field: Option<String>,
    /// The number of tokens in the conversation, and the number that fits.
    pub(super) tokens: Option<(u64, u64)>,
    /// The time that the provider asks to wait.
    pub(super) retry_after: Option<Duration>,
}

impl Complaint {
    /// Reads the error in a whole body, if there is one.
    pub(in crate::providers) fn read(body: &str) -> Option<Self> {
        let body: Value = serde_json::from_str(body).ok()?;
        let body = body.get(0).unwrap_or(&body);
        let is_bare = ["message", "detail"].iter().any(|key| body.get(key).is_some());
        match body.get("error") {
            Some(Value::Null) | None if !is_bare => None,
            Some(Value::Null) | None => Some(Self::of(body)),
            Some(error) => Some(Self::of(error)),
        }
    }

    /// Reads an error object, or a text in its place. One that is too long to be an error, or that
    /// is no JSON, says nothing.
    pub(in crate::providers) fn of_json(error: &str) -> Self {
        if error.len() > ERROR_BYTES {
            return Self::default();
        }
        serde_json::from_str(error).map_or_else(|_| Self::default(), |error| Self::of(&error))
    }

    fn of(error: &Value) -> Self {
        let text = |key: &str| error.get(key).and_then(Value::as_str);
        let number = |key: &str| error.get(key).and_then(Value::as_u64);
        let details = || error.get("details").and_then(Value::as_array).into_iter().flatten();
        let reasons = details().filter_map(|detail| detail.get("reason")?.as_str());
        let words = ["code", "type", "status"].into_iter().filter_map(text).chain(reasons);
        Self {
            words: words.map(str::to_lowercase).collect(),
            message: error.as_str().or(text("message")).unwrap_or_default().to_lowercase(),
            status: number("code").or(number("status")).and_then(|code| u16::try_from(code).ok()),
            field: text("param").filter(|field| is_field(field)).map(str::to_owned),
            tokens: number("n_prompt_tokens").zip(number("n_ctx")),
            retry_after: details()
                .filter_map(|detail| detail.get("retryDelay")?.as_str())
                .find_map(|delay| seconds(delay.strip_suffix('s')?)),
        }
    }
}

/// Returns whether a text is so short and plain that it can only be the name of a field.
fn is_field(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.[]".contains(c);
    text.len() <= FIELD_CHARS
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_field_is_taken_for_one() {
        for field in ["temperature", "messages[0].content", "stream_options.include_usage"] {
            assert!(is_field(field), "{field}");
        }
        for other in ["", "sk-abc", "Bearer", "a b", "1", &"a".repeat(41)] {
            assert!(!is_field(other), "{other}");
        }
    }

    #[test]
    fn an_error_object_is_read_if_it_is_not_too_long() {
        let error = |padding: usize| {
            format!(r#"{{"code":"slow_down","details":["{}"]}}"#, "x".repeat(padding))
        };
        assert_eq!(Complaint::of_json(&error(1000)).words, ["slow_down"]);
        assert!(Complaint::of_json(&error(ERROR_BYTES)).words.is_empty());
        assert_eq!(Complaint::of_json("\"Too long\"").message, "too long");
        assert!(Complaint::of_json("").message.is_empty());
    }

    #[test]
    fn bodies_without_an_error_are_no_complaint() {
        for body in ["", "<html>", "{}", "[]", "3", r#"{"error":null}"#, r#"{"choices":[]}"#] {
            assert!(Complaint::read(body).is_none(), "{body}");
        }
    }
}

//! Reads the error object of a provider.

use std::time::Duration;

use serde_json::Value;

use super::{numbers::status_in, page::text_of, parts::Parts};
use crate::ProviderError;

/// The maximum size of an error object in a stream, in bytes. As a tree of values, JSON takes many
/// times its size.
const ERROR_BYTES: usize = 64 * 1024;

/// The maximum length of the name of a request's field, in bytes.
const FIELD_CHARS: usize = 40;

/// The names under which a whole body holds an error.
const ERRORS: [&str; 2] = ["error", "errors"];

/// The names of a message in a body that is an error as a whole.
const BARE: [&str; 6] = ["message", "detail", "msg", "error_msg", "error_message", "errorMessage"];

/// The known parts of an error object of any provider.
#[derive(Debug, Default)]
pub(in crate::providers) struct Complaint {
    /// Codes, types and reasons, in lower case.
    pub(super) words: Vec<String>,
    /// All messages, in lower case, one a line.
    pub(super) message: String,
    /// The HTTP status in the object, if there is one.
    pub(super) status: Option<u16>,
    /// The field of the request that is wrong.
    pub(super) field: Option<String>,
    /// The number of tokens in the conversation, and the number that fits.
    pub(super) tokens: Option<(u64, u64)>,
    /// The time that the provider asks to wait.
    pub(super) retry_after: Option<Duration>,
    /// What people are shown of it.
    pub(super) said: ProviderError,
}

impl Complaint {
    /// Reads the error in a whole body, if there is one.
    pub(in crate::providers) fn read(body: &str) -> Option<Self> {
        let body: Value = serde_json::from_str(body).ok()?;
        let first = body.get(0).unwrap_or(&body);
        let parts = Parts::of(&body);
        let is_bare = BARE.iter().any(|key| first.get(key).is_some()) && !parts.messages.is_empty();
        let is_error = is_bare
            || ERRORS.iter().filter_map(|key| first.get(key)).any(is_something)
            || first.pointer("/base_resp/status_code").is_some_and(|code| *code != 0);
        is_error.then(|| parts.into())
    }

    /// Reads a body that is known to tell of an error, in whatever form.
    pub(super) fn of_body(body: &str) -> Self {
        Self::read(body).unwrap_or_else(|| Parts::of(&Value::String(text_of(body))).into())
    }

    /// Reads an error object, or a text in its place. One that is too long to be an error, or that
    /// is no JSON, says nothing.
    pub(in crate::providers) fn of_json(error: &str) -> Self {
        if error.len() > ERROR_BYTES {
            return Self::default();
        }
        serde_json::from_str(error).map_or_else(|_| Self::default(), |it| Parts::of(&it).into())
    }

    /// Returns whether any message holds `text`, which is in lower case.
    pub(super) fn mentions(&self, text: &str) -> bool {
        self.message.contains(text)
    }
}

impl From<Parts> for Complaint {
    fn from(parts: Parts) -> Self {
        let Parts { codes, types, reasons, messages, .. } = &parts;
        let text = |texts: &[String]| texts.first().cloned().unwrap_or_default();
        let said = ProviderError::new()
            .code(&text(codes))
            .error_type(&text(types))
            .message(&messages.join("; "))
            .request_id(parts.request_id.as_deref().unwrap_or_default());
        let words = [codes, types, reasons].into_iter().flatten();
        let message = messages.join("\n").to_lowercase();
        Self {
            words: words.map(|word| word.to_lowercase()).collect(),
            status: parts.status.or_else(|| status_in(&message)),
            message,
            field: parts.field.filter(|field| is_field(field)),
            tokens: parts.tokens,
            retry_after: parts.retry_after,
            said,
        }
    }
}

/// Returns whether a value in the place of an error is one. Gateways write `false` or an empty text
/// to say that there is none.
fn is_something(error: &Value) -> bool {
    match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::Object(_) => true,
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
        for body in [
            "",
            "<html>",
            "{}",
            "[]",
            "3",
            "\"text\"",
            r#"{"error":null}"#,
            r#"{"error":false}"#,
            r#"{"error":"","errors":[]}"#,
            r#"{"choices":[]}"#,
            r#"{"message":{"role":"assistant","content":"hello"}}"#,
            r#"{"base_resp":{"status_code":0,"status_msg":"success"}}"#,
            r#"{"id":"x","error":null,"status":"completed","output":[]}"#,
        ] {
            assert!(Complaint::read(body).is_none(), "{body}");
        }
    }

    #[test]
    fn bodies_are_errors_in_many_forms() {
        for body in [
            r#"{"error":"no"}"#,
            r#"{"error":{"message":"no"}}"#,
            r#"[{"error":{"message":"no"}}]"#,
            r#"{"errors":["no"]}"#,
            r#"{"errors":[{"message":"no"}]}"#,
            r#"{"message":"no"}"#,
            r#"{"message":{"detail":"no"}}"#,
            r#"{"detail":"no"}"#,
            r#"{"detail":[{"loc":["body"],"msg":"no","type":"missing"}]}"#,
            r#"{"code":"InvalidParameter","message":"no","request_id":"r"}"#,
            r#"{"code":401,"msg":"no"}"#,
            r#"{"error_code":17,"error_msg":"no"}"#,
            r#"{"base_resp":{"status_code":1004,"status_msg":"no"}}"#,
        ] {
            let complaint = Complaint::read(body).expect(body);
            assert_eq!(complaint.said.message.expect(body), "no", "{body}");
        }
    }

    #[test]
    fn bodies_that_are_no_json_are_text() {
        for (body, message) in [
            ("Bad gateway\n", "Bad gateway"),
            ("\"no\"", "no"),
            ("<html><head><title>502 Bad &amp; Gateway</title></head>x", "502 Bad & Gateway"),
            (r#"{"a":1}"#, r#"{"a":1}"#),
            (r#"event: error\ndata: {"error":{"message":"no"}}"#, "no"),
        ] {
            let said = Complaint::of_body(body).said.message.expect(body);
            assert!(said.contains(message), "{said}");
        }
        assert!(Complaint::of_body("").said.is_empty());
    }
}

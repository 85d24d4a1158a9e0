//! Reads the words of a response that refuses a request.

use reqwest::Response;
use serde_json::Value;

use crate::providers::failure::body;

/// The keys of an error object below which a refusal says what is wrong. Others may repeat the
/// request.
const KEYS: [&str; 10] =
    ["error", "message", "msg", "detail", "param", "loc", "code", "type", "metadata", "raw"];

/// Words that say of a field that the server does not take it.
const REFUSED: [&str; 16] = [
    "unsupported",
    "not supported",
    "does not support",
    "not compatible",
    "unknown",
    "unrecognized",
    "unexpected",
    "extra inputs",
    "extra fields",
    "extra_forbidden",
    "additional properties",
    "not permitted",
    "not allowed",
    "deprecated",
    "may only be set",
    "instead",
];

/// The words of a refusal, in lower case.
#[derive(Debug)]
pub(super) struct Refusal(String);

impl Refusal {
    /// Reads a response. Returns the response, whole, and its words if it may be about the form of
    /// the request.
    pub(super) async fn of(response: Response) -> (Response, Option<Self>) {
        if !matches!(response.status().as_u16(), 400 | 422 | 500) {
            return (response, None);
        }
        let mut whole = http::Response::new(Vec::new());
        *whole.status_mut() = response.status();
        whole.headers_mut().clone_from(response.headers());
        *whole.body_mut() = body(response).await;
        let words = Self::read(whole.body());
        (whole.into(), words)
    }

    /// Reads the words of a body, which is JSON or plain text.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            let text = str::from_utf8(body).ok()?;
            let is_page = text.trim_start().starts_with('<');
            return (!is_page).then(|| Self(text.to_lowercase()));
        };
        let mut words = String::new();
        match &body {
            Value::Object(_) => collect(&body, &mut words),
            // Gemini's errors come in a list.
            _ => body.get(0).into_iter().for_each(|body| collect(body, &mut words)),
        }
        Some(Self(words.to_lowercase()))
    }

    /// Returns whether the refusal names a field of the request and says that the server does not
    /// take it.
    pub(super) fn refuses(&self, field: &str) -> bool {
        self.names(field) && self.says(&REFUSED)
    }

    /// Returns whether the refusal names a field of the request.
    pub(super) fn names(&self, field: &str) -> bool {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        self.0.match_indices(field).any(|(at, _)| {
            let (before, after) = (&self.0[..at], &self.0[at + field.len()..]);
            !before.ends_with(is_part) && !after.starts_with(is_part)
        })
    }

    /// Returns whether the refusal has one of these phrases.
    pub(super) fn says(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.0.contains(phrase))
    }
}

fn collect(value: &Value, words: &mut String) {
    match value {
        Value::String(text) => {
            words.push_str(text);
            words.push('\n');
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, words)),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(key, _)| KEYS.contains(&key.as_str()));
            fields.for_each(|(_, value)| collect(value, words));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_named_as_whole_words() {
        let refusal = |body: &str| Refusal::read(body.as_bytes()).unwrap();
        let openai = refusal(
            r#"{"error":{"message":"Unsupported parameter: 'max_tokens'","param":"max_tokens"}}"#,
        );
        assert!(openai.refuses("max_tokens"));
        assert!(!openai.refuses("tokens") && !openai.refuses("top_p"));
        let pydantic = refusal(
            r#"{"detail":[{"loc":["body","stream_options"],"msg":"Extra inputs are not permitted","input":"top_p"}]}"#,
        );
        assert!(pydantic.refuses("stream_options") && !pydantic.names("top_p"));
        assert!(refusal(r#"[{"error":{"message":"Unknown: seed"}}]"#).refuses("seed"));
        let range = refusal(r#"{"error":{"message":"temperature must be at most 1"}}"#);
        assert!(range.names("temperature") && !range.refuses("temperature"));
        let coded = r#"{"error":{"message":"No.","param":"top_p","code":"unsupported_parameter"}}"#;
        assert!(refusal(coded).refuses("top_p"));
        assert!(refusal("json: unknown field \"seed\"").refuses("seed"));
        assert!(Refusal::read(b"<html>").is_none());
    }
}

//! Gathers the parts of an error object, however deep they are.
//!
//! Gateways wrap the error of the server behind them: as an object in an object, in a list, or as
//! JSON in a text.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use super::retry_after::{moment, seconds};

/// The most levels that are looked into.
const DEPTH: usize = 8;

/// The most items of one list that are looked at.
const ITEMS: usize = 8;

/// The most places of one text at which JSON is looked for.
const PLACES: usize = 4;

/// The names of codes. A code can be an HTTP status, as a number or as a text.
const CODES: [&str; 8] = [
    "code",
    "error_code",
    "errorCode",
    "status_code",
    "statusCode",
    "http_code",
    "http_status",
    "status",
];

/// Texts in the place of a code that name no error.
const NO_CODES: [&str; 6] = ["0", "200", "error", "fail", "failed", "failure"];

/// The names of types.
const TYPES: [&str; 4] = ["type", "error_type", "errorType", "__type"];

/// The names of words that say more exactly what is wrong.
const REASONS: [&str; 3] = ["reason", "quotaId", "quotaMetric"];

/// The names of messages, and of what may hold some.
const MESSAGES: [&str; 25] = [
    "message",
    "msg",
    "error_msg",
    "error_message",
    "errorMessage",
    "Message",
    "status_msg",
    "error",
    "error_description",
    "title",
    "description",
    "detail",
    "details",
    "errors",
    "inner_error",
    "innererror",
    "innerError",
    "metadata",
    "raw",
    "cause",
    "body",
    "upstream_error",
    "original_error",
    "base_resp",
    "violations",
];

/// The names of the id of a request.
const REQUEST_IDS: [&str; 3] = ["request_id", "requestId", "RequestId"];

/// The parts of an error object, from the outside to the inside.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) codes: Vec<String>,
    pub(super) types: Vec<String>,
    /// Words that are no code and no type.
    pub(super) reasons: Vec<String>,
    pub(super) messages: Vec<String>,
    pub(super) status: Option<u16>,
    pub(super) field: Option<String>,
    pub(super) tokens: Option<(u64, u64)>,
    pub(super) retry_after: Option<Duration>,
    pub(super) request_id: Option<String>,
}

impl Parts {
    pub(super) fn of(error: &Value) -> Self {
        let mut parts = Self::default();
        parts.value(error, DEPTH);
        parts
    }

    fn value(&mut self, value: &Value, room: usize) {
        let Some(room) = room.checked_sub(1) else { return };
        match value {
            Value::String(text) => self.text(text, room),
            Value::Array(items) => {
                items.iter().take(ITEMS).for_each(|item| self.value(item, room));
            }
            Value::Object(object) => self.object(object, room),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Adds a message. JSON in it is looked into, and a text that is nothing else is a message only
    /// if there is none in it.
    fn text(&mut self, text: &str, room: usize) {
        let inner = json_in(text);
        if inner.as_ref().is_none_or(|(before, _)| !before.trim().is_empty()) {
            self.message(text);
        }
        let known = self.messages.len();
        if let Some((_, inner)) = inner {
            self.value(&inner, room);
        }
        if self.messages.len() == known {
            self.message(text);
        }
    }

    /// Adds a message, unless another one holds it.
    fn message(&mut self, text: &str) {
        let text = text.trim();
        let is_new = is_told(text) && !self.messages.iter().any(|message| message.contains(text));
        self.messages.extend(is_new.then(|| text.to_owned()));
    }

    fn object(&mut self, object: &Map<String, Value>, room: usize) {
        let text = |key: &&str| object.get(*key).and_then(Value::as_str);
        let number = |key: &str| object.get(key).and_then(Value::as_u64);
        let words = |keys: &'static [&'static str]| {
            keys.iter().filter_map(text).filter(|word| is_told(word)).map(str::to_owned)
        };
        CODES.iter().filter_map(|key| object.get(*key)).for_each(|code| self.code(code));
        self.types.extend(words(&TYPES).filter(|word| word != "error"));
        self.reasons.extend(words(&REASONS));
        let field = words(&["param", "field"]).next();
        self.field = self.field.take().or(field);
        self.tokens = self.tokens.or(number("n_prompt_tokens").zip(number("n_ctx")));
        self.retry_after = self.retry_after.or_else(|| wait_in(object));
        let id = words(&REQUEST_IDS).next();
        self.request_id = self.request_id.take().or(id);
        for inner in MESSAGES.iter().filter_map(|key| object.get(*key)) {
            self.value(inner, room);
        }
    }

    fn code(&mut self, code: &Value) {
        let code = match code {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return,
        };
        match code.parse::<u16>().ok().filter(|status| (400..600).contains(status)) {
            Some(status) => self.status = self.status.or(Some(status)),
            None if NO_CODES.contains(&code.as_str()) || !is_told(&code) => {}
            None => self.codes.push(code),
        }
    }
}

/// Returns whether a text says anything. Gateways that are written in Python send the name of
/// nothing.
fn is_told(text: &str) -> bool {
    !["", "none", "null"].iter().any(|nothing| text.eq_ignore_ascii_case(nothing))
}

/// Returns the first JSON object or list of them in a text, with what stands before it.
fn json_in(text: &str) -> Option<(&str, Value)> {
    let places = text.match_indices(['{', '[']).take(PLACES);
    places.into_iter().find_map(|(place, _)| {
        let (before, rest) = text.split_at(place);
        let value = serde_json::Deserializer::from_str(rest).into_iter().next()?.ok()?;
        let first: &Value = &value;
        first.get(0).unwrap_or(first).is_object().then_some((before, value))
    })
}

/// Returns the wait that an object asks for.
fn wait_in(object: &Map<String, Value>) -> Option<Duration> {
    let wait = |key: &str| match object.get(key)? {
        Value::String(text) => seconds(text.trim().trim_end_matches('s')),
        number => seconds(&number.to_string()),
    };
    let reset = |name: &str| {
        let headers = object.get("headers")?.as_object()?;
        let mut headers = headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        moment(headers.next()?.1.as_str()?, SystemTime::now())
    };
    ["retryDelay", "retry_after", "retry_after_seconds", "retryAfter", "estimated_time"]
        .into_iter()
        .find_map(wait)
        .or_else(|| wait("retry_after_ms").map(|wait| wait / 1000))
        .or_else(|| ["retry-after", "x-ratelimit-reset"].into_iter().find_map(reset))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_in_errors_are_found() {
        let inner = json!({"type": "error", "error": {"type": "inner_type", "code": "inner_code", "message": "inner"}});
        let text = inner.to_string();
        for outer in [
            json!({"error": inner}),
            json!({"error": text}),
            json!({"message": inner}),
            json!({"message": text}),
            json!({"detail": [inner]}),
            json!({"error": {"message": "outer", "code": 400, "metadata": {"raw": text}}}),
            json!({"error": {"message": "outer", "innererror": inner}}),
            json!({"error": {"message": format!("outer: data: {text}"), "code": "400"}}),
            json!([{"error": {"message": format!("outer: {text} and more")}}]),
        ] {
            let parts = Parts::of(&outer);
            assert_eq!(parts.codes, ["inner_code"], "{outer}");
            assert_eq!(parts.types, ["inner_type"], "{outer}");
            assert!(parts.messages.join("; ").contains("inner"), "{outer}");
        }
    }

    #[test]
    fn what_is_wrapped_too_often_is_left_alone() {
        let wrap = |inner: Value| json!({ "error": inner });
        let deep = (0..2 * DEPTH).fold(json!({"code": "deep"}), |inner, _| wrap(inner));
        assert!(Parts::of(&deep).codes.is_empty());
        assert!(Parts::of(&json!("[".repeat(100_000))).codes.is_empty());
    }

    #[test]
    fn a_status_may_be_a_text() {
        for (code, status, codes) in [
            (json!(429), Some(429), &[][..]),
            (json!("429"), Some(429), &[]),
            (json!(" 503 "), Some(503), &[]),
            (json!("1301"), None, &["1301"]),
            (json!(1004), None, &["1004"]),
            (json!(200), None, &[]),
            (json!(0), None, &[]),
            (json!(-1), None, &["-1"]),
            (json!("None"), None, &[]),
            (json!(null), None, &[]),
            (json!("slow_down"), None, &["slow_down"]),
        ] {
            for key in CODES {
                let parts = Parts::of(&json!({ key: code }));
                assert_eq!(
                    (parts.status, parts.codes.as_slice()),
                    (
                        status,
                        codes.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>().as_slice()
                    ),
                    "{key} {code}"
                );
            }
        }
    }

    #[test]
    fn waits_are_found() {
        for (object, wait) in [
            (json!({"details": [{"reason": "X"}, {"retryDelay": "2.5s"}]}), Some(2.5)),
            (json!({"retry_after": 3}), Some(3.0)),
            (json!({"retry_after": "3"}), Some(3.0)),
            (json!({"retry_after_ms": 1500}), Some(1.5)),
            (json!({"error": "Model is currently loading", "estimated_time": 20.5}), Some(20.5)),
            (json!({"metadata": {"headers": {"Retry-After": "4"}}}), Some(4.0)),
            (json!({"retry_after": "soon"}), None),
            (json!({"retry_after": null}), None),
        ] {
            assert_eq!(
                Parts::of(&object).retry_after,
                wait.map(Duration::from_secs_f64),
                "{object}"
            );
        }
    }
}

//! Reads a page of a list of models. Each provider has its own names for the same.

use serde_json::Value;

use super::OfferedModel;
use crate::{ShortText, TokenCount};

/// The most bytes of a model's name. A longer one, or one that cannot be shown, is left out.
const NAME_BYTES: usize = 512;

/// The names of the size of a model's context.
const CONTEXT: [&str; 6] = [
    "context_length",
    "context_window",
    "max_model_len",
    "max_context_length",
    "max_input_tokens",
    "inputTokenLimit",
];

/// A page of a list.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Page {
    pub(super) models: Vec<OfferedModel>,
    /// The place at which the next page begins.
    pub(super) next: Option<String>,
}

impl Page {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        // Some servers give the list without an object around it.
        let list = ["data", "models"].iter().find_map(|key| body.get(key)).unwrap_or(&body);
        let models = list.as_array()?.iter().filter_map(model).collect();
        let has_more = body.get("has_more") == Some(&Value::Bool(true));
        let after = body.get("last_id").filter(|_| has_more);
        let next = after.or(body.get("nextPageToken")).and_then(Value::as_str);
        Some(Self { models, next: next.filter(|next| !next.is_empty()).map(str::to_owned) })
    }
}

fn model(model: &Value) -> Option<OfferedModel> {
    let text = |key: &str| model.get(key).and_then(Value::as_str);
    let methods = model.get("supportedGenerationMethods").and_then(Value::as_array);
    if methods.is_some_and(|methods| methods.iter().all(|method| method != "generateContent")) {
        return None;
    }
    let name = text("id").or(text("model")).or(text("name"))?;
    let name = name.strip_prefix("models/").unwrap_or(name);
    if name.is_empty() || name.len() > NAME_BYTES || name.contains(char::is_control) {
        return None;
    }
    let title = text("display_name").or(text("displayName")).or(text("name"));
    let tokens = CONTEXT.iter().find_map(|key| model.get(key)?.as_u64());
    Some(OfferedModel {
        name: name.to_owned(),
        title: title
            .filter(|title| title.strip_prefix("models/").unwrap_or(title) != name)
            .map(ShortText::from),
        context_tokens: tokens.map(TokenCount::new),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: &[(&str, Option<&str>, Option<u64>)], next: Option<&str>) {
        let page = Page::read(body.as_bytes()).unwrap();
        let models: Vec<_> = page
            .models
            .iter()
            .map(|it| (&*it.name, it.title.as_deref(), it.context_tokens.map(TokenCount::get)))
            .collect();
        assert_eq!((models.as_slice(), page.next.as_deref()), (expected, next), "{body}");
    }

    #[test]
    fn lists_are_read_in_the_words_of_each_provider() {
        check(
            r#"{"object":"list","data":[{"id":"a/b:free","name":"B","context_length":9},{"id":"c"}]}"#,
            &[("a/b:free", Some("B"), Some(9)), ("c", None, None)],
            None,
        );
        check(r#"[{"id":"a"}]"#, &[("a", None, None)], None);
        check(
            r#"{"data":[{"id":"a","display_name":"A"}],"has_more":true,"last_id":"a"}"#,
            &[("a", Some("A"), None)],
            Some("a"),
        );
        check(
            r#"{"models":[{"name":"models/g","displayName":"G","inputTokenLimit":5,
                "supportedGenerationMethods":["generateContent"]},
                {"name":"models/e","supportedGenerationMethods":["embedContent"]}],
                "nextPageToken":"t"}"#,
            &[("g", Some("G"), Some(5))],
            Some("t"),
        );
        check(
            r#"{"models":[{"name":"l:1b","model":"l:1b"}],"has_more":false,"last_id":"x"}"#,
            &[("l:1b", None, None)],
            None,
        );
    }

    #[test]
    fn what_cannot_be_a_name_is_left_out() {
        check(r#"{"data":[{"id":""},{"id":"a\u001bb"},{"id":3},{}]}"#, &[], None);
        for other in ["", "{}", "3", r#"{"data":{}}"#, "<html>"] {
            assert_eq!(Page::read(other.as_bytes()), None, "{other}");
        }
    }
}

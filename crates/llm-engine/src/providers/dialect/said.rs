//! What a piece of an answer says, in whatever form a server writes it.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, value::RawValue};

/// The texts in a piece of an answer.
///
/// Most servers write a text. Others write a list of parts, or one part, each with a type of its
/// own; parts without text, such as images and signatures, are passed over, and so is any other
/// value. A server's odd piece must not cost the rest of the answer.
#[derive(Debug, Default, Eq, PartialEq)]
pub(in crate::providers) struct Said {
    pub(in crate::providers) text: String,
    pub(in crate::providers) reasoning: String,
    pub(in crate::providers) refusal: String,
    /// Whether a part is the call of a tool.
    pub(in crate::providers) has_tool_call: bool,
}

/// What a text in a part is.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Reasoning,
    Refusal,
}

/// The types of parts that are calls of tools.
const CALLS: [&str; 4] = ["tool_use", "tool_call", "function_call", "custom_tool_call"];

/// The names under which parts hold their text, by what it is then. Of several names of one kind,
/// the first with a text counts.
const NAMES: [(Kind, &[&str]); 3] = [
    (Kind::Text, &["text", "content", "value", "output_text"]),
    (Kind::Reasoning, &["thinking", "reasoning", "reasoning_content", "summary"]),
    (Kind::Refusal, &["refusal"]),
];

impl Said {
    /// Returns the texts in a value. One that is not there says nothing.
    pub(super) fn of(json: Option<&RawValue>) -> Self {
        json.map(RawValue::get).map(Self::read).unwrap_or_default()
    }

    fn read(json: &str) -> Self {
        if let Ok(text) = serde_json::from_str(json) {
            return Self { text, ..Self::default() };
        }
        let mut said = Self::default();
        said.take(&serde_json::from_str(json).unwrap_or_default(), Kind::Text);
        said
    }

    /// All the texts, for a field that holds nothing but reasoning.
    pub(super) fn all(self) -> String {
        self.reasoning + &self.text
    }

    fn take(&mut self, value: &Value, kind: Kind) -> bool {
        match value {
            Value::String(text) => {
                self.place(kind).push_str(text);
                !text.is_empty()
            }
            Value::Array(parts) => {
                parts.iter().fold(false, |is_any, part| self.take(part, kind) | is_any)
            }
            Value::Object(part) => {
                let named = part.get("type").and_then(Value::as_str);
                self.has_tool_call |= named.is_some_and(|named| CALLS.contains(&named));
                let kind = match named {
                    Some(of) if of.contains("think") || of.contains("reason") => Kind::Reasoning,
                    Some("refusal") => Kind::Refusal,
                    Some(_) | None => kind,
                };
                NAMES.iter().fold(false, |is_any, (named, names)| {
                    let kind = if let Kind::Text = named { kind } else { *named };
                    let mut values = names.iter().filter_map(|name| part.get(*name));
                    values.any(|value| self.take(value, kind)) | is_any
                })
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    fn place(&mut self, kind: Kind) -> &mut String {
        match kind {
            Kind::Text => &mut self.text,
            Kind::Reasoning => &mut self.reasoning,
            Kind::Refusal => &mut self.refusal,
        }
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::read(<&RawValue>::deserialize(deserializer)?.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::Said;

    #[track_caller]
    fn check(json: &str, text: &str, reasoning: &str, refusal: &str) {
        let said = serde_json::from_str::<Said>(json).unwrap();
        assert_eq!((&*said.text, &*said.reasoning, &*said.refusal), (text, reasoning, refusal));
    }

    #[test]
    fn texts_are_found_in_every_form() {
        check(r#""a\nb""#, "a\nb", "", "");
        check("null", "", "", "");
        check("7", "", "", "");
        check(r#"[{"type":"text","text":"a"},"b",{"type":"image","url":"c"}]"#, "ab", "", "");
        check(r#"{"type":"text","text":{"value":"a","annotations":[]}}"#, "a", "", "");
        check(r#"{"type":"output_text","text":"a"}"#, "a", "", "");
        check(
            r#"[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"a"}]"#,
            "a",
            "hm",
            "",
        );
        check(r#"[{"type":"reasoning.text","text":"hm","signature":"x"}]"#, "", "hm", "");
        check(r#"{"type":"reasoning.summary","summary":"hm"}"#, "", "hm", "");
        check(r#"{"type":"thinking","thinking":"hm","signature":"x"}"#, "", "hm", "");
        check(r#"{"type":"reasoning.encrypted","data":"x"}"#, "", "", "");
        check(r#"{"type":"refusal","refusal":"no"}"#, "", "", "no");
        check(r#"{"text":"","content":"a"}"#, "a", "", "");
    }

    #[test]
    fn calls_of_tools_are_found() {
        for (json, expected) in [
            (r#"{"type":"tool_use","id":"t","name":"f","input":{}}"#, true),
            (r#"[{"type":"message","content":[]},{"type":"function_call","name":"f"}]"#, true),
            (r#"{"type":"web_search_call","id":"w"}"#, false),
            (r#""tool_use""#, false),
        ] {
            let said = serde_json::from_str::<Said>(json).unwrap();
            assert_eq!(
                (said.has_tool_call, &*said.text == "tool_use"),
                (expected, json == r#""tool_use""#)
            );
        }
    }

    #[test]
    fn a_part_that_is_nested_without_end_says_nothing() {
        check(&("[".repeat(1000) + &"]".repeat(1000)), "", "", "");
    }
}

//! The check of arguments against a JSON Schema.

use jsonschema::{Draft, PatternOptions, Retrieve, Uri, Validator};
use serde_json::Value;

use super::ArgumentsCheck;
use crate::{Json, ShortText, ToolSpec, ToolSpecError, ToolSpecProblem};

/// The most bytes of a regular expression once it is compiled.
const PATTERN_BYTES: usize = 1024 * 1024;

/// The most values of the arguments that contain each other. The check calls itself for each, and
/// for what the schema refers to there.
const DEPTH: usize = 64;

/// The most characters of the words on one thing that is wrong with the arguments.
const REASON_CHARS: usize = 160;

/// The most things that are wrong with the arguments of which the model is told.
const REASONS: usize = 3;

/// Prepares the check of the arguments of a tool.
pub(super) fn compile(spec: &ToolSpec) -> Result<impl ArgumentsCheck + use<>, ToolSpecError> {
    // First the bounds, so that nothing large is compiled.
    spec.check()?;
    let unusable = |reason: String| {
        let reason = ShortText::from(reason);
        spec.error("input_schema", ToolSpecProblem::NotASchema { reason })
    };
    let schema = spec.input_schema.to().map_err(|error| unusable(error.to_string()))?;
    let validator = validator(&schema).map_err(unusable)?;
    Ok(Schema(validator))
}

fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_retriever(Nowhere)
        .should_validate_formats(false)
        // Without backtracking, so that no text of a model takes long to match.
        .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES))
        .build(schema)
        .map_err(|error| error.to_string())
}

/// Follows no reference.
struct Nowhere;

impl Retrieve for Nowhere {
    fn retrieve(&self, _: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err("references are not followed".into())
    }
}

struct Schema(Validator);

impl ArgumentsCheck for Schema {
    fn check(&self, arguments: &Json) -> Result<(), ShortText> {
        if depth(arguments.as_str()) > DEPTH {
            return Err("the arguments are nested too deeply".into());
        }
        let value: Value = arguments.to().map_err(|error| ShortText::from(error.to_string()))?;
        let wrong: Vec<String> = self
            .0
            .iter_errors(&value)
            .take(REASONS)
            .map(|error| {
                let place = error.instance_path().to_string();
                let place = if place.is_empty() { "the arguments" } else { &place };
                ShortText::cut(&format!("{place}: {error}"), REASON_CHARS).into()
            })
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(ShortText::from(wrong.join("; "))) }
    }
}

/// Returns how many objects and lists of a JSON text contain each other.
fn depth(text: &str) -> usize {
    let (mut now, mut most, mut in_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_text,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                now += 1;
                most = most.max(now);
            }
            b'}' | b']' if !in_text => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(schema: &str) -> ToolSpec {
        ToolSpec::new("f", Json::parse(schema).unwrap())
    }

    fn check(schema: &str, arguments: &str) -> Option<String> {
        let check = compile(&spec(schema)).unwrap();
        check.check(&Json::parse(arguments).unwrap()).err().map(Into::into)
    }

    const ADD: &str = r#"{
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "string", "pattern": "^x+$"}},
        "required": ["a"],
        "additionalProperties": false
    }"#;

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (arguments, wrong) in [
            (r#"{"a":1}"#, None),
            (r#"{"a":1,"b":"xx"}"#, None),
            (r#"{"a":123456789012345678901234567890}"#, None),
            (r#"{"a":"1"}"#, Some(r#"/a: "1" is not of type "integer""#)),
            ("{}", Some(r#"the arguments: "a" is a required property"#)),
            (r#"{"a":1,"b":"y"}"#, Some(r#"/b: "y" does not match "^x+$""#)),
            (
                r#"{"a":1,"c":2}"#,
                Some("the arguments: Additional properties are not allowed ('c' was unexpected)"),
            ),
        ] {
            assert_eq!(check(ADD, arguments).as_deref(), wrong, "{arguments}");
        }
    }

    #[test]
    fn the_words_are_short_however_much_is_wrong() {
        let fields: Vec<String> =
            (0..500).map(|n| format!(r#""f{n}":"{}""#, "x".repeat(500))).collect();
        let arguments = format!("{{{}}}", fields.join(","));
        let all_are_numbers = r#"{"type":"object","additionalProperties":{"type":"number"}}"#;
        let words = check(all_are_numbers, &arguments).unwrap();
        assert!(words.chars().count() <= ShortText::MAX_CHARS, "{words}");
    }

    #[test]
    fn a_schema_that_cannot_be_used_is_refused() {
        for schema in [
            r#"{"type":"object","properties":7}"#,
            r#"{"type":"object","minProperties":"one"}"#,
            r#"{"type":"object","patternProperties":{"(":true}}"#,
            r#"{"type":"object","properties":{"a":{"pattern":"(?=a)"}}}"#,
            r#"{"type":"object","properties":{"a":{"pattern":"((a{100}){100}){100}"}}}"#,
        ] {
            let error = compile(&spec(schema)).err().map(|error| error.problem);
            assert!(
                matches!(error, Some(ToolSpecProblem::NotASchema { .. })),
                "{schema}: {error:?}"
            );
        }
    }

    #[test]
    fn a_schema_may_refer_to_itself() {
        let tree = r##"{"type":"object","unevaluatedProperties":false,
            "properties":{"left":{"$ref":"#"},"n":{"type":"integer"}}}"##;
        assert_eq!(check(tree, r#"{"left":{"left":{"n":1}}}"#), None);
        assert!(check(tree, r#"{"left":{"left":{"n":"1"}}}"#).is_some());
        let nested = |depth: usize| r#"{"left":"#.repeat(depth) + "{}" + &"}".repeat(depth);
        assert_eq!(check(tree, &nested(DEPTH - 1)), None);
        assert_eq!(check(tree, &nested(DEPTH)).unwrap(), "the arguments are nested too deeply");
    }

    #[test]
    fn what_contains_each_other_is_counted_outside_of_texts() {
        for (text, levels) in
            [("1", 0), ("{}", 1), (r#"{"a":[1,[2]],"b":[3]}"#, 3), (r#"{"[[[":"]\"[[\\"}"#, 1)]
        {
            assert_eq!(depth(text), levels, "{text}");
        }
    }
}

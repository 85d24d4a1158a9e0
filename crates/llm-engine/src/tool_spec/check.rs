//! What a description of a tool must keep to, so that every provider and every check can take it.

use serde_json::Value;

use super::{ToolSpec, ToolSpecError, ToolSpecProblem, references};
use crate::{Json, ShortText};

/// The most characters of a name.
const NAME_CHARS: usize = 64;

/// The most characters of a description.
const DESCRIPTION_CHARS: usize = 8 * 1024;

/// The most bytes of a schema.
const SCHEMA_BYTES: usize = 64 * 1024;

/// The most values of a schema that contain each other.
const SCHEMA_DEPTH: usize = 32;

/// The most bytes of a regular expression in a schema.
const PATTERN_BYTES: usize = 1024;

impl ToolSpec {
    /// Checks that every provider can be told of the tool, and that its schemas are bounded and
    /// need nothing outside them. Whether the schemas mean anything is not checked here, but where
    /// [a tool is checked](crate::CheckedTool).
    pub fn check(&self) -> Result<(), ToolSpecError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if self.name.is_empty() || self.name.len() > NAME_CHARS || !self.name.chars().all(fits) {
            return Err(self.error("name", ToolSpecProblem::Name { limit: NAME_CHARS }));
        }
        if self.description.chars().nth(DESCRIPTION_CHARS).is_some() {
            let problem = ToolSpecProblem::TooLong { limit: DESCRIPTION_CHARS };
            return Err(self.error("description", problem));
        }
        check_schema(&self.input_schema)
            .and_then(|schema| {
                let is_of_object = schema.get("type").is_some_and(|it| it == "object");
                is_of_object.then_some(()).ok_or(ToolSpecProblem::NotOfAnObject)
            })
            .map_err(|problem| self.error("input_schema", problem))?;
        if let Some(schema) = &self.output_schema {
            check_schema(schema).map_err(|problem| self.error("output_schema", problem))?;
        }
        Ok(())
    }

    /// Returns the error of a field of this tool.
    pub(crate) fn error(&self, field: &'static str, problem: ToolSpecProblem) -> ToolSpecError {
        ToolSpecError { tool: ShortText::cut(&self.name, NAME_CHARS), field, problem }
    }
}

/// Reads a schema that is bounded and refers to nothing outside.
fn check_schema(schema: &Json) -> Result<Value, ToolSpecProblem> {
    if schema.as_str().len() > SCHEMA_BYTES {
        return Err(ToolSpecProblem::TooLarge { limit: SCHEMA_BYTES });
    }
    let value = schema.to::<Value>().map_err(|error| ToolSpecProblem::NotASchema {
        reason: ShortText::from(error.to_string()),
    })?;
    check_value(&value, SCHEMA_DEPTH)?;
    references::check(&value)?;
    Ok(value)
}

/// Checks a value of a schema, and at most `levels` of values in each other.
///
/// Data in a schema, such as a default, is checked like the schema: it is bounded in the same way,
/// and what looks like a reference in it is refused too.
fn check_value(value: &Value, levels: usize) -> Result<(), ToolSpecProblem> {
    match value {
        Value::Object(_) | Value::Array(_) if levels == 0 => {
            Err(ToolSpecProblem::TooDeep { limit: SCHEMA_DEPTH })
        }
        Value::Object(fields) => fields.iter().try_for_each(|(key, field)| {
            check_keyword(key, field)?;
            check_value(field, levels - 1)
        }),
        Value::Array(items) => items.iter().try_for_each(|item| check_value(item, levels - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn check_keyword(key: &str, value: &Value) -> Result<(), ToolSpecProblem> {
    match (key, value) {
        ("$id" | "$dynamicRef" | "$recursiveRef", Value::String(_)) => {
            let keyword = match key {
                "$id" => "$id",
                "$dynamicRef" => "$dynamicRef",
                _ => "$recursiveRef",
            };
            Err(ToolSpecProblem::Keyword { keyword })
        }
        ("pattern", Value::String(pattern)) => check_pattern(pattern),
        ("patternProperties", Value::Object(fields)) => {
            fields.keys().try_for_each(|pattern| check_pattern(pattern))
        }
        _ => Ok(()),
    }
}

fn check_pattern(pattern: &str) -> Result<(), ToolSpecProblem> {
    if pattern.len() > PATTERN_BYTES {
        return Err(ToolSpecProblem::PatternTooLong { limit: PATTERN_BYTES });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut ToolSpec)) -> Option<(&'static str, ToolSpecProblem)> {
        let mut spec = ToolSpec::new("add", Json::parse(r#"{"type":"object"}"#).unwrap());
        change(&mut spec);
        spec.check().err().map(|error| (error.field, error.problem))
    }

    #[test]
    fn a_name_is_what_all_providers_take() {
        for (name, is_taken) in [
            ("a".to_owned(), true),
            ("get_Weather-2".to_owned(), true),
            ("a".repeat(64), true),
            ("a".repeat(65), false),
            (String::new(), false),
            ("a b".to_owned(), false),
            ("a.b".to_owned(), false),
            ("é".to_owned(), false),
        ] {
            let problem = check(|spec| spec.name.clone_from(&name));
            assert_eq!(problem.is_none(), is_taken, "{name:?}");
        }
    }

    #[test]
    fn a_description_is_bounded_in_characters() {
        assert_eq!(check(|spec| spec.description = "é".repeat(8192)), None);
        let problem = ToolSpecProblem::TooLong { limit: 8192 };
        let told = check(|spec| spec.description = "é".repeat(8193));
        assert_eq!(told, Some(("description", problem)));
    }

    #[track_caller]
    fn check_schema(schema: &str, problem: Option<&ToolSpecProblem>) {
        let told = check(|spec| spec.input_schema = Json::parse(schema).unwrap());
        assert_eq!(
            told.as_ref().map(|told| (told.0, &told.1)),
            problem.map(|it| ("input_schema", it))
        );
    }

    #[test]
    fn a_schema_is_bounded_and_is_one_of_an_object() {
        let nested = |levels: usize| {
            let inner = "[".repeat(levels) + &"]".repeat(levels);
            format!(r#"{{"type":"object","enum":{inner}}}"#)
        };
        let pattern = |bytes: usize| {
            format!(
                r#"{{"type":"object","properties":{{"a":{{"pattern":"{}"}}}}}}"#,
                "a".repeat(bytes)
            )
        };
        let names = |bytes: usize| {
            format!(r#"{{"type":"object","patternProperties":{{"{}":true}}}}"#, "a".repeat(bytes))
        };
        let too_long = ToolSpecProblem::PatternTooLong { limit: 1024 };
        for (schema, problem) in [
            ("true".to_owned(), Some(ToolSpecProblem::NotOfAnObject)),
            ("{}".to_owned(), Some(ToolSpecProblem::NotOfAnObject)),
            (r#"{"type":"string"}"#.to_owned(), Some(ToolSpecProblem::NotOfAnObject)),
            (r#"{"type":["object"]}"#.to_owned(), Some(ToolSpecProblem::NotOfAnObject)),
            (nested(31), None),
            (nested(32), Some(ToolSpecProblem::TooDeep { limit: 32 })),
            (pattern(1024), None),
            (pattern(1025), Some(too_long.clone())),
            (names(1025), Some(too_long)),
            (
                format!(r#"{{"type":"object","title":"{}"}}"#, "a".repeat(64 * 1024)),
                Some(ToolSpecProblem::TooLarge { limit: 64 * 1024 }),
            ),
        ] {
            check_schema(&schema, problem.as_ref());
        }
    }

    #[test]
    fn no_reference_leaves_a_schema() {
        for (reference, is_well) in [
            ("#", true),
            ("#/$defs/a", true),
            ("#/$defs/none", false),
            ("#a", false),
            ("#/%24defs/a", false),
            ("https://example.com/a.json", false),
            ("file:///etc/passwd", false),
            ("a.json", false),
            ("", false),
        ] {
            let problem = ToolSpecProblem::Reference { reference: reference.into() };
            let schema = format!(
                r#"{{"type":"object","items":[{{"$ref":"{reference}"}}],"$defs":{{"a":true}}}}"#
            );
            check_schema(&schema, (!is_well).then_some(&problem));
        }
        for keyword in ["$id", "$dynamicRef", "$recursiveRef"] {
            let schema = format!(r##"{{"type":"object","items":[{{"{keyword}":"#"}}]}}"##);
            check_schema(&schema, Some(&ToolSpecProblem::Keyword { keyword }));
        }
    }

    #[test]
    fn references_end_and_are_bounded() {
        let chain = |length: usize, link: &str| {
            let link =
                |n| format!(r#""a{n}":{}"#, link.replace('*', &format!("#/$defs/a{}", n + 1)));
            let links: Vec<String> = (0..length).map(link).collect();
            format!(
                r##"{{"type":"object","$ref":"#/$defs/a0","$defs":{{{},"a{length}":true}}}}"##,
                links.join(",")
            )
        };
        let nested = r#"{"properties":{"x":{"$ref":"*"}}}"#;
        let too_many = ToolSpecProblem::TooManyReferences { limit: 64 };
        let too_deep = ToolSpecProblem::TooDeep { limit: 128 };
        let endless = ToolSpecProblem::EndlessReference;
        for (schema, problem) in [
            (chain(63, r#"{"$ref":"*"}"#), None),
            (chain(64, r#"{"$ref":"*"}"#), Some(&too_many)),
            (chain(40, nested), None),
            (chain(50, nested), Some(&too_deep)),
            (r##"{"type":"object","properties":{"a":{"$ref":"#"}}}"##.to_owned(), None),
            (r##"{"type":"object","$ref":"#"}"##.to_owned(), Some(&endless)),
            (r##"{"type":"object","allOf":[{"not":{"$ref":"#"}}]}"##.to_owned(), Some(&endless)),
            (
                r##"{"type":"object","dependentSchemas":{"a":{"$ref":"#"}}}"##.to_owned(),
                Some(&endless),
            ),
            (
                r##"{"type":"object","items":{"$ref":"#/$defs/a"},"$defs":{
                    "a":{"anyOf":[{"$ref":"#/$defs/b"}]},"b":{"if":{"$ref":"#/$defs/a"}}}}"##
                    .to_owned(),
                Some(&endless),
            ),
        ] {
            check_schema(&schema, problem);
        }
    }

    #[test]
    fn an_error_names_tool_field_and_limit() {
        let spec = ToolSpec::new("a b", Json::parse("true").unwrap());
        assert_eq!(
            spec.check().unwrap_err().to_string(),
            "name of the tool `a b` must be 1 to 64 of the characters A-Z, a-z, 0-9, _ and -",
        );
    }
}

//! Reads the keywords of a schema object, without its references and unions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    JsonType,
    alternative::{self, Alternative, Condition, Schemas, Values},
    range::Range,
    shape::Shape,
};

const ALL_TYPES: [JsonType; 6] = [
    JsonType::Null,
    JsonType::Boolean,
    JsonType::Number,
    JsonType::String,
    JsonType::Array,
    JsonType::Object,
];

/// Keywords that do not constrain values.
const ANNOTATIONS: [&str; 13] = [
    "$schema",
    "$comment",
    "$defs",
    "definitions",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    // Words to generators: the type that TypeScript gets, and the field that tells variants apart.
    "tsType",
    "discriminator",
];

/// Returns whether a keyword does not constrain values. Keywords that begin with `x-` are
/// extensions, which say something to tools or people.
pub(super) fn is_annotation(keyword: &str) -> bool {
    keyword.starts_with("x-") || ANNOTATIONS.contains(&keyword)
}

/// Returns the shape of all values.
pub(super) fn anything<'a>() -> Shape<'a> {
    Shape(ALL_TYPES.map(Alternative::any).into())
}

/// Returns the shape that the known keywords describe.
pub(super) fn read(schema: &Map<String, Value>) -> Shape<'_> {
    let types = match schema.get("type") {
        Some(Value::String(name)) => json_type(name).into_iter().collect(),
        Some(Value::Array(names)) => {
            names.iter().filter_map(|name| json_type(name.as_str()?)).collect()
        }
        _ => BTreeSet::from(ALL_TYPES),
    };
    let shape = types.iter().filter_map(|&of| alternative(of, schema)).collect();
    Shape::any_of(shape)
}

/// Returns the keywords that are not known or have a value of a wrong type.
pub(super) fn unknown(schema: &Map<String, Value>) -> Vec<&str> {
    let unknown = schema.iter().filter(|(keyword, value)| !is_known(keyword, value));
    unknown.map(|(keyword, _)| keyword.as_str()).collect()
}

fn is_known(keyword: &str, value: &Value) -> bool {
    match keyword {
        "type" => match value {
            Value::Array(names) => names.iter().all(is_type),
            name => is_type(name),
        },
        "$ref" | "pattern" | "format" => value.is_string(),
        "enum" | "allOf" | "anyOf" | "oneOf" => value.is_array(),
        "required" => value.as_array().is_some_and(|names| names.iter().all(Value::is_string)),
        "properties" => value.is_object(),
        "items" | "additionalProperties" | "propertyNames" => {
            value.is_object() || value.is_boolean()
        }
        "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum" | "minLength"
        | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
        | "multipleOf" => value.is_number(),
        "uniqueItems" => value.is_boolean(),
        "const" => true,
        other => is_annotation(other),
    }
}

fn alternative(of: JsonType, schema: &Map<String, Value>) -> Option<Alternative<'_>> {
    let mut alternative = Alternative { range: Range::read(schema, of), ..Alternative::any(of) };
    alternative.conditions.extend(conditions(of, schema));
    match of {
        JsonType::Null
        | JsonType::Boolean
        | JsonType::Integer
        | JsonType::Number
        | JsonType::String => {}
        JsonType::Array => alternative.items = of_keyword(schema, "items"),
        JsonType::Object => {
            alternative.fields = fields(schema);
            alternative.required = required(schema);
            alternative.other_fields = of_keyword(schema, "additionalProperties");
            alternative.names = of_keyword(schema, "propertyNames");
        }
    }
    listed(schema)
        .into_iter()
        .try_fold(alternative, |alternative, list| restricted(alternative, list))
}

/// Returns the values that a schema lists, if it lists values and says nothing else, so that its
/// opposite is any value but these. Lists and objects are not among them, because equal ones may
/// have another text.
pub(super) fn only_listed(schema: &Value) -> Option<Values<'_>> {
    let schema = schema.as_object()?;
    let mut keywords = schema.keys().filter(|keyword| !is_annotation(keyword));
    let (Some("enum" | "const"), None) = (keywords.next().map(String::as_str), keywords.next())
    else {
        return None;
    };
    let values = listed(schema).concat();
    let are_plain = values.iter().all(|value| !value.is_array() && !value.is_object());
    are_plain.then(|| alternative::by_text(values))
}

/// Returns the lists of allowed values in `enum` and `const`.
fn listed(schema: &Map<String, Value>) -> Vec<Vec<&Value>> {
    let several = schema.get("enum").and_then(Value::as_array);
    let one = schema.get("const");
    several
        .map(|list| list.iter().collect())
        .into_iter()
        .chain(one.map(|value| vec![value]))
        .collect()
}

fn restricted<'a>(alternative: Alternative<'a>, list: Vec<&'a Value>) -> Option<Alternative<'a>> {
    let mut alternative = alternative.among(alternative::by_text(list))?;
    if matches!(alternative.of, JsonType::Array | JsonType::Object) {
        // Listed arrays and objects would have to be checked against the other schemas, which is
        // not done.
        let values = alternative.values.take().into_iter().flatten();
        let text = values.map(|(text, _)| text).collect::<Vec<_>>().join(",");
        let what = format!("the list of {}s", alternative.of);
        alternative.conditions.insert(Condition::NotUnderstood { what, text });
    }
    Some(alternative)
}

fn conditions(of: JsonType, schema: &Map<String, Value>) -> impl Iterator<Item = Condition> {
    let stated: &[&'static str] = match of {
        JsonType::Integer | JsonType::Number => &["multipleOf"],
        JsonType::Array => &["uniqueItems"],
        JsonType::Null | JsonType::Boolean | JsonType::String | JsonType::Object => &[],
    };
    let has_format = matches!(of, JsonType::Integer | JsonType::Number | JsonType::String);
    let text = |keyword, applies| {
        let value = schema.get(keyword).and_then(Value::as_str).filter(|_| applies);
        value.map(str::to_owned)
    };
    let format = text("format", has_format).map(Condition::Format);
    let pattern = text("pattern", of == JsonType::String).map(Condition::Pattern);
    let stated = stated.iter().filter_map(|&keyword| {
        let value = schema.get(keyword).filter(|value| **value != Value::Bool(false))?;
        Some(Condition::Stated { keyword, value: value.to_string() })
    });
    stated.chain(format).chain(pattern)
}

fn fields(schema: &Map<String, Value>) -> BTreeMap<&str, Schemas<'_>> {
    let fields = schema.get("properties").and_then(Value::as_object);
    fields.into_iter().flatten().map(|(name, schema)| (name.as_str(), vec![schema])).collect()
}

fn required(schema: &Map<String, Value>) -> BTreeSet<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn of_keyword<'a>(schema: &'a Map<String, Value>, keyword: &str) -> Schemas<'a> {
    schema.get(keyword).into_iter().collect()
}

fn is_type(name: &Value) -> bool {
    name.as_str().is_some_and(|name| json_type(name).is_some())
}

fn json_type(name: &str) -> Option<JsonType> {
    [JsonType::Integer].into_iter().chain(ALL_TYPES).find(|of| of.to_string() == name)
}

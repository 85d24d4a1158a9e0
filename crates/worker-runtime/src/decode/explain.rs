//! Says which field of a request does not fit, why, and what would, by the request's own schema.
//!
//! It looks at what decides whether a request can be read: types, tags, names and forms. Bounds are
//! not its matter: those are limits, which have errors of their own.

use serde_json::{Value, error::Category};

use super::json::Json;
use crate::error::RuntimeError;

/// The error for a request that could not be read, as `first` found.
pub(super) fn explain(json: &[u8], schema: &Value, first: &serde_json::Error) -> RuntimeError {
    let not_json = |error: &serde_json::Error| {
        let place = format!("not JSON at line {}, column {}", error.line(), error.column());
        RuntimeError::invalid("", place)
    };
    match first.classify() {
        Category::Syntax | Category::Eof | Category::Io => return not_json(first),
        Category::Data => {}
    }
    let request = match serde_json::from_slice::<Json>(json) {
        Ok(request) => request,
        Err(error) => return not_json(&error),
    };
    match (Explainer { root: schema }).check(schema, &request) {
        Err(Misfit { path, problem }) => RuntimeError::invalid(path, problem),
        Ok(()) => RuntimeError::invalid("", "not as it must be"),
    }
}

/// Why a value does not fit, and where. Never holds the value.
struct Misfit {
    path: String,
    problem: String,
}

type Checked = Result<(), Misfit>;

fn misfit(problem: impl Into<String>) -> Misfit {
    Misfit { path: String::new(), problem: problem.into() }
}

impl Misfit {
    fn under(mut self, key: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => key.to_owned(),
            rest if rest.starts_with('[') => format!("{key}{rest}"),
            rest => format!("{key}.{rest}"),
        };
        self
    }
}

struct Explainer<'a> {
    root: &'a Value,
}

impl Explainer<'_> {
    fn check(&self, schema: &Value, value: &Json) -> Checked {
        let schema = self.resolved(schema);
        if let Some(choices) = schema["anyOf"].as_array() {
            // Something or null: the only choice that is not told by a tag.
            return match (value, choices.first()) {
                (Json::Null, _) | (_, None) => Ok(()),
                (_, Some(choice)) => self.check(choice, value),
            };
        }
        if let Some(names) = names(schema) {
            return match value {
                Json::Text(text) if names.contains(&text.as_str()) => Ok(()),
                _ => Err(misfit(format!("must be one of {}", list(&names)))),
            };
        }
        if let Some(branches) = tagged(schema) {
            return self.check(branch(branches, value)?, value);
        }
        self.check_type(schema, value)
    }

    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let name = schema["$ref"].as_str().and_then(|it| it.strip_prefix("#/$defs/"));
        match name.map(|it| self.root["$defs"].get(it).unwrap_or(&self.root["$defs"])) {
            Some(definition) => self.resolved(definition),
            None => schema,
        }
    }

    fn check_type(&self, schema: &Value, value: &Json) -> Checked {
        let types = &schema["type"];
        let allows = |name: &str| {
            types == name || types.as_array().is_some_and(|it| it.contains(&name.into()))
        };
        match value {
            Json::Null if allows("null") => Ok(()),
            Json::Bool if allows("boolean") => Ok(()),
            Json::Number { is_count: true } if allows("integer") => Ok(()),
            Json::Text(text) if allows("string") => check_form(schema, text),
            Json::List(items) if allows("array") => {
                items.iter().enumerate().try_for_each(|(place, item)| {
                    self.check(&schema["items"], item).map_err(|it| it.under(&format!("[{place}]")))
                })
            }
            Json::Object(fields) if allows("object") => self.check_fields(schema, fields),
            Json::Null
            | Json::Bool
            | Json::Number { .. }
            | Json::Text(_)
            | Json::List(_)
            | Json::Object(_) => Err(misfit(wanted(allows))),
        }
    }

    fn check_fields(&self, schema: &Value, fields: &[(String, Json)]) -> Checked {
        let known = &schema["properties"];
        for (place, (name, value)) in fields.iter().enumerate() {
            let under = |it: Misfit| it.under(&shortened(name));
            if fields[..place].iter().any(|(earlier, _)| earlier == name) {
                return Err(under(misfit("is given twice")));
            }
            let schema = known.get(name).unwrap_or(&schema["additionalProperties"]);
            if *schema == Value::Bool(false) {
                return Err(under(misfit(unknown_field(known))));
            }
            self.check(schema, value).map_err(under)?;
        }
        let is_there = |name: &str| fields.iter().any(|(it, _)| it == name);
        let mut required = schema["required"].as_array().into_iter().flatten();
        match required.find_map(|it| it.as_str().filter(|name| !is_there(name))) {
            Some(name) => Err(misfit("is missing").under(name)),
            None => Ok(()),
        }
    }
}

/// The names of an enum without data.
fn names(schema: &Value) -> Option<Vec<&str>> {
    if let Some(name) = schema["const"].as_str() {
        return Some(vec![name]);
    }
    if let Some(names) = schema["enum"].as_array() {
        return names.iter().map(Value::as_str).collect();
    }
    schema["oneOf"].as_array()?.iter().map(|it| it["const"].as_str()).collect()
}

/// The branches of a union that is told by its tag.
fn tagged(schema: &Value) -> Option<&[Value]> {
    let branches = schema["oneOf"].as_array()?;
    branches.iter().all(|it| tag(it).is_some()).then_some(branches)
}

fn tag(branch: &Value) -> Option<&str> {
    branch["properties"]["type"]["const"].as_str()
}

fn branch<'s>(branches: &'s [Value], value: &Json) -> Result<&'s Value, Misfit> {
    let Json::Object(fields) = value else { return Err(misfit("must be an object")) };
    let Some((_, value)) = fields.iter().find(|(name, _)| name == "type") else {
        return Err(misfit("is missing").under("type"));
    };
    let named = |it: &&Value| matches!(value, Json::Text(text) if tag(it) == Some(text));
    branches.iter().find(named).ok_or_else(|| {
        let tags: Vec<&str> = branches.iter().filter_map(tag).collect();
        misfit(format!("must be one of {}", list(&tags))).under("type")
    })
}

fn check_form(schema: &Value, text: &str) -> Checked {
    let is_id = schema["format"] == "uuid";
    if is_id && text.parse::<crate::identity::WorkerId>().is_err() {
        return Err(misfit("must be a UUID in its hyphenated form"));
    }
    Ok(())
}

fn wanted(allows: impl Fn(&str) -> bool) -> String {
    let kinds = [
        ("string", "a text"),
        ("integer", "a whole number from 0 to 2^53 - 1"),
        ("boolean", "true or false"),
        ("array", "a list"),
        ("object", "an object"),
    ];
    let kind = kinds.iter().find(|(name, _)| allows(name));
    kind.map_or_else(|| "not as it must be".to_owned(), |(_, kind)| format!("must be {kind}"))
}

fn unknown_field(known: &Value) -> String {
    let names: Vec<&str> =
        known.as_object().into_iter().flatten().map(|(name, _)| &**name).collect();
    if names.is_empty() {
        "unknown field; none is allowed here".to_owned()
    } else {
        format!("unknown field; allowed are {}", list(&names))
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A field's name is the caller's text: it is shown, but not at any length.
fn shortened(name: &str) -> String {
    name.chars().filter(|it| !it.is_control()).take(64).collect()
}

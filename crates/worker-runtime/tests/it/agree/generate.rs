//! Random instances of a schema, made from a sequence of choices that shrinks well.

use serde_json::{Map, Value, json};

/// An id that a test replaces by an existing one.
pub(super) const ID: &str = "018bcfe5-6800-7000-8000-0000000000aa";

/// Texts that every pattern in the schemas allows.
const TEXTS: [&str; 5] = ["a", "Ada", "b/c", "\u{e9}t\u{e9}", "x_1"];

/// A sequence of choices.
pub(super) struct Choices<'a> {
    rest: std::slice::Iter<'a, u16>,
}

impl<'a> Choices<'a> {
    pub(super) fn of(choices: &'a [u16]) -> Self {
        Self { rest: choices.iter() }
    }

    /// The next choice, a number below `count`. It is 0 when no choices are left.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let choice = self.rest.next().copied().unwrap_or(0);
        usize::from(choice) % count.max(1)
    }

    pub(super) fn one_of<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[self.below(items.len())]
    }

    pub(super) fn yes(&mut self) -> bool {
        self.below(2) == 1
    }
}

/// A value that is valid for the schema `root`.
pub(super) fn instance(root: &Value, choices: &mut Choices<'_>) -> Value {
    Generator { root }.value(root, choices)
}

struct Generator<'a> {
    root: &'a Value,
}

impl Generator<'_> {
    fn value(&self, schema: &Value, choices: &mut Choices<'_>) -> Value {
        let schema = self.flat(schema);
        if let Some(only) = schema.get("const") {
            return only.clone();
        }
        if let Some(Value::Array(values)) = schema.get("enum") {
            return choices.one_of(values).clone();
        }
        for keyword in ["oneOf", "anyOf"] {
            let Some(Value::Array(branches)) = schema.get(keyword) else { continue };
            let mut rest = schema.clone();
            rest.remove(keyword);
            let known: Vec<_> =
                branches.iter().map(|it| self.flat(it)).filter(|it| !is_of_later(it)).collect();
            let branch = choices.one_of(&known).clone();
            return self.value(&Value::Object(joined(rest, branch)), choices);
        }
        let kind = match schema.get("type") {
            Some(Value::Array(kinds)) => choices.one_of(kinds).clone(),
            Some(kind) => kind.clone(),
            None if schema.contains_key("properties") => json!("object"),
            None => json!("null"),
        };
        match kind.as_str().expect("a type's name") {
            "null" => Value::Null,
            "boolean" => json!(choices.yes()),
            "integer" => integer(&schema, choices),
            "string" => text(&schema, choices),
            "array" => {
                let items = schema.get("items").unwrap_or(&Value::Null);
                (0..choices.below(3)).map(|_| self.value(items, choices)).collect()
            }
            "object" => self.object(&schema, choices),
            other => panic!("no generator for {other}"),
        }
    }

    fn object(&self, schema: &Map<String, Value>, choices: &mut Choices<'_>) -> Value {
        let required = names(schema.get("required"));
        let mut object = Map::new();
        for (name, property) in
            schema.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            if required.contains(name) || choices.yes() {
                object.insert(name.clone(), self.value(property, choices));
            }
        }
        if let Some(values @ Value::Object(_)) = schema.get("additionalProperties") {
            for _ in 0..choices.below(3) {
                let name = (*choices.one_of(&TEXTS)).to_owned();
                object.insert(name, self.value(values, choices));
            }
        }
        object.into()
    }

    /// `schema` with its reference resolved.
    fn flat(&self, schema: &Value) -> Map<String, Value> {
        let mut own = schema.as_object().cloned().unwrap_or_default();
        let Some(reference) = own.remove("$ref") else { return own };
        let name =
            reference.as_str().and_then(|path| path.strip_prefix("#/$defs/")).expect("a name");
        joined(self.flat(&self.root["$defs"][name]), own)
    }
}

/// The conjunction of two schemas: properties and requirements are merged.
fn joined(mut one: Map<String, Value>, two: Map<String, Value>) -> Map<String, Value> {
    for (keyword, value) in two {
        match (one.get_mut(&keyword), value) {
            (Some(Value::Object(mine)), Value::Object(theirs)) if keyword == "properties" => {
                mine.extend(theirs);
            }
            (Some(Value::Array(mine)), Value::Array(theirs)) if keyword == "required" => {
                mine.extend(theirs);
            }
            (_, value) => {
                one.insert(keyword, value);
            }
        }
    }
    one
}

/// Whether a branch is for values or variants that later versions add.
fn is_of_later(branch: &Map<String, Value>) -> bool {
    let tag = |name: &str| branch.get("properties").and_then(|fields| fields.get(name));
    let is_open = |schema: &Value| !schema["not"]["enum"].is_null();
    branch.get("not").is_some_and(|not| !not["enum"].is_null())
        || ["type", "code"].into_iter().filter_map(tag).any(is_open)
}

fn names(required: Option<&Value>) -> Vec<String> {
    required.map(|names| serde_json::from_value(names.clone()).expect("names")).unwrap_or_default()
}

fn integer(schema: &Map<String, Value>, choices: &mut Choices<'_>) -> Value {
    let bound = |keyword: &str, or: u64| schema.get(keyword).and_then(Value::as_u64).unwrap_or(or);
    let (min, max) = (bound("minimum", 0), bound("maximum", u64::from(u32::MAX)));
    json!([min, max, min + (max - min) / 2, max.min(min + 1)][choices.below(4)])
}

fn text(schema: &Map<String, Value>, choices: &mut Choices<'_>) -> Value {
    if schema.get("format").is_some_and(|format| format == "uuid") {
        return json!(ID);
    }
    let max = schema.get("maxLength").and_then(Value::as_u64).unwrap_or(2000);
    if choices.below(8) == 7 && max <= 2000 {
        let max = usize::try_from(max).expect("a small number");
        return json!("m".repeat(max));
    }
    json!(choices.one_of(&TEXTS))
}

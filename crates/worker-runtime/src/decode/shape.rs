//! The shape of a request, taken from its schema: types, tags, names and forms of values.
//!
//! Bounds are left out, because limits have checks and errors of their own.

use serde_json::Value;

/// The shape that a value must have.
#[derive(Debug)]
pub(super) enum Shape {
    /// Any value.
    Any,
    /// No value fits.
    Nothing,
    /// A value of this shape, or null.
    Optional(Box<Shape>),
    /// True or false.
    Bool,
    /// A whole number from 0 to 2^53 - 1.
    Count,
    /// Any text.
    Text,
    /// A UUID in its hyphenated form.
    Id,
    /// One of these texts.
    Name(Vec<Box<str>>),
    /// A list of values of this shape.
    List(Box<Shape>),
    /// An object with these fields.
    Object(Fields),
    /// An object with one of these sets of fields, which its `type` names.
    Union(Vec<(Box<str>, Fields)>),
}

/// The fields of an object.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) known: Vec<Field>,
    /// The shape of a field with any other name.
    pub(super) others: Box<Shape>,
}

/// A field of an object.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: Box<str>,
    pub(super) shape: Shape,
    pub(super) is_required: bool,
}

impl Shape {
    /// Returns the shape that a schema document describes.
    pub(super) fn of(document: &Value) -> Self {
        Reader { document }.shape(document)
    }
}

struct Reader<'a> {
    document: &'a Value,
}

impl Reader<'_> {
    fn shape(&self, schema: &Value) -> Shape {
        let name = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/"));
        if let Some(name) = name {
            return self.shape(&self.document["$defs"][name]);
        }
        if let Some([some, _null]) = schema["anyOf"].as_array().map(Vec::as_slice) {
            return Shape::Optional(Box::new(self.shape(some)));
        }
        if let Some(names) = names(schema) {
            return Shape::Name(names);
        }
        if let Some(branches) = tagged(schema) {
            let branches = branches.into_iter().map(|(tag, branch)| (tag, self.fields(branch)));
            return Shape::Union(branches.collect());
        }
        match &schema["type"] {
            Value::Array(types) => {
                let shape = types.first().map_or(Shape::Any, |only| self.typed(schema, only));
                Shape::Optional(Box::new(shape))
            }
            only => self.typed(schema, only),
        }
    }

    fn typed(&self, schema: &Value, name: &Value) -> Shape {
        match name.as_str() {
            Some("string") if schema["format"] == "uuid" => Shape::Id,
            Some("string") => Shape::Text,
            Some("integer") => Shape::Count,
            Some("boolean") => Shape::Bool,
            Some("array") => Shape::List(Box::new(self.shape(&schema["items"]))),
            Some("object") => Shape::Object(self.fields(schema)),
            Some(_) | None if schema == false => Shape::Nothing,
            Some(_) | None => Shape::Any,
        }
    }

    fn fields(&self, schema: &Value) -> Fields {
        let required = schema["required"].as_array();
        let is_required =
            |name: &str| required.is_some_and(|names| names.iter().any(|other| other == name));
        let known = schema["properties"].as_object().into_iter().flatten().map(|(name, schema)| {
            let shape = self.shape(schema);
            Field { name: name.as_str().into(), shape, is_required: is_required(name) }
        });
        Fields {
            known: known.collect(),
            others: Box::new(self.shape(&schema["additionalProperties"])),
        }
    }
}

/// Returns the names of an enum without data, or `None` for any other schema.
fn names(schema: &Value) -> Option<Vec<Box<str>>> {
    let name = |value: &Value| value.as_str().map(Box::from);
    if let Some(only) = name(&schema["const"]) {
        return Some(vec![only]);
    }
    if let Some(names) = schema["enum"].as_array() {
        return names.iter().map(name).collect();
    }
    schema["oneOf"].as_array()?.iter().map(|branch| name(&branch["const"])).collect()
}

/// Returns the branches of a tagged union, each with its tag, or `None` for any other schema.
fn tagged(schema: &Value) -> Option<Vec<(Box<str>, &Value)>> {
    let tag = |branch: &Value| branch["properties"]["type"]["const"].as_str().map(Box::from);
    schema["oneOf"].as_array()?.iter().map(|branch| Some((tag(branch)?, branch))).collect()
}

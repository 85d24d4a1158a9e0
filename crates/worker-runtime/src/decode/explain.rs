//! Checks a request against its shape, and names the first field that does not fit.

use std::{borrow::Cow, collections::HashSet};

use crate::{
    decode::{
        json::Json,
        shape::{Fields, Shape},
    },
    error::RuntimeError,
    identity::WorkerId,
};

/// Checks that a request has the shape, and otherwise returns an error that names the first field
/// that does not fit.
pub(super) fn check(shape: &Shape, request: &Json<'_>) -> Result<(), RuntimeError> {
    fits(shape, request).map_err(|misfit| RuntimeError::invalid(misfit.path, misfit.problem))
}

/// The path and the problem of a value that does not fit.
struct Misfit {
    path: String,
    problem: String,
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

type Checked = Result<(), Misfit>;

/// The fields of an object, in the order in which they were written.
type Given<'a> = [(Cow<'a, str>, Json<'a>)];

fn misfit(problem: impl Into<String>) -> Misfit {
    Misfit { path: String::new(), problem: problem.into() }
}

fn must_be(what: &str) -> Checked {
    Err(misfit(format!("must be {what}")))
}

fn fits(shape: &Shape, value: &Json<'_>) -> Checked {
    match (shape, value) {
        (Shape::Any, _)
        | (Shape::Optional(_), Json::Null)
        | (Shape::Bool, Json::Bool(_))
        | (Shape::Text, Json::Text(_)) => Ok(()),
        (Shape::Count, Json::Number(number)) if number.is_count() => Ok(()),
        (Shape::Nothing, _) => Err(misfit("is not allowed here")),
        (Shape::Optional(shape), value) => fits(shape, value),
        (Shape::Bool, _) => must_be("true or false"),
        (Shape::Count, _) => must_be("a whole number from 0 to 2^53 - 1"),
        (Shape::Text, _) => must_be("a text"),
        (Shape::Id, Json::Text(text)) if text.parse::<WorkerId>().is_ok() => Ok(()),
        (Shape::Id, _) => must_be("a UUID in its hyphenated form"),
        (Shape::Name(names), Json::Text(text)) if names.iter().any(|name| **name == **text) => {
            Ok(())
        }
        (Shape::Name(names), _) => must_be(&one_of(names.iter().map(|name| &**name))),
        (Shape::List(shape), Json::List(items)) => {
            items.iter().enumerate().try_for_each(|(place, item)| {
                fits(shape, item).map_err(|misfit| misfit.under(&format!("[{place}]")))
            })
        }
        (Shape::List(_), _) => must_be("a list"),
        (Shape::Object(fields), Json::Object(given)) => fields_fit(fields, given),
        (Shape::Union(branches), Json::Object(given)) => union_fits(branches, given),
        (Shape::Object(_) | Shape::Union(_), _) => must_be("an object"),
    }
}

fn union_fits(branches: &[(Box<str>, Fields)], given: &Given<'_>) -> Checked {
    let Some((_, tag)) = given.iter().find(|(name, _)| name == "type") else {
        return Err(misfit("is missing").under("type"));
    };
    let named = |name: &str| matches!(tag, Json::Text(text) if text == name);
    match branches.iter().find(|(name, _)| named(name)) {
        Some((_, fields)) => fields_fit(fields, given),
        None => must_be(&one_of(branches.iter().map(|(name, _)| &**name)))
            .map_err(|misfit| misfit.under("type")),
    }
}

fn fields_fit(fields: &Fields, given: &Given<'_>) -> Checked {
    let mut seen = HashSet::new();
    for (name, value) in given {
        let under = |misfit: Misfit| misfit.under(&shortened(name));
        if !seen.insert(&**name) {
            return Err(under(misfit("is given twice")));
        }
        match fields.known.iter().find(|field| *field.name == **name) {
            Some(field) => fits(&field.shape, value).map_err(under)?,
            None if matches!(*fields.others, Shape::Nothing) => {
                return Err(under(misfit(unknown_field(fields))));
            }
            None => fits(&fields.others, value).map_err(under)?,
        }
    }
    let is_missing = |name: &str| !given.iter().any(|(given, _)| given == name);
    match fields.known.iter().find(|field| field.is_required && is_missing(&field.name)) {
        Some(field) => Err(misfit("is missing").under(&field.name)),
        None => Ok(()),
    }
}

fn unknown_field(fields: &Fields) -> String {
    if fields.known.is_empty() {
        "unknown field; none is allowed here".to_owned()
    } else {
        format!(
            "unknown field; allowed are {}",
            list(fields.known.iter().map(|field| &*field.name))
        )
    }
}

fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    format!("one of {}", list(names))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Returns the first 64 characters of a field's name, without control characters. The name comes
/// from the caller and may be of any length.
fn shortened(name: &str) -> String {
    name.chars().filter(|char| !char.is_control()).take(64).collect()
}

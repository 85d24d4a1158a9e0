//! Says which field of a request does not fit, why, and what would. Never repeats a value.

use std::{borrow::Cow, collections::HashSet};

use crate::{
    decode::{
        json::Json,
        shape::{Fields, Shape},
    },
    error::RuntimeError,
    identity::WorkerId,
};

/// Refuses a request that is not of the shape.
pub(super) fn check(shape: &Shape, request: &Json<'_>) -> Result<(), RuntimeError> {
    fits(shape, request).map_err(|it| RuntimeError::invalid(it.path, it.problem))
}

/// Why a value does not fit, and where.
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

/// An object's fields as they were written.
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
        (Shape::Name(names), Json::Text(text)) if names.iter().any(|it| **it == **text) => Ok(()),
        (Shape::Name(names), _) => must_be(&one_of(names.iter().map(|it| &**it))),
        (Shape::List(shape), Json::List(items)) => {
            items.iter().enumerate().try_for_each(|(place, item)| {
                fits(shape, item).map_err(|it| it.under(&format!("[{place}]")))
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
            .map_err(|it| it.under("type")),
    }
}

fn fields_fit(fields: &Fields, given: &Given<'_>) -> Checked {
    let mut names = Names::among(given);
    for (place, (name, value)) in given.iter().enumerate() {
        let under = |it: Misfit| it.under(&shortened(name));
        if names.came_before(place) {
            return Err(under(misfit("is given twice")));
        }
        match fields.known.iter().find(|it| *it.name == **name) {
            Some(field) => fits(&field.shape, value).map_err(under)?,
            None if matches!(*fields.others, Shape::Nothing) => {
                return Err(under(misfit(unknown_field(fields))));
            }
            None => fits(&fields.others, value).map_err(under)?,
        }
    }
    let is_missing = |name: &str| !given.iter().any(|(it, _)| it == name);
    match fields.known.iter().find(|it| it.is_required && is_missing(&it.name)) {
        Some(field) => Err(misfit("is missing").under(&field.name)),
        None => Ok(()),
    }
}

/// The names of an object's fields, to see which comes again.
struct Names<'a> {
    given: &'a Given<'a>,
    /// Of many fields: those that came so far. Few are quicker compared with each other.
    seen: Option<HashSet<&'a str>>,
}

impl<'a> Names<'a> {
    const FEW: usize = 16;

    fn among(given: &'a Given<'a>) -> Self {
        Self { given, seen: (given.len() > Self::FEW).then(HashSet::new) }
    }

    /// Whether a field before this one has the same name. To be asked of each in order.
    fn came_before(&mut self, place: usize) -> bool {
        let name = &*self.given[place].0;
        match &mut self.seen {
            Some(seen) => !seen.insert(name),
            None => self.given[..place].iter().any(|(it, _)| it == name),
        }
    }
}

fn unknown_field(fields: &Fields) -> String {
    if fields.known.is_empty() {
        "unknown field; none is allowed here".to_owned()
    } else {
        format!("unknown field; allowed are {}", list(fields.known.iter().map(|it| &*it.name)))
    }
}

fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    format!("one of {}", list(names))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A field's name is the caller's text: it is shown, but not at any length.
fn shortened(name: &str) -> String {
    name.chars().filter(|it| !it.is_control()).take(64).collect()
}

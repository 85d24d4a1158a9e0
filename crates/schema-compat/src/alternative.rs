//! The values of one type that a schema accepts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{JsonType, number, range::Range};

/// Schemas that have not been read yet and must all be satisfied. An empty list accepts everything.
pub(super) type Schemas<'a> = Vec<&'a Value>;

/// Values, keyed by a text that is the same for equal values.
pub(super) type Values<'a> = BTreeMap<String, &'a Value>;

/// The values of one type that satisfy all constraints in the fields. A field with its default
/// value is no constraint.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alternative<'a> {
    pub(super) of: JsonType,
    /// The allowed values, if they are listed. Listed integers have the type `Number`.
    pub(super) values: Option<Values<'a>>,
    /// Values that are refused. Empty if the allowed values are listed.
    pub(super) excluded: Values<'a>,
    pub(super) range: Range,
    pub(super) conditions: BTreeSet<Condition>,
    pub(super) items: Schemas<'a>,
    pub(super) fields: BTreeMap<&'a str, Schemas<'a>>,
    pub(super) required: BTreeSet<&'a str>,
    /// The schemas of all fields that are not in `fields`.
    pub(super) other_fields: Schemas<'a>,
    pub(super) names: Schemas<'a>,
}

/// A constraint that is either present or absent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Condition {
    Format(String),
    Pattern(String),
    Stated {
        keyword: &'static str,
        value: String,
    },
    /// A part of a schema that can only be compared word for word.
    NotUnderstood {
        what: String,
        text: String,
    },
}

impl<'a> Alternative<'a> {
    /// Returns all values of a type.
    pub(super) fn any(of: JsonType) -> Self {
        let few: &[&Value] = match of {
            JsonType::Null => &[&Value::Null],
            JsonType::Boolean => &[&Value::Bool(false), &Value::Bool(true)],
            JsonType::Integer
            | JsonType::Number
            | JsonType::String
            | JsonType::Array
            | JsonType::Object => &[],
        };
        Self {
            of,
            values: (!few.is_empty()).then(|| by_text(few.iter().copied())),
            excluded: Values::new(),
            range: Range::default(),
            conditions: BTreeSet::new(),
            items: Vec::new(),
            fields: BTreeMap::new(),
            required: BTreeSet::new(),
            other_fields: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Returns the intersection of two alternatives, if it is not empty.
    pub(super) fn and(self, other: Self) -> Option<Self> {
        let of = match (self.of, other.of) {
            (left, right) if left == right => left,
            (JsonType::Integer, JsonType::Number) | (JsonType::Number, JsonType::Integer) => {
                JsonType::Integer
            }
            _ => return None,
        };
        let both = Self {
            of,
            values: None,
            excluded: Values::new(),
            range: self.range.and(other.range),
            conditions: self.conditions.into_iter().chain(other.conditions).collect(),
            items: joined(&self.items, &other.items),
            fields: joined_fields(
                (&self.fields, &self.other_fields),
                (&other.fields, &other.other_fields),
            ),
            required: self.required.into_iter().chain(other.required).collect(),
            other_fields: joined(&self.other_fields, &other.other_fields),
            names: joined(&self.names, &other.names),
        };
        let both = [self.values, other.values].into_iter().flatten().try_fold(both, Self::among)?;
        both.without(self.excluded)?.without(other.excluded)
    }

    /// Restricts an alternative to a list of values. Returns `None` if no value is left.
    pub(super) fn among(mut self, mut list: Values<'a>) -> Option<Self> {
        let known = self.values.take();
        list.retain(|key, value| {
            self.of.includes(value)
                && known.as_ref().is_none_or(|known| known.contains_key(key))
                && !self.excluded.contains_key(key)
        });
        self.excluded.clear();
        if self.of == JsonType::Integer {
            // The list has only integers, and lists of one type are easier to join.
            self.of = JsonType::Number;
        }
        self.values = Some(list).filter(|list| !list.is_empty());
        self.values.is_some().then_some(self)
    }

    /// Refuses some values. Returns `None` if no listed value is left.
    pub(super) fn without(mut self, excluded: Values<'a>) -> Option<Self> {
        if let Some(list) = &mut self.values {
            list.retain(|key, _| !excluded.contains_key(key));
        } else {
            let of_type = excluded.into_iter().filter(|(_, value)| self.of.includes(value));
            self.excluded.extend(of_type);
        }
        self.values.as_ref().is_none_or(|list| !list.is_empty()).then_some(self)
    }

    /// Adds the values of `other`, if the two differ only in the values that they list. Returns
    /// whether the values were added, or the two are equal.
    pub(super) fn absorb(&mut self, other: &Self) -> bool {
        let (Some(own), Some(others)) = (&self.values, &other.values) else {
            let alike = Self { excluded: other.excluded.clone(), ..self.clone() } == *other;
            if alike {
                self.excluded.retain(|key, _| other.excluded.contains_key(key));
            }
            return alike;
        };
        let union = own.iter().chain(others).map(|(key, value)| (key.clone(), *value)).collect();
        let alike = Self { values: other.values.clone(), ..self.clone() } == *other;
        if alike {
            self.values = Some(union);
        }
        alike
    }

    /// Returns whether no value matches both alternatives, as their types and values show.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        let lies_outside = |values: &Option<Values>, refused: &dyn Fn(&String) -> bool| {
            values.as_ref().is_some_and(|values| values.keys().all(refused))
        };
        self.of.family() != other.of.family()
            || lies_outside(&self.values, &|value| {
                other.excluded.contains_key(value)
                    || other.values.as_ref().is_some_and(|list| !list.contains_key(value))
            })
            || lies_outside(&other.values, &|value| self.excluded.contains_key(value))
    }

    /// Returns whether the values are all that is said about a string.
    pub(super) fn is_plain_string(&self) -> bool {
        let values = (self.values.clone(), self.excluded.clone());
        *self == Self { values: values.0, excluded: values.1, ..Self::any(JsonType::String) }
    }

    /// Returns the narrowest type of all the values.
    pub(super) fn narrowest_type(&self) -> JsonType {
        let is_integral =
            |values: &Values| values.values().all(|value| JsonType::Integer.includes(value));
        match self.of {
            JsonType::Number if self.values.as_ref().is_some_and(is_integral) => JsonType::Integer,
            of => of,
        }
    }

    /// Returns the schemas of the field with this name.
    pub(super) fn field(&self, name: &str) -> &Schemas<'a> {
        self.fields.get(name).unwrap_or(&self.other_fields)
    }
}

/// Values, keyed by a text that is the same for equal values.
pub(super) fn by_text<'a>(list: impl IntoIterator<Item = &'a Value>) -> Values<'a> {
    let text = |value: &Value| match value {
        Value::Number(number) => number::integral(number)
            .map_or_else(|| number.to_string(), |integer| integer.to_string()),
        other => other.to_string(),
    };
    list.into_iter().map(|value| (text(value), value)).collect()
}

/// Adds a schema if it is not in the list yet. Without duplicates the number of combinations is
/// finite.
pub(super) fn join<'a>(schemas: &mut Schemas<'a>, schema: &'a Value) {
    if !schemas.iter().any(|known| std::ptr::eq(*known, schema)) {
        schemas.push(schema);
    }
}

fn joined<'a>(left: &Schemas<'a>, right: &Schemas<'a>) -> Schemas<'a> {
    let mut both = left.clone();
    for schema in right {
        join(&mut both, schema);
    }
    both
}

/// Returns the fields of both sides. Each field is constrained by both sides: by its name, or as
/// one of the other fields.
fn joined_fields<'a>(
    (left, left_others): (&BTreeMap<&'a str, Schemas<'a>>, &Schemas<'a>),
    (right, right_others): (&BTreeMap<&'a str, Schemas<'a>>, &Schemas<'a>),
) -> BTreeMap<&'a str, Schemas<'a>> {
    left.keys()
        .chain(right.keys())
        .map(|&name| {
            let of_left = left.get(name).unwrap_or(left_others);
            (name, joined(of_left, right.get(name).unwrap_or(right_others)))
        })
        .collect()
}

//! What can be different at one place of two documents.

use std::{cmp::Ordering, fmt};

use serde_json::{Number, Value};

use super::{JsonType, number};

/// What is different at one place.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A document is there that was not.
    DocumentAdded,
    /// A document is gone.
    DocumentRemoved,
    /// The types allowed here are others; an empty list allows nothing.
    TypesChanged {
        /// Before.
        old: Vec<JsonType>,
        /// Now.
        new: Vec<JsonType>,
    },
    /// A field is described that was not.
    FieldAdded {
        /// Whether it is required now and was not before.
        required: bool,
    },
    /// A field is no longer described.
    FieldRemoved,
    /// An optional field is required now.
    FieldRequired,
    /// A required field is optional now.
    FieldOptional,
    /// Fields that are not described are refused now.
    Closed,
    /// Fields that are not described are allowed now.
    Opened,
    /// A union tagged by `type` or `code` has one more variant.
    VariantAdded,
    /// A union tagged by `type` or `code` lacks a variant.
    VariantRemoved,
    /// A union without tag has one more form of this type.
    AlternativeAdded(JsonType),
    /// A union without tag lacks a form of this type.
    AlternativeRemoved(JsonType),
    /// One more value is listed.
    ValueAdded(Value),
    /// A value is no longer listed.
    ValueRemoved(Value),
    /// Only these values are left of what was not listed before.
    ValuesListed(Vec<Value>),
    /// Not only these values are allowed any more.
    ValuesFreed(Vec<Value>),
    /// A bound was set, moved or taken away.
    LimitChanged {
        /// Before.
        old: Option<Limit>,
        /// Now.
        new: Option<Limit>,
    },
    /// The `format` was set, changed or taken away.
    FormatChanged {
        /// Before.
        old: Option<String>,
        /// Now.
        new: Option<String>,
    },
    /// A further condition must hold, such as a `pattern`.
    ConditionAdded {
        /// The keyword that states it.
        keyword: &'static str,
        /// Its value, as JSON.
        value: String,
    },
    /// A condition need not hold any more.
    ConditionRemoved {
        /// The keyword that stated it.
        keyword: &'static str,
        /// Its value, as JSON.
        value: String,
    },
    /// The schemas differ in something that this check cannot judge.
    NotUnderstood {
        /// What it is, mostly the keywords.
        what: String,
    },
    /// An entry of a data document is new.
    EntryAdded,
    /// An entry of a data document is gone.
    EntryRemoved,
    /// A value in a data document is another.
    EntryChanged {
        /// Before.
        old: Value,
        /// Now.
        new: Value,
    },
    /// The entries of a list in a data document come in another order.
    Reordered,
}

/// A bound on a number, a length or a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The keyword that states it, such as `maxLength`.
    pub keyword: &'static str,
    /// Its value.
    pub value: Number,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.keyword, self.value)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DocumentAdded => f.write_str("document added"),
            Self::DocumentRemoved => f.write_str("document removed"),
            Self::TypesChanged { old, new } => {
                write!(f, "type changed from {} to {}", joined(old), joined(new))
            }
            Self::FieldAdded { required: true } => f.write_str("required field added"),
            Self::FieldAdded { required: false } => f.write_str("optional field added"),
            Self::FieldRemoved => f.write_str("field removed"),
            Self::FieldRequired => f.write_str("optional field became required"),
            Self::FieldOptional => f.write_str("required field became optional"),
            Self::Closed => f.write_str("other fields are refused now"),
            Self::Opened => f.write_str("other fields are allowed now"),
            Self::VariantAdded => f.write_str("variant added"),
            Self::VariantRemoved => f.write_str("variant removed"),
            Self::AlternativeAdded(of) => write!(f, "another form of {of} added"),
            Self::AlternativeRemoved(of) => write!(f, "a form of {of} removed"),
            Self::ValueAdded(value) => write!(f, "value {value} added"),
            Self::ValueRemoved(value) => write!(f, "value {value} removed"),
            Self::ValuesListed(values) => write!(f, "limited to {}", list(values)),
            Self::ValuesFreed(values) => write!(f, "no longer limited to {}", list(values)),
            Self::LimitChanged { old, new } => limit_changed(f, old.as_ref(), new.as_ref()),
            Self::FormatChanged { old, new } => {
                let name = |format: &Option<String>| format.clone().unwrap_or("none".to_owned());
                write!(f, "format changed from {} to {}", name(old), name(new))
            }
            Self::ConditionAdded { keyword, value } => write!(f, "{keyword} {value} added"),
            Self::ConditionRemoved { keyword, value } => write!(f, "{keyword} {value} removed"),
            Self::NotUnderstood { what } => {
                write!(f, "{what} differs, which this check does not understand")
            }
            Self::EntryAdded => f.write_str("entry added"),
            Self::EntryRemoved => f.write_str("entry removed"),
            Self::EntryChanged { old, new } => write!(f, "changed from {old} to {new}"),
            Self::Reordered => f.write_str("entries reordered"),
        }
    }
}

fn limit_changed(
    f: &mut fmt::Formatter<'_>,
    old: Option<&Limit>,
    new: Option<&Limit>,
) -> fmt::Result {
    match (old, new) {
        (None, None) => f.write_str("limit unchanged"),
        (None, Some(new)) => write!(f, "{new} added"),
        (Some(old), None) => write!(f, "{old} removed"),
        (Some(old), Some(new)) if old.keyword == new.keyword => {
            let moved = match number::order(&old.value, &new.value) {
                Ordering::Less => "raised",
                Ordering::Equal | Ordering::Greater => "lowered",
            };
            write!(f, "{} {moved} from {} to {}", old.keyword, old.value, new.value)
        }
        (Some(old), Some(new)) => write!(f, "{old} became {new}"),
    }
}

fn joined(types: &[JsonType]) -> String {
    match types {
        [] => "nothing".to_owned(),
        types => types.iter().map(JsonType::to_string).collect::<Vec<_>>().join(" or "),
    }
}

fn list(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

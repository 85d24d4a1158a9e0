//! The kinds of differences between two documents.

use std::{cmp::Ordering, fmt};

use serde_json::{Number, Value, json};

use super::{JsonType, number};

/// A difference at one place of two documents.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A document was added.
    DocumentAdded,
    /// A document was removed.
    DocumentRemoved,
    /// The allowed types changed. An empty list allows nothing.
    TypesChanged {
        /// The old value.
        old: Vec<JsonType>,
        /// The new value.
        new: Vec<JsonType>,
    },
    /// A field was added to the description.
    FieldAdded {
        /// Whether the field is required now and was not before.
        required: bool,
    },
    /// A field was added in a reply to what clients also send, and a request refuses it.
    FieldNotTakenBack {
        /// The document of the requests that refuse it.
        by: String,
    },
    /// A field was removed from the description.
    FieldRemoved,
    /// An optional field became required.
    FieldRequired,
    /// A required field became optional.
    FieldOptional,
    /// Fields that are not described became refused.
    Closed,
    /// Fields that are not described became allowed.
    Opened,
    /// A variant was added to a union tagged by `type` or `code`.
    VariantAdded {
        /// Whether the union was open, so that clients expect variants without a name.
        to_open: bool,
    },
    /// A variant was removed from a union tagged by `type` or `code`.
    VariantRemoved,
    /// A union was opened: variants that it does not name became allowed.
    UnionOpened,
    /// An open union was closed: variants that it does not name became refused.
    UnionClosed,
    /// An alternative of this type was added to a union without a tag.
    AlternativeAdded(JsonType),
    /// An alternative of this type was removed from a union without a tag.
    AlternativeRemoved(JsonType),
    /// A value was added to a list of values.
    ValueAdded(Value),
    /// A value was removed from a list of values.
    ValueRemoved(Value),
    /// The values became restricted to this list.
    ValuesListed(Vec<Value>),
    /// The values are no longer restricted to a list, which was this one.
    ValuesFreed(Vec<Value>),
    /// A list of values was opened: values that it does not name became allowed.
    ListOpened,
    /// An open list of values was closed: values that it does not name became refused.
    ListClosed,
    /// A bound was added, changed or removed.
    LimitChanged {
        /// The old value.
        old: Option<Limit>,
        /// The new value.
        new: Option<Limit>,
    },
    /// The `format` was added, changed or removed.
    FormatChanged {
        /// The old value.
        old: Option<String>,
        /// The new value.
        new: Option<String>,
    },
    /// The `pattern` changed, and not only its spelling.
    PatternChanged {
        /// The old value.
        old: String,
        /// The new value.
        new: String,
    },
    /// A condition, such as a `pattern`, was added.
    ConditionAdded {
        /// The keyword that states the condition.
        keyword: &'static str,
        /// The value of the keyword, as JSON.
        value: String,
    },
    /// A condition was removed.
    ConditionRemoved {
        /// The keyword that stated the condition.
        keyword: &'static str,
        /// The value of the keyword, as JSON.
        value: String,
    },
    /// The schemas differ in a part that is not understood.
    NotUnderstood {
        /// A name for the part, mostly its keywords.
        what: String,
    },
    /// The title was added, changed or removed.
    TitleChanged {
        /// The old value.
        old: Option<String>,
        /// The new value.
        new: Option<String>,
    },
    /// A definition has another name.
    DefinitionRenamed {
        /// The new name.
        new: String,
    },
    /// A definition was removed.
    DefinitionRemoved,
    /// A definition is no longer used at a place.
    DefinitionReplaced {
        /// The definition that is used there instead. `None` if the schema is written out.
        new: Option<String>,
        /// The place.
        at: String,
    },
    /// A definition is used at a place where the schema was written out.
    DefinitionUsed {
        /// The name of the definition.
        new: String,
    },
    /// An entry was added to a data document.
    EntryAdded,
    /// An entry was removed from a data document.
    EntryRemoved,
    /// A value in a data document changed.
    EntryChanged {
        /// The old value.
        old: Value,
        /// The new value.
        new: Value,
    },
    /// The order of a list in a data document changed.
    Reordered,
}

/// A bound on a number, a length or a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The keyword that states the bound, such as `maxLength`.
    pub keyword: &'static str,
    /// The value of the bound.
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
            Self::FieldNotTakenBack { by } => {
                write!(f, "field added that {by} refuses when a client sends it back")
            }
            Self::FieldRemoved => f.write_str("field removed"),
            Self::FieldRequired => f.write_str("optional field became required"),
            Self::FieldOptional => f.write_str("required field became optional"),
            Self::Closed => f.write_str("other fields are refused now"),
            Self::Opened => f.write_str("other fields are allowed now"),
            Self::VariantAdded { .. } => f.write_str("variant added"),
            Self::VariantRemoved => f.write_str("variant removed"),
            Self::UnionOpened => f.write_str("other variants are allowed now"),
            Self::UnionClosed => f.write_str("other variants are refused now"),
            Self::AlternativeAdded(of) => write!(f, "another form of {of} added"),
            Self::AlternativeRemoved(of) => write!(f, "a form of {of} removed"),
            Self::ValueAdded(value) => write!(f, "value {value} added"),
            Self::ValueRemoved(value) => write!(f, "value {value} removed"),
            Self::ValuesListed(values) => write!(f, "limited to {}", list(values)),
            Self::ValuesFreed(values) => write!(f, "no longer limited to {}", list(values)),
            Self::ListOpened => f.write_str("other values are allowed now"),
            Self::ListClosed => f.write_str("other values are refused now"),
            Self::LimitChanged { old, new } => limit_changed(f, old.as_ref(), new.as_ref()),
            Self::FormatChanged { old, new } => {
                let name = |format: &Option<String>| format.clone().unwrap_or("none".to_owned());
                write!(f, "format changed from {} to {}", name(old), name(new))
            }
            Self::PatternChanged { old, new } => {
                write!(f, "pattern changed from {} to {}", json!(old), json!(new))
            }
            Self::ConditionAdded { keyword, value } => write!(f, "{keyword} {value} added"),
            Self::ConditionRemoved { keyword, value } => write!(f, "{keyword} {value} removed"),
            Self::NotUnderstood { what } => {
                write!(f, "{what} differs, which this check does not understand")
            }
            Self::TitleChanged { old, new } => title_changed(f, old.as_deref(), new.as_deref()),
            Self::DefinitionRenamed { new } => write!(f, "definition renamed to {new}"),
            Self::DefinitionRemoved => f.write_str("definition removed"),
            Self::DefinitionReplaced { new: Some(new), at } => {
                write!(f, "definition replaced by {new} at {at}")
            }
            Self::DefinitionReplaced { new: None, at } => {
                write!(f, "definition written out at {at}")
            }
            Self::DefinitionUsed { new } => write!(f, "refers to the definition {new} now"),
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

fn title_changed(f: &mut fmt::Formatter<'_>, old: Option<&str>, new: Option<&str>) -> fmt::Result {
    match (old, new) {
        (None, None) => f.write_str("title unchanged"),
        (None, Some(new)) => write!(f, "title {} added", json!(new)),
        (Some(old), None) => write!(f, "title {} removed", json!(old)),
        (Some(old), Some(new)) => write!(f, "title changed from {} to {}", json!(old), json!(new)),
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

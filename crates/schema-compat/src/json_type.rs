//! The types of JSON values.

use std::fmt;

use serde_json::Value;

use super::number;

/// A type of JSON value, as the keyword `type` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JsonType {
    /// `true` and `false`.
    Boolean,
    /// Numbers without a fraction.
    Integer,
    /// All numbers.
    Number,
    /// Strings.
    String,
    /// Lists.
    Array,
    /// Objects.
    Object,
    /// Only `null`.
    Null,
}

impl JsonType {
    /// Returns the type under which alternatives are compared. Integers are compared with numbers.
    pub(super) fn family(self) -> Self {
        match self {
            Self::Integer => Self::Number,
            other => other,
        }
    }

    pub(super) fn includes(self, value: &Value) -> bool {
        match value {
            Value::Null => self == Self::Null,
            Value::Bool(_) => self == Self::Boolean,
            Value::Number(number) if self == Self::Integer => number::integral(number).is_some(),
            Value::Number(_) => self == Self::Number,
            Value::String(_) => self == Self::String,
            Value::Array(_) => self == Self::Array,
            Value::Object(_) => self == Self::Object,
        }
    }
}

impl fmt::Display for JsonType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        })
    }
}

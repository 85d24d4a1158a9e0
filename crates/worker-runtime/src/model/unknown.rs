//! Variants of tagged unions that a later version of the Runtime writes.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use super::EventType;

/// A variant of a tagged union that this version of the crate does not know, as it was read.
///
/// The unions of events and stream items grow: a client of today reads what a Runtime of tomorrow
/// writes, and passes over such a variant or hands it on unchanged. A Runtime never makes one.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UnknownVariant {
    /// The name of the variant.
    pub r#type: String,
    /// The other fields.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

impl UnknownVariant {
    /// Reads a variant with another `type` than those of `known`. An object with a known `type` that
    /// does not fit it is an error, as if there were no unknown variants.
    pub(crate) fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        is_known: impl FnOnce(&str) -> bool,
    ) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        match fields.remove("type") {
            Some(Value::String(name)) if is_known(&name) => {
                Err(de::Error::custom(format!("the fields of `{name}` are not as they must be")))
            }
            Some(Value::String(name)) => Ok(Self { r#type: name, fields }),
            Some(_) | None => Err(de::Error::missing_field("type")),
        }
    }
}

/// Reads an event that is not known.
pub(crate) fn unknown_event<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<UnknownVariant, D::Error> {
    UnknownVariant::read(deserializer, |name| {
        EventType::ALL.iter().any(|event_type| event_type.as_str() == name)
    })
}

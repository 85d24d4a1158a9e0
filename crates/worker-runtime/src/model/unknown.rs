//! Variants of tagged unions that a later version of the Runtime writes.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use super::EventType;

/// A variant of a tagged union that this version of the crate does not know, as it was read.
///
/// Later versions may add variants to a union. An older client can
/// skip an unknown variant or forward it unchanged. A Runtime never makes one.
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
    /// The same variant without its fields.
    pub(crate) fn redacted(&self) -> Self {
        Self { r#type: self.r#type.clone(), fields: Map::new() }
    }

    /// Reads a variant whose `type` is not known. An object whose `type` is known but whose fields
    /// did not fit that type is an error.
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

/// Reads an event whose type is not known.
pub(crate) fn unknown_event<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<UnknownVariant, D::Error> {
    UnknownVariant::read(deserializer, |name| {
        EventType::ALL.iter().any(|event_type| event_type.as_str() == name)
    })
}

//! A change of one optional value.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A change of one optional value. On the wire an absent field keeps the value, `null` clears it,
/// and any other value sets it.
///
/// ```
/// use worker_runtime::model::Patch;
///
/// let patch: Patch<String> = "be brief".into();
/// assert_eq!(patch, Patch::Set("be brief".to_owned()));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Patch<T> {
    /// The value stays as it is.
    #[default]
    Keep,
    /// The value is removed.
    Clear,
    /// The value is replaced by this one.
    Set(T),
}

impl<T> Patch<T> {
    /// Returns whether the value stays as it is. A field with such a patch is not serialized.
    #[must_use]
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl From<&str> for Patch<String> {
    fn from(value: &str) -> Self {
        Self::Set(value.to_owned())
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

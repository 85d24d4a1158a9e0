//! Shared values whose default takes no allocation.

use std::{borrow::Cow, fmt, ops::Deref, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A type with one value that is far more frequent than all others.
pub trait Usual: 'static {
    /// The frequent value.
    fn usual() -> &'static Self;
}

/// A shared value, such as the labels of a Worker. It dereferences to the value, and is made from one
/// with `into()`.
///
/// The usual value takes no allocation: most Workers have no labels, and a shared empty map for each
/// would be memory without content.
pub struct Shared<T: ?Sized>(
    /// The value; absent if it is the usual one.
    Option<Arc<T>>,
);

impl<T: ?Sized> Shared<T> {
    /// The usual value.
    #[must_use]
    pub const fn usual() -> Self {
        Self(None)
    }

    /// Whether it is the usual value.
    #[must_use]
    pub const fn is_usual(&self) -> bool {
        self.0.is_none()
    }
}

impl<T: ?Sized + Usual> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(value) => value,
            None => T::usual(),
        }
    }
}

impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: ?Sized> Default for Shared<T> {
    fn default() -> Self {
        Self::usual()
    }
}

impl<T: ?Sized + Usual + fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: ?Sized + Eq> Eq for Shared<T> {}

impl<T: Usual + PartialEq> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self((value != *T::usual()).then(|| Arc::new(value)))
    }
}

impl<T: ?Sized + Usual + PartialEq> From<Arc<T>> for Shared<T> {
    fn from(value: Arc<T>) -> Self {
        Self(Some(value).filter(|value| **value != *T::usual()))
    }
}

impl<T> From<Vec<T>> for Shared<[T]> {
    fn from(items: Vec<T>) -> Self {
        Self((!items.is_empty()).then(|| items.into()))
    }
}

impl<T> FromIterator<T> for Shared<[T]> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Vec::from_iter(items).into()
    }
}

impl<T: ?Sized + Usual + Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T> Deserialize<'de> for Shared<T>
where
    T: ?Sized + Usual + PartialEq,
    Box<T>: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Box::<T>::deserialize(deserializer)?;
        Ok(Self((*value != *T::usual()).then(|| value.into())))
    }
}

impl<T: ?Sized + JsonSchema> JsonSchema for Shared<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Labels, ScopeClaim};

    #[test]
    fn the_usual_value_takes_no_room_however_it_is_made() {
        assert!(Shared::from(Arc::new(Labels::new())).is_usual());
        assert!(Shared::<[ScopeClaim]>::from_iter([]).is_usual());
        assert!(serde_json::from_str::<Shared<Labels>>("{}").unwrap().is_usual());
    }

    #[test]
    fn it_is_the_value_in_json_and_in_comparisons() {
        let labels = Labels::from([("team".to_owned(), "blue".to_owned())]);
        let shared = Shared::from(labels.clone());
        let json = serde_json::to_string(&shared).unwrap();
        assert_eq!(json, serde_json::to_string(&labels).unwrap());
        assert_eq!(serde_json::from_str::<Shared<Labels>>(&json).unwrap(), shared);
        assert_eq!(*shared, labels);
        assert_ne!(shared, Shared::usual());
        assert_eq!(serde_json::to_string(&Shared::<Labels>::usual()).unwrap(), "{}");
    }
}

//! The HTTP headers that a profile adds to each request to its provider.

use std::{collections::BTreeMap, fmt, path::Path};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::secret::Secret;

/// Headers by name. The values are secrets, because many headers authenticate the client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Headers(pub(crate) BTreeMap<String, Secret>);

impl Headers {
    /// Returns the headers with relative paths resolved against `folder`.
    pub(crate) fn relative_to(self, folder: &Path) -> Self {
        let headers = self.0.into_iter();
        Self(headers.map(|(name, value)| (name, value.relative_to(folder))).collect())
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeadersVisitor)
    }
}

/// A visitor whose errors do not repeat the value, as those of derived code would: a string in
/// place of the table may be a secret.
struct HeadersVisitor;

impl<'de> Visitor<'de> for HeadersVisitor {
    type Value = Headers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table such as { x-title = \"…\" }")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Headers, E> {
        Err(E::custom("expected a table such as { x-title = \"…\" }"))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Headers, A::Error> {
        BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(Headers)
    }
}

//! Headers of each request to a provider.

use std::{collections::BTreeMap, fmt, path::Path};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::secret::Secret;

/// Headers by name. What they say is secret, because many say who is asking.
#[derive(Clone, Debug, Default)]
pub(crate) struct Headers(pub(crate) BTreeMap<String, Secret>);

impl Headers {
    /// The same, with relative paths meant from `folder`.
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

/// Derived code would show text that stands in place of the table.
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

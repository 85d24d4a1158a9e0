//! The key by which a profile adds HTTP headers to each request to its provider.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::RawSecret;
use crate::Secret;

/// Headers by name.
#[derive(Default)]
pub(crate) struct RawHeaders(pub(crate) BTreeMap<String, Secret>);

impl<'de> Deserialize<'de> for RawHeaders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeadersVisitor)
    }
}

/// A visitor whose errors do not repeat the value, as those of derived code would: a string in
/// place of the table may be a secret.
struct HeadersVisitor;

impl<'de> Visitor<'de> for HeadersVisitor {
    type Value = RawHeaders;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table such as { x-title = \"…\" }")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<RawHeaders, E> {
        Err(E::custom("expected a table such as { x-title = \"…\" }"))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawHeaders, A::Error> {
        let headers: BTreeMap<String, RawSecret> =
            BTreeMap::deserialize(MapAccessDeserializer::new(map))?;
        Ok(RawHeaders(headers.into_iter().map(|(name, value)| (name, value.0)).collect()))
    }
}

//! Whether a text is JSON through and through.

use std::{borrow::Cow, fmt};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Whether all of `text` is one JSON value that any part of this program can read.
///
/// Raw values skip over what they hold. This looks at everything, so that what is nested too deep,
/// a number past what a double holds or half a surrogate pair is no surprise later on.
pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<Json<'_>>(text).is_ok()
}

/// A value that is JSON through and through.
pub(super) enum Json<'a> {
    /// A text, borrowed if it can be.
    Text(Cow<'a, str>),
    /// Anything else.
    Other,
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Looking)
    }
}

struct Looking;

impl<'de> Visitor<'de> for Looking {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(text.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(text.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        while items.next_element::<Json<'de>>()?.is_some() {}
        Ok(Json::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json<'de>, A::Error> {
        while fields.next_entry::<Json<'de>, Json<'de>>()?.is_some() {}
        Ok(Json::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_told_from_what_looks_like_it() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        for text in ["null", " [1, -2.5, {\"a\": [true, \"\\u00e9\"]}] ", &nested(100)] {
            assert!(is_json(text), "{text}");
        }
        for text in ["", "{", "1 2", "{\"a\":1,}", "1e999", "\"\\ud800\"", "nul", &nested(100_000)]
        {
            assert!(!is_json(text), "{text:.20}");
        }
    }
}

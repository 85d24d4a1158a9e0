//! Whether a text is JSON through and through.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Whether all of `text` is one JSON value that any part of this program can read.
///
/// Raw values skip over what they hold. This looks at everything, so that what is nested too deep,
/// a number past what a double holds or half a surrogate pair is no surprise later on.
pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<Json>(text).is_ok()
}

struct Json;

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Json)
    }
}

impl<'de> Visitor<'de> for Json {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        while fields.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
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

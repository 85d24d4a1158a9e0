//! JSON values that keep the order of fields and repeated names.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{
        self, IntoDeserializer, Visitor,
        value::{Error, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

use crate::error::RuntimeError;

/// A parsed JSON value. Texts without escapes are borrowed.
#[derive(Debug)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Fields<'a>),
}

/// The fields of an object, in the order in which they were written, repeated names included.
pub(super) type Fields<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

/// Reads JSON of at most `max_bytes` bytes.
pub(super) fn read(json: &[u8], max_bytes: u64) -> Result<Json<'_>, RuntimeError> {
    if json.len() as u64 > max_bytes {
        return Err(RuntimeError::too_large("", max_bytes));
    }
    let read = match std::str::from_utf8(json) {
        // `from_str` does not check the encoding of each string again.
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(json),
    };
    read.map_err(|error| {
        let place = format!("not JSON at line {}, column {}", error.line(), error.column());
        RuntimeError::invalid("", place)
    })
}

/// A number, in the form in which `serde_json` reads it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

impl Number {
    /// Returns whether the number is whole and from 0 to 2^53 - 1.
    pub(super) fn is_count(self) -> bool {
        crate::model::wire::integer(Json::Number(self)).is_ok()
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;

        impl<'de> Visitor<'de> for Reading {
            type Value = Json<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Json<'de>, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Json<'de>, E> {
                Ok(Json::Bool(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Json<'de>, E> {
                Ok(Json::Number(Number::Unsigned(value)))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Json<'de>, E> {
                Ok(Json::Number(Number::Signed(value)))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Json<'de>, E> {
                Ok(Json::Number(Number::Float(value)))
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Json<'de>, E> {
                Ok(Json::Text(text.into()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Json<'de>, E> {
                Ok(Json::Text(text.to_owned().into()))
            }

            fn visit_seq<A>(self, mut items: A) -> Result<Json<'de>, A::Error>
            where
                A: de::SeqAccess<'de>,
            {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Json::List(list))
            }

            fn visit_map<A>(self, mut fields: A) -> Result<Json<'de>, A::Error>
            where
                A: de::MapAccess<'de>,
            {
                let mut object = Vec::new();
                while let Some((Name(name), value)) = fields.next_entry()? {
                    object.push((name, value));
                }
                Ok(Json::Object(object))
            }
        }

        deserializer.deserialize_any(Reading)
    }
}

/// The name of a field, borrowed unless it has escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Deserializes a request from a parsed value, so that the text is parsed only once.
impl<'de> Deserializer<'de> for Json<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Number(Number::Unsigned(value)) => visitor.visit_u64(value),
            Self::Number(Number::Signed(value)) => visitor.visit_i64(value),
            Self::Number(Number::Float(value)) => visitor.visit_f64(value),
            Self::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Self::Text(Cow::Owned(text)) => visitor.visit_string(text),
            Self::List(items) => SeqDeserializer::new(items.into_iter()).deserialize_any(visitor),
            Self::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (Self::Text(name), value));
                MapDeserializer::new(fields).deserialize_any(visitor)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Self::Text(text) => text.into_deserializer().deserialize_enum(name, variants, visitor),
            other => other.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de> for Json<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

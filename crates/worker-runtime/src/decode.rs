//! From JSON to a request: strict, and precise about what does not fit.
//!
//! A request is held against the shape that its schema describes, and then read into its type. The
//! shape knows the path of what does not fit, and does not let pass what serde would: the number of a
//! variant for its name, a variant in an object, a key that comes twice.

mod explain;
mod json;
mod shape;

use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, de, de::DeserializeOwned};

use self::{json::Json, shape::Shape};
use crate::{
    commands::RuntimeCommand, error::RuntimeError, event::Subscribe, model::MAX_INTEGER,
    queries::RuntimeQuery, schema,
};

/// The requests that have a JSON form of their own.
pub trait Decode: DeserializeOwned {
    /// Reads a request of at most `max_bytes` bytes (`request_bytes` in the limits).
    ///
    /// # Errors
    ///
    /// `too_large`, or `invalid_request` that names the field, what is wrong with it and what is
    /// allowed. No error repeats a value.
    fn decode(json: &[u8], max_bytes: u64) -> Result<Self, RuntimeError> {
        fit(json::read(json, max_bytes)?)
    }

    /// Reads a command or a query whose `type` is known from elsewhere, such as a path or the name
    /// of a method. `json` is an object of its other fields, of at most `max_bytes` bytes.
    ///
    /// # Errors
    ///
    /// Those of [`decode`](Self::decode), and `invalid_request` with the field `type` if that is
    /// among the fields.
    fn decode_fields(r#type: &str, json: &[u8], max_bytes: u64) -> Result<Self, RuntimeError> {
        let Json::Object(mut fields) = json::read(json, max_bytes)? else {
            return Err(RuntimeError::invalid("", "must be an object"));
        };
        if fields.iter().any(|(name, _)| name == "type") {
            let problem = "must be left out; it is given outside of these fields";
            return Err(RuntimeError::invalid("type", problem));
        }
        fields.insert(0, ("type".into(), Json::Text(r#type.into())));
        fit(Json::Object(fields))
    }

    /// What a request must be like.
    #[doc(hidden)]
    fn shape() -> &'static Shape;
}

fn fit<T: Decode>(request: Json<'_>) -> Result<T, RuntimeError> {
    explain::check(T::shape(), &request)?;
    T::deserialize(request).map_err(|_| RuntimeError::invalid("", "not as it must be"))
}

macro_rules! decode {
    ($($request:ty),+) => {
        $(
            impl Decode for $request {
                fn shape() -> &'static Shape {
                    // A constant that is too costly to make for every request.
                    static SHAPE: LazyLock<Shape> =
                        LazyLock::new(|| Shape::of(&schema::received::<$request>()));
                    &SHAPE
                }
            }
        )+
    };
}

decode!(RuntimeCommand, RuntimeQuery, Subscribe);

/// Reads a whole number that a double holds exactly, also where it is written as `5.0`.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct Integer;

    impl de::Visitor<'_> for Integer {
        type Value = u64;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a whole number from 0 to 2^53 - 1")
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<u64, E> {
            if value <= MAX_INTEGER {
                Ok(value)
            } else {
                Err(E::invalid_value(de::Unexpected::Unsigned(value), &self))
            }
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<u64, E> {
            u64::try_from(value)
                .map_err(|_| E::invalid_value(de::Unexpected::Signed(value), &self))
                .and_then(|value| self.visit_u64(value))
        }

        fn visit_f64<E: de::Error>(self, value: f64) -> Result<u64, E> {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                clippy::cast_sign_loss,
                reason = "checked to be a whole number that a double holds exactly"
            )]
            if value.fract() == 0.0 && value >= 0.0 && value <= MAX_INTEGER as f64 {
                Ok(value as u64)
            } else {
                Err(E::invalid_value(de::Unexpected::Float(value), &self))
            }
        }
    }

    deserializer.deserialize_any(Integer)
}

/// [`integer`] where the field may be absent or `null`.
pub(crate) fn optional_integer<'de, D>(deserializer: D) -> Result<Option<u64>, D::Error>
where
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    struct Whole(#[serde(deserialize_with = "integer")] u64);

    Option::<Whole>::deserialize(deserializer).map(|it| it.map(|Whole(value)| value))
}

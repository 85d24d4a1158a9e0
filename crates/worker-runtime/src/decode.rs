//! From JSON to a request: strict, and precise about what does not fit.
//!
//! A request is held against the shape that its schema describes, and then read into its type. The
//! shape knows the path of what does not fit, and does not let pass what serde would: the number of a
//! variant for its name, a variant in an object, a key that comes twice.

mod explain;
mod json;
mod shape;

use std::sync::LazyLock;

use serde::de::DeserializeOwned;

use self::{json::Json, shape::Shape};
use crate::{
    commands::RuntimeCommand, error::RuntimeError, model::Subscribe, queries::RuntimeQuery, schema,
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

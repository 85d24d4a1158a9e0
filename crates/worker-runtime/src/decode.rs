//! Strict decoding of requests from JSON, with errors that name the field that does not fit.
//!
//! A transport that has one address for every request decodes an [`AnyRequest`]; one that has an
//! address for commands and one for queries decodes a [`RuntimeCommand`] or a [`RuntimeQuery`].
//!
//! A request is checked against the shape that its schema describes, and then read into its type.
//! The check knows the path of a value that does not fit, and refuses values that serde would
//! accept: the number of a variant instead of its name, a variant in an object, a key that is given
//! twice.

mod any_request;
mod explain;
mod json;
mod shape;

use std::sync::LazyLock;

use serde::de::DeserializeOwned;

pub use self::any_request::AnyRequest;
use self::{
    json::{Fields, Json},
    shape::Shape,
};
use crate::{
    commands::RuntimeCommand, error::RuntimeError, model::Subscribe, queries::RuntimeQuery,
    rpc::Unsubscribe, schema,
};

/// A request that can be decoded from JSON.
pub trait Decode: Sized {
    /// Reads a request of at most `max_bytes` bytes (`request_bytes` in the limits).
    ///
    /// # Errors
    ///
    /// `too_large`, or `invalid_request` that names the field, what is wrong with it and what is
    /// allowed. No error repeats a value.
    fn decode(json: &[u8], max_bytes: u64) -> Result<Self, RuntimeError>;

    /// Reads a request whose `type` is known from elsewhere, such as a path or the name of a
    /// method. `json` is an object of its other fields, of at most `max_bytes` bytes.
    ///
    /// # Errors
    ///
    /// Those of [`decode`](Self::decode), and `invalid_request` with the field `type` if that is
    /// among the fields.
    fn decode_fields(r#type: &str, json: &[u8], max_bytes: u64) -> Result<Self, RuntimeError>;
}

/// A type with a schema, from which the shape of its JSON is known.
trait Shaped: DeserializeOwned {
    fn shape() -> &'static Shape;
}

impl<T: Shaped> Decode for T {
    fn decode(json: &[u8], max_bytes: u64) -> Result<Self, RuntimeError> {
        fit(json::read(json, max_bytes)?)
    }

    fn decode_fields(r#type: &str, json: &[u8], max_bytes: u64) -> Result<Self, RuntimeError> {
        let mut fields = fields(json, max_bytes)?;
        fields.insert(0, ("type".into(), Json::Text(r#type.into())));
        fit(Json::Object(fields))
    }
}

/// Reads the fields of an object that must not have the field `type`.
fn fields(json: &[u8], max_bytes: u64) -> Result<Fields<'_>, RuntimeError> {
    let Json::Object(fields) = json::read(json, max_bytes)? else {
        return Err(RuntimeError::invalid("", "must be an object"));
    };
    if fields.iter().any(|(name, _)| name == "type") {
        let problem = "must be left out; it is given outside of these fields";
        return Err(RuntimeError::invalid("type", problem));
    }
    Ok(fields)
}

fn fit<T: Shaped>(request: Json<'_>) -> Result<T, RuntimeError> {
    explain::check(T::shape(), &request)?;
    T::deserialize(request).map_err(|_| RuntimeError::invalid("", "not as it must be"))
}

macro_rules! shaped {
    ($($request:ty),+) => {
        $(
            impl Shaped for $request {
                fn shape() -> &'static Shape {
                    // Built once, because that is too costly for every request.
                    static SHAPE: LazyLock<Shape> =
                        LazyLock::new(|| Shape::of(&schema::received::<$request>()));
                    &SHAPE
                }
            }
        )+
    };
}

shaped!(RuntimeCommand, RuntimeQuery, Subscribe, Unsubscribe);

//! `unsubscribe`: ends a subscription of the session.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;
use worker_runtime::RuntimeError;

use super::error::{invalid, shortened};

/// Ends a subscription.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Unsubscribe {
    pub(super) subscription: String,
}

impl Unsubscribe {
    /// Reads the params, an object. The errors are like those of the Runtime's own requests.
    pub(super) fn decode(params: &str) -> Result<Self, RuntimeError> {
        let Fields(fields) = serde_json::from_str(params)
            .map_err(|_| invalid("params", "must be an object; fields are passed by name"))?;
        let mut subscription = None;
        for (name, value) in fields {
            if name != "subscription" {
                let problem = "unknown field; allowed are `subscription`";
                return Err(invalid(&shortened(&name), problem));
            }
            if subscription.is_some() {
                return Err(invalid("subscription", "is given twice"));
            }
            let Value::String(text) = value else {
                return Err(invalid("subscription", "must be a text"));
            };
            subscription = Some(text);
        }
        let subscription = subscription.ok_or_else(|| invalid("subscription", "is missing"))?;
        Ok(Self { subscription })
    }
}

/// The fields of an object in the order in which they were written, repeated names included.
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;

        impl<'de> Visitor<'de> for Reading {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Reading)
    }
}

//! From a method and its params to what the Runtime is asked.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    fmt,
};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use worker_runtime::{
    Decode, RuntimeCommand, RuntimeError, RuntimeQuery, Subscribe, queries::RuntimeReply,
};

use super::response::RpcError;

/// What the Runtime is asked.
#[derive(Debug)]
pub(super) enum Call {
    Command(Box<RuntimeCommand>),
    Query(Box<RuntimeQuery>),
    Subscribe(Subscribe),
    Unsubscribe(Unsubscribe),
}

/// Ends a subscription.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unsubscribe {
    pub(super) subscription: String,
}

impl Unsubscribe {
    fn decode(params: &str) -> Result<Self, RuntimeError> {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(params).unwrap_or_default();
        if let Some(unknown) = fields.keys().find(|it| *it != "subscription") {
            return Err(invalid(unknown, "unknown field; allowed is `subscription`"));
        }
        let problem = "must be the text that `subscribe` gave";
        serde_json::from_str(params).map_err(|_| invalid("subscription", problem))
    }
}

/// The methods that there are.
#[derive(Debug)]
pub(super) struct Methods {
    commands: HashSet<String>,
    queries: HashSet<String>,
    /// How large a request may be, in bytes.
    max_bytes: u64,
}

impl Methods {
    pub(super) fn of(runtime: RuntimeReply) -> Self {
        Self {
            commands: runtime.capabilities.commands.into_iter().collect(),
            queries: runtime.capabilities.queries.into_iter().collect(),
            max_bytes: runtime.limits.request_bytes,
        }
    }

    pub(super) fn decode(&self, method: &str, params: Option<&RawValue>) -> Result<Call, RpcError> {
        let max = self.max_bytes;
        let params = params.map_or("{}", RawValue::get);
        Ok(match method {
            "subscribe" => Call::Subscribe(Subscribe::decode(by_name(params)?.as_bytes(), max)?),
            "unsubscribe" => Call::Unsubscribe(Unsubscribe::decode(by_name(params)?)?),
            command if self.commands.contains(command) => {
                let request = tagged(command, by_name(params)?)?;
                Call::Command(Box::new(RuntimeCommand::decode(request.as_bytes(), max)?))
            }
            query if self.queries.contains(query) => {
                let request = tagged(query, by_name(params)?)?;
                Call::Query(Box::new(RuntimeQuery::decode(request.as_bytes(), max)?))
            }
            _ => return Err(RpcError::MethodNotFound),
        })
    }
}

fn by_name(params: &str) -> Result<&str, RuntimeError> {
    if params.starts_with('{') {
        Ok(params)
    } else {
        Err(invalid("params", "must be an object; fields are passed by name"))
    }
}

/// The request in its own JSON form, spliced as text: nothing in `params` is read and written anew.
fn tagged(method: &str, params: &str) -> Result<String, RuntimeError> {
    let Fields { has_type, count } = serde_json::from_str(params).unwrap_or_default();
    if has_type {
        return Err(invalid("type", "must not be among the params; it is the method's name"));
    }
    let (separator, rest) = if count == 0 { ("", "}") } else { (",", &params[1..]) };
    Ok([r#"{"type":""#, method, "\"", separator, rest].concat())
}

/// What is to be known of the fields of an object.
#[derive(Default)]
struct Fields {
    has_type: bool,
    count: usize,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Looking;

        impl<'de> Visitor<'de> for Looking {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some((key, IgnoredAny)) = map.next_entry::<Cow<'de, str>, _>()? {
                    fields.has_type |= key == "type";
                    fields.count += 1;
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Looking)
    }
}

fn invalid(field: &str, problem: &str) -> RuntimeError {
    RuntimeError::InvalidRequest { field: field.to_owned(), problem: problem.to_owned() }
}

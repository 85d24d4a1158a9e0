//! From a method and its params to what the Runtime is asked.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
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

/// What a method stands for.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Command,
    Query,
    Subscribe,
    Unsubscribe,
}

/// The methods that there are.
#[derive(Debug)]
pub(super) struct Methods {
    kinds: HashMap<String, Kind>,
    /// How large a request may be, in bytes.
    max_bytes: u64,
}

impl Methods {
    pub(super) fn of(runtime: RuntimeReply) -> Self {
        let commands = runtime.capabilities.commands.into_iter().map(|it| (it, Kind::Command));
        let queries = runtime.capabilities.queries.into_iter().map(|it| (it, Kind::Query));
        let subscriptions = [("subscribe", Kind::Subscribe), ("unsubscribe", Kind::Unsubscribe)]
            .map(|(name, kind)| (name.to_owned(), kind));
        Self {
            kinds: commands.chain(queries).chain(subscriptions).collect(),
            max_bytes: runtime.limits.request_bytes,
        }
    }

    pub(super) fn decode(&self, method: &str, params: Option<&RawValue>) -> Result<Call, RpcError> {
        let max = self.max_bytes;
        let kind = self.kinds.get(method).ok_or(RpcError::MethodNotFound)?;
        let params = params.map_or("{}", RawValue::get);
        if !params.starts_with('{') {
            Err(invalid("params", "must be an object; fields are passed by name"))?;
        }
        let json = params.as_bytes();
        Ok(match kind {
            Kind::Subscribe => Call::Subscribe(Subscribe::decode(json, max)?),
            Kind::Unsubscribe => Call::Unsubscribe(Unsubscribe::decode(params)?),
            Kind::Command => {
                Call::Command(Box::new(RuntimeCommand::decode_fields(method, json, max)?))
            }
            Kind::Query => Call::Query(Box::new(RuntimeQuery::decode_fields(method, json, max)?)),
        })
    }
}

fn invalid(field: &str, problem: &str) -> RuntimeError {
    RuntimeError::InvalidRequest { field: field.to_owned(), problem: problem.to_owned() }
}

//! The methods by name, and how their params are decoded.

use std::collections::BTreeMap;

use strsim::osa_distance;
use worker_runtime::{
    Decode, RuntimeCommand, RuntimeQuery, Subscribe, queries::RuntimeReply, rpc::Unsubscribe,
};

use super::{
    error::{RpcError, invalid, shortened},
    request::Call,
};

/// The largest number of mistyped characters in a name that is still taken for a method's.
const MAX_DISTANCE: usize = 2;

/// A method with its params.
#[derive(Debug)]
pub(super) enum Operation {
    Command(Box<RuntimeCommand>),
    Query(Box<RuntimeQuery>),
    Subscribe(Subscribe),
    Unsubscribe(Unsubscribe),
}

impl Operation {
    /// Returns whether the operation waits, for up to `wait_ms`, until there is something to tell.
    pub(super) fn waits(&self) -> bool {
        match self {
            Self::Query(query) => wait_ms(query).is_some_and(|wait_ms| wait_ms > 0),
            Self::Command(_) | Self::Subscribe(_) | Self::Unsubscribe(_) => false,
        }
    }
}

fn wait_ms(query: &RuntimeQuery) -> Option<u64> {
    match query {
        RuntimeQuery::GetTurn(query) => query.wait_ms,
        RuntimeQuery::ReadEvents(query) => query.wait_ms,
        RuntimeQuery::GetOverview(_)
        | RuntimeQuery::GetRuntime(_)
        | RuntimeQuery::GetTranscript(_)
        | RuntimeQuery::GetUsage(_)
        | RuntimeQuery::GetWorker(_)
        | RuntimeQuery::ListDiagnostics(_)
        | RuntimeQuery::ListTurns(_)
        | RuntimeQuery::ListWorkers(_)
        | RuntimeQuery::Preview(_) => None,
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Command,
    Query,
    Subscribe,
    Unsubscribe,
}

/// All methods by name.
#[derive(Debug)]
pub(super) struct Methods {
    kinds: BTreeMap<String, Kind>,
    /// The limit `request_bytes` of the Runtime.
    max_bytes: u64,
}

impl Methods {
    /// Creates the methods that a Runtime with this description of itself has.
    pub(super) fn new(runtime: RuntimeReply) -> Self {
        let commands = runtime.capabilities.commands.into_iter().map(|name| (name, Kind::Command));
        let queries = runtime.capabilities.queries.into_iter().map(|name| (name, Kind::Query));
        let subscriptions = [("subscribe", Kind::Subscribe), ("unsubscribe", Kind::Unsubscribe)]
            .map(|(name, kind)| (name.to_owned(), kind));
        Self {
            kinds: commands.chain(queries).chain(subscriptions).collect(),
            max_bytes: runtime.limits.request_bytes,
        }
    }

    /// Returns whether a call is one of `subscribe`, whatever its params.
    pub(super) fn is_subscribe(&self, call: &Call) -> bool {
        matches!(self.kinds.get(&call.method), Some(Kind::Subscribe))
    }

    /// Decodes the params of a call by its method. Fails if the method is unknown or the params do
    /// not fit.
    pub(super) fn decode(&self, call: &Call) -> Result<Operation, RpcError> {
        let Call { method, params } = call;
        let kind = self.kinds.get(method).ok_or_else(|| self.not_found(method))?;
        let params = params.as_ref().map_or("{}", |params| params.get());
        if !params.starts_with('{') {
            Err(invalid("params", "must be an object; fields are passed by name"))?;
        }
        let (json, max) = (params.as_bytes(), self.max_bytes);
        Ok(match kind {
            Kind::Subscribe => Operation::Subscribe(Subscribe::decode(json, max)?),
            Kind::Unsubscribe => Operation::Unsubscribe(Unsubscribe::decode(json, max)?),
            Kind::Command => {
                Operation::Command(Box::new(RuntimeCommand::decode_fields(method, json, max)?))
            }
            Kind::Query => {
                Operation::Query(Box::new(RuntimeQuery::decode_fields(method, json, max)?))
            }
        })
    }

    fn not_found(&self, method: &str) -> RpcError {
        let method = shortened(method);
        let near = self
            .kinds
            .keys()
            .map(|name| (osa_distance(name, &method), name))
            .filter(|(distance, _)| *distance <= MAX_DISTANCE)
            .min()
            .map(|(_, name)| format!("did you mean `{name}`? "))
            .unwrap_or_default();
        let names = self.kinds.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let names = names.join(", ");
        RpcError::MethodNotFound(format!("no method `{method}`; {near}there are {names}"))
    }
}

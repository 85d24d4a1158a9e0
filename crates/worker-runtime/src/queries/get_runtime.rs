//! `get_runtime`: the Runtime's summary, capabilities and limits.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    api,
    commands::RuntimeCommand,
    error::RuntimeError,
    model::{
        AllocationSummary, ApiVersion, BusyPolicy, Capabilities, Cursor, EventType, Limits,
        OpenSummary, RuntimeSummary, StoreSummary,
    },
    queries::RuntimeQuery,
    request::{Query, Whose},
    state::view::Reader,
};

/// A query for the Runtime itself: its state, its capabilities and its limits.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GetRuntime {}

impl GetRuntime {
    /// Asks for the Runtime itself.
    #[must_use]
    pub const fn new() -> Self {
        Self {}
    }
}

/// The reply to `get_runtime`: the Runtime itself.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RuntimeReply {
    /// The identity, the state and the counts of the Runtime.
    pub summary: RuntimeSummary,
    /// The requests, events and profiles that the Runtime has.
    pub capabilities: Capabilities,
    /// The limits of the Runtime.
    pub limits: Limits,
    /// The Runtime's store and its present condition. The figures change without an event.
    pub store: StoreSummary,
    /// The claims that Workers hold. The figures change without an event.
    pub allocation: AllocationSummary,
    /// The subscriptions and the waiting queries that are open. The figures change without an event.
    pub open: OpenSummary,
    /// The version of the API that the Runtime speaks.
    pub api: ApiVersion,
    /// The end of the Runtime's log at the moment that the reply shows. The events after it are the
    /// changes that the reply does not show.
    pub cursor: Cursor,
}

impl Query for GetRuntime {
    type Reply = RuntimeReply;
    const OF_THE_RUNTIME_ITSELF: bool = true;

    async fn answer(self, reader: Reader<'_>) -> Result<RuntimeReply, RuntimeError> {
        let figures = reader.figures();
        Ok(RuntimeReply {
            summary: RuntimeSummary {
                runtime_id: reader.identity().runtime_id,
                display_name: Arc::clone(&reader.identity().display_name),
                epoch: reader.epoch(),
                state: figures.runtime,
                started_at_ms: reader.started_at_ms(),
                workers: figures.workers,
                turns_in_flight: figures.figures.turns_in_flight,
            },
            capabilities: Capabilities {
                commands: names(reader, RuntimeCommand::WHOSE),
                queries: names(reader, RuntimeQuery::WHOSE),
                events: EventType::ALL
                    .iter()
                    .map(|event_type| event_type.as_str().to_owned())
                    .collect(),
                busy_policies: vec![BusyPolicy::Reject],
                profiles: reader.profiles(),
            },
            limits: reader.caller.limits(),
            store: reader.store(),
            allocation: reader.allocation(),
            open: reader.open(),
            api: api::version(),
            cursor: figures.cursor,
        })
    }
}

/// Returns the types of the requests that the caller may send.
fn names(reader: Reader<'_>, requests: &[(&str, Whose)]) -> Vec<String> {
    let is_allowed = |whose| whose != Whose::WholeRuntime || reader.caller.tenant.is_none();
    let allowed = requests.iter().filter(|(_, whose)| is_allowed(*whose));
    allowed.map(|(name, _)| (*name).to_owned()).collect()
}

//! The queries of a Runtime, one file each.

mod get_overview;
mod get_runtime;
mod get_transcript;
mod get_turn;
mod get_usage;
mod get_worker;
mod list_diagnostics;
mod list_turns;
mod list_workers;
mod preview;
mod read_events;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::RuntimeError,
    request::{Query, payloads},
    state::view::Reader,
};

pub use get_overview::{GetOverview, OverviewReply};
pub use get_runtime::{GetRuntime, RuntimeReply};
pub use get_transcript::{
    GetTranscript, TranscriptAfter, TranscriptBefore, TranscriptFrom, TranscriptReply,
    TranscriptStart, TranscriptTail,
};
pub use get_turn::{GetTurn, TurnReply};
pub use get_usage::{GetUsage, UsageReply};
pub use get_worker::{GetWorker, WorkerReply};
pub use list_diagnostics::{DiagnosticsReply, ListDiagnostics};
pub use list_turns::{ListTurns, TurnsReply};
pub use list_workers::{ListWorkers, WorkerOrder, WorkersReply};
pub use preview::{Preview, PreviewReply, Previewed};
pub use read_events::{EventsReply, ReadEvents};

/// A query: a question that a caller asks the Runtime. It changes nothing.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each payload documents itself")]
pub enum RuntimeQuery {
    GetOverview(GetOverview),
    GetRuntime(GetRuntime),
    GetTranscript(GetTranscript),
    GetTurn(GetTurn),
    GetUsage(GetUsage),
    GetWorker(GetWorker),
    ListDiagnostics(ListDiagnostics),
    ListTurns(ListTurns),
    ListWorkers(ListWorkers),
    Preview(Preview),
    ReadEvents(ReadEvents),
}

payloads! {
    RuntimeQuery "runtime_query":
    GetRuntime "get_runtime" -> "runtime" of CallersPart,
    GetOverview "get_overview" -> "overview" of CallersPart,
    ListWorkers "list_workers" -> "workers" of CallersPart,
    GetWorker "get_worker" -> "worker" of OneWorker,
    GetTurn "get_turn" -> "turn" of OneWorker,
    ListTurns "list_turns" -> "turns" of OneWorker,
    GetTranscript "get_transcript" -> "transcript" of OneWorker,
    ReadEvents "read_events" -> "events" of CallersPart,
    GetUsage "get_usage" -> "usage" of CallersPart,
    ListDiagnostics "list_diagnostics" -> "diagnostics" of CallersPart,
    Preview "preview" -> "preview" of CallersPart,
}

/// The reply to a query.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each payload documents itself")]
#[expect(clippy::large_enum_variant, reason = "a reply is moved a few times, and is not kept")]
#[non_exhaustive]
pub enum QueryReply {
    Overview(OverviewReply),
    Runtime(Box<RuntimeReply>),
    Transcript(TranscriptReply),
    Turn(Box<TurnReply>),
    Usage(UsageReply),
    Worker(WorkerReply),
    Diagnostics(DiagnosticsReply),
    Turns(TurnsReply),
    Workers(WorkersReply),
    Preview(PreviewReply),
    Events(EventsReply),
    /// A reply that this version of the crate does not know. A Runtime never makes it.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl Query for RuntimeQuery {
    type Reply = QueryReply;

    async fn answer(self, reader: Reader<'_>) -> Result<QueryReply, RuntimeError> {
        match self {
            Self::GetOverview(query) => query.answer(reader).await.map(QueryReply::Overview),
            Self::GetRuntime(query) => {
                query.answer(reader).await.map(|reply| QueryReply::Runtime(Box::new(reply)))
            }
            Self::GetTranscript(query) => query.answer(reader).await.map(QueryReply::Transcript),
            Self::GetTurn(query) => {
                query.answer(reader).await.map(|reply| QueryReply::Turn(Box::new(reply)))
            }
            Self::GetUsage(query) => query.answer(reader).await.map(QueryReply::Usage),
            Self::GetWorker(query) => query.answer(reader).await.map(QueryReply::Worker),
            Self::ListDiagnostics(query) => query.answer(reader).await.map(QueryReply::Diagnostics),
            Self::ListTurns(query) => query.answer(reader).await.map(QueryReply::Turns),
            Self::ListWorkers(query) => query.answer(reader).await.map(QueryReply::Workers),
            Self::Preview(query) => query.answer(reader).await.map(QueryReply::Preview),
            Self::ReadEvents(query) => query.answer(reader).await.map(QueryReply::Events),
        }
    }
}

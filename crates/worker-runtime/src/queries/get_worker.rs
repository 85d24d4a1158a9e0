//! `get_worker`: the detail of one Worker.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::RuntimeError,
    identity::WorkerRef,
    model::{Cursor, WorkerDetail},
    request::Query,
    state::view::Reader,
};

/// A query for a Worker in full, except for its transcript and its earlier turns.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GetWorker {
    /// The Worker that the query is about.
    pub worker: WorkerRef,
}

impl GetWorker {
    /// Asks for a Worker.
    #[must_use]
    pub const fn new(worker: WorkerRef) -> Self {
        Self { worker }
    }
}

/// The reply to `get_worker`: the Worker in full.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WorkerReply {
    /// The Worker as it is now.
    pub detail: WorkerDetail,
    /// The end of the Worker's log at the moment that the reply shows. The events after it are the
    /// changes that the reply does not show.
    pub cursor: Cursor,
}

impl Query for GetWorker {
    type Reply = WorkerReply;

    async fn answer(self, reader: Reader<'_>) -> Result<WorkerReply, RuntimeError> {
        let detail = reader.detail(self.worker)?;
        let cursor =
            reader.cursor(crate::model::Scope::worker(self.worker), detail.worker_sequence);
        Ok(WorkerReply { detail, cursor })
    }
}

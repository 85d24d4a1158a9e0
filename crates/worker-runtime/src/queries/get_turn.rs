//! `get_turn`: one turn with its input and its answer; on request, once it has ended.

use std::{sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::RuntimeError,
    identity::{TurnId, WorkerRef},
    model::{Cursor, TranscriptEntry, TurnDetail, wire},
    request::Query,
    state::view::Reader,
    store::TurnSelector,
};

/// Asks for one turn, named by exactly one of `turn_id` and `idempotency_key`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[schemars(transform = crate::model::fragments::exactly_one_turn_name)]
pub struct GetTurn {
    /// Which Worker.
    pub worker: WorkerRef,
    /// Which turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// The key of the command that began the turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub idempotency_key: Option<String>,
    /// How long to wait for the turn's end, in milliseconds, at most `wait_ms`; not at all if
    /// absent.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::model::wire::optional_integer"
    )]
    #[schemars(range(max = 60_000))]
    pub wait_ms: Option<u64>,
}

impl GetTurn {
    /// Asks for a turn by its id.
    #[must_use]
    pub const fn new(worker: WorkerRef, turn_id: TurnId) -> Self {
        Self { worker, turn_id: Some(turn_id), idempotency_key: None, wait_ms: None }
    }

    /// Asks for the turn that a command with this idempotency key began.
    #[must_use]
    pub fn by_key(worker: WorkerRef, key: impl Into<String>) -> Self {
        Self { worker, turn_id: None, idempotency_key: Some(key.into()), wait_ms: None }
    }

    /// Sets the time to wait for the turn's end.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait_ms = Some(wire::milliseconds(wait));
        self
    }
}

/// The turn.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TurnReply {
    /// The turn now.
    #[schemars(with = "TurnDetail")]
    pub turn: Arc<TurnDetail>,
    /// The entry that began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TranscriptEntry>")]
    pub input: Option<Arc<TranscriptEntry>>,
    /// The entry that it wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TranscriptEntry>")]
    pub answer: Option<Arc<TranscriptEntry>>,
    /// The end of the Worker's log: later events are what this reply does not show.
    pub cursor: Cursor,
}

impl Query for GetTurn {
    type Reply = TurnReply;

    async fn answer(self, reader: Reader<'_>) -> Result<TurnReply, RuntimeError> {
        reader.look(self.worker, |_| ())?;
        let limits = reader.limits();
        limits.check_key(self.idempotency_key.as_ref())?;
        limits.check_wait(self.wait_ms)?;
        let selector = self.selector(reader)?;
        let worker_id = self.worker.worker_id;
        if let Some(wait_ms) = self.wait_ms {
            let turn_id = self.find(reader, &selector).await?.0.turn_id;
            reader.wait_for_turn(self.worker, turn_id, wait_ms).await?;
        }
        let (turn, cursor) = self.find(reader, &selector).await?;
        let entry = async |sequence| {
            let page = reader.entries(worker_id, sequence, 1).await?;
            if page.is_empty() {
                // The store lacks an entry of the turn, so the Worker may have been deleted.
                reader.still_there(self.worker).await?;
            }
            Ok::<_, RuntimeError>(page.into_iter().next())
        };
        let input = entry(turn.input_sequence).await?;
        let answer = match turn.answer_sequence {
            Some(sequence) => entry(sequence).await?,
            None => None,
        };
        Ok(TurnReply { turn, input, answer, cursor })
    }
}

impl GetTurn {
    fn selector(&self, reader: Reader<'_>) -> Result<TurnSelector, RuntimeError> {
        match (self.turn_id, &self.idempotency_key) {
            (Some(turn_id), None) => Ok(TurnSelector::Id(turn_id)),
            (None, Some(key)) => Ok(match reader.turn_of_key(self.worker, key)? {
                Some(turn_id) => TurnSelector::Id(turn_id),
                // The key may be the creation's, or the Worker may have forgotten it.
                None => TurnSelector::Key(key.as_str().into()),
            }),
            (Some(_), Some(_)) | (None, None) => {
                let problem = "name the turn by exactly one of `turn_id` and `idempotency_key`";
                Err(RuntimeError::invalid("turn_id", problem))
            }
        }
    }

    /// Returns the selected turn as it was at one position of the Worker's log, and that position.
    async fn find(
        &self,
        reader: Reader<'_>,
        selector: &TurnSelector,
    ) -> Result<(Arc<TurnDetail>, Cursor), RuntimeError> {
        let moment = reader.moment(self.worker)?;
        let wanted = |turn: &Arc<TurnDetail>| match selector {
            TurnSelector::Id(turn_id) => turn.turn_id == *turn_id,
            TurnSelector::Key(key) => turn.idempotency_key.as_ref() == Some(key),
        };
        // The latest turn is in the record; all others have ended and do not change.
        if let Some(turn) = moment.turn.filter(wanted) {
            return Ok((turn, moment.cursor));
        }
        let turn = reader.turn(self.worker.worker_id, selector.clone()).await?;
        let Some(turn) = turn.filter(|turn| turn.input_sequence <= moment.record.entries) else {
            reader.still_there(self.worker).await?;
            return Err(RuntimeError::TurnNotFound {});
        };
        Ok((turn, moment.cursor))
    }
}

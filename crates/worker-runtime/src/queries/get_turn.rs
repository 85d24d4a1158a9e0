//! `get_turn`: one turn with its input and its answer; on request, once it has ended.

use std::{sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::RuntimeError,
    identity::WorkerRef,
    model::{Cursor, TranscriptEntry, TurnDetail, TurnSelector, wire},
    request::Query,
    state::view::{Moment, Reader},
    store::{Complaint, FoundTurn, StoredEntry, TurnLookup},
};

/// A query for one turn of a Worker, with its input and its answer.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GetTurn {
    /// The Worker that the query is about.
    pub worker: WorkerRef,
    /// The choice of one of the Worker's turns.
    pub turn: TurnSelector,
    /// The time to wait for the turn's end, in milliseconds, at most `wait_ms`. If absent, the
    /// reply comes at once.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::model::wire::optional_integer"
    )]
    #[schemars(range(max = 60_000))]
    pub wait_ms: Option<u64>,
}

impl GetTurn {
    /// Asks for a turn. A [`TurnId`](crate::TurnId) selects the turn with that id.
    pub fn new(worker: WorkerRef, turn: impl Into<TurnSelector>) -> Self {
        Self { worker, turn: turn.into(), wait_ms: None }
    }

    /// Sets the time to wait for the turn's end.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait_ms = Some(wire::milliseconds(wait));
        self
    }
}

/// The reply to `get_turn`: the turn with its input and its answer.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TurnReply {
    /// The turn as it is now.
    #[schemars(with = "TurnDetail")]
    pub turn: Arc<TurnDetail>,
    /// The entry of the turn's input. If absent, the input has no entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TranscriptEntry>")]
    pub input: Option<Arc<TranscriptEntry>>,
    /// The entry of the turn's answer. If absent, there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TranscriptEntry>")]
    pub answer: Option<Arc<TranscriptEntry>>,
    /// The end of the Worker's log at the moment that the reply shows. The events after it are the
    /// changes that the reply does not show.
    pub cursor: Cursor,
}

impl Query for GetTurn {
    type Reply = TurnReply;

    async fn answer(self, reader: Reader<'_>) -> Result<TurnReply, RuntimeError> {
        reader.look(self.worker, |_| ())?;
        let limits = reader.limits();
        if let TurnSelector::Key(key) = &self.turn {
            limits.check_key_at("turn.idempotency_key", &key.idempotency_key)?;
        }
        limits.check_wait(self.wait_ms)?;
        let (lookup, is_known) = self.lookup(reader)?;
        let mut reader = reader;
        if let Some(wait_ms) = self.wait_ms {
            let until = reader.after(Duration::from_millis(wait_ms));
            reader = reader.until(until);
            // Only the latest turn, which is in the record, can still run.
            if let Some(latest) = reader.moment(self.worker)?.turn.filter(|it| is_of(it, &lookup)) {
                reader.wait_for_turn(self.worker, latest.turn_id, until).await?;
            }
        }
        let (found, cursor) = self.find(reader, &lookup, is_known).await?;
        Ok(TurnReply { turn: found.turn, input: found.input, answer: found.answer, cursor })
    }
}

/// Whether a turn is the one that is looked up.
fn is_of(turn: &TurnDetail, lookup: &TurnLookup) -> bool {
    match lookup {
        TurnLookup::Id(turn_id) => turn.turn_id == *turn_id,
        TurnLookup::Key(key) => turn.idempotency_key.as_ref() == Some(key),
    }
}

/// A turn with its input and its answer, as the reply shows them.
struct Found {
    turn: Arc<TurnDetail>,
    input: Option<Arc<TranscriptEntry>>,
    answer: Option<Arc<TranscriptEntry>>,
}

impl Found {
    /// Returns the turn `turn` with what the store has of it. The store may have a later version of
    /// the turn, with an answer that is not shown yet.
    fn new(turn: Arc<TurnDetail>, there: &FoundTurn) -> Self {
        let shown = |entry: &Option<Arc<StoredEntry>>, sequence: Option<u64>| {
            let entry = entry.as_ref().filter(|entry| Some(entry.sequence) == sequence);
            entry.map(|entry| Arc::new(entry.shown()))
        };
        let input = shown(&there.input, turn.input_sequence);
        let answer = shown(&there.answer, turn.answer_sequence);
        Self { turn, input, answer }
    }
}

impl GetTurn {
    /// Returns how the store finds the turn, which stays the same turn however long the query
    /// waits, and whether the Worker is known to have the turn.
    fn lookup(&self, reader: Reader<'_>) -> Result<(TurnLookup, bool), RuntimeError> {
        Ok(match &self.turn {
            TurnSelector::Id(it) => (TurnLookup::Id(it.turn_id), false),
            TurnSelector::Key(it) => match reader.turn_of_key(self.worker, &it.idempotency_key)? {
                Some(turn_id) => (TurnLookup::Id(turn_id), true),
                // The key may be the creation's, or the Worker may have forgotten it.
                None => (TurnLookup::Key(it.idempotency_key.as_str().into()), false),
            },
            TurnSelector::Latest(_) => {
                let latest = reader.moment(self.worker)?.turn;
                (TurnLookup::Id(latest.ok_or(RuntimeError::TurnNotFound {})?.turn_id), true)
            }
        })
    }

    /// Returns the selected turn as it was at one position of the Worker's log, and that position.
    async fn find(
        &self,
        reader: Reader<'_>,
        lookup: &TurnLookup,
        is_known: bool,
    ) -> Result<(Found, Cursor), RuntimeError> {
        let Moment { record, turn: latest, cursor } = reader.moment(self.worker)?;
        // The latest turn is in the record; all others have ended and do not change.
        let latest = latest.as_ref().filter(|turn| is_of(turn, lookup));
        let lookup = latest.map_or_else(|| lookup.clone(), |turn| TurnLookup::Id(turn.turn_id));
        let found = reader.turn(self.worker, lookup).await?;
        let found = found.filter(|it| it.turn.input_sequence <= Some(record.entries));
        match found {
            Some(found) => {
                let turn = latest.map_or_else(|| Arc::new(found.turn.shown(0)), Arc::clone);
                Ok((Found::new(turn, &found), cursor))
            }
            None if is_known || latest.is_some() => {
                Err(reader.contradiction(self.worker, Complaint::Turns))
            }
            None => Err(RuntimeError::TurnNotFound {}),
        }
    }
}

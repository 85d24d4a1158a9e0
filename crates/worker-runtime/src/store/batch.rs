//! What one commit contains.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    identity::{TurnId, WorkerId},
    model::{OutcomeCounts, TranscriptEntry, TurnDetail, Usage, saturating_sum},
    store::{Lease, StoredEvent, WorkerRecord},
};

/// Everything that one command, or one turn's end, changes. Applied as a whole or not at all.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The lease that the batch is written under.
    pub lease: Lease,
    /// The Worker that it is about.
    pub worker_id: WorkerId,
    /// The version that the Worker must have; 0 if it must not be there.
    pub expected_version: u64,
    /// What becomes of the Worker's record.
    pub change: Change,
    /// Entries that are appended; their sequences follow the last one.
    pub entries: Vec<Arc<TranscriptEntry>>,
    /// Whether the record's latest turn begins or changes with it.
    pub changes_turn: bool,
    /// Events that are appended; the last one has the record's `worker_sequence`.
    pub events: Vec<StoredEvent>,
    /// The key of an input of this Worker.
    pub key: Option<NewKey<InputKey>>,
    /// The key of its creation.
    pub create_key: Option<NewKey<CreateKey>>,
    /// What is added to the totals.
    pub totals: Totals,
}

impl Batch {
    /// The turn that begins or changes, with its ordinal; the first is 1.
    #[must_use]
    pub fn turn(&self) -> Option<(u64, &Arc<TurnDetail>)> {
        match &self.change {
            Change::Put(record) if self.changes_turn => {
                record.turn.as_ref().map(|turn| (record.turns, turn))
            }
            Change::Put(_) | Change::Delete => None,
        }
    }
}

/// What becomes of a Worker's record.
#[derive(Clone, Debug)]
pub enum Change {
    /// It is this now.
    Put(Arc<WorkerRecord>),
    /// It goes, with all that belongs to it.
    Delete,
}

/// A key that is remembered from now on, and those that make room for it.
#[derive(Clone, Debug)]
pub struct NewKey<K> {
    /// The key.
    pub key: K,
    /// Keys of the same kind that are dropped before it is added.
    pub dropped: Vec<Arc<str>>,
}

/// A remembered key of an input.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct InputKey {
    /// The key.
    pub key: Arc<str>,
    /// A digest of the command without its key and remarks.
    pub digest: [u8; 16],
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The turn of the receipt.
    pub turn_id: TurnId,
    /// The entry of the receipt.
    pub entry_sequence: u64,
    /// The Worker's sequence that the reply's cursor stands at.
    pub cursor_sequence: u64,
}

/// A remembered key of a creation.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CreateKey {
    /// The key.
    pub key: Arc<str>,
    /// A digest of the command without its key and remarks.
    pub digest: [u8; 16],
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The Worker that was created.
    pub worker_id: WorkerId,
    /// The turn and the entry of the receipt, if there was an initial input.
    pub receipt: Option<(TurnId, u64)>,
}

/// Sums over all Workers there ever were. In a batch: what is added to them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Totals {
    /// What all ended turns consumed.
    pub usage: Usage,
    /// How all ended turns went.
    pub outcomes: OutcomeCounts,
    /// How many Workers were created; the next one's ordinal is greater.
    pub created: u64,
}

impl Totals {
    /// Adds an increment. A sum past 2<sup>53</sup> − 1, the largest integer on the wire, stays there.
    pub fn add(&mut self, other: &Self) {
        self.usage.add(&other.usage);
        self.outcomes.add(&other.outcomes);
        self.created = saturating_sum(self.created, other.created);
    }
}

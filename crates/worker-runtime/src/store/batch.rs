//! The contents of one commit.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    identity::{TurnId, WorkerId},
    model::{OutcomeCounts, Usage, saturating_sum},
    store::{Lease, StoredEntry, StoredEvent, StoredTurn, WorkerRecord},
};

/// Everything that one command, or one change of a turn, changes in the store. A batch is applied
/// as a whole or not at all.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The lease that the batch is written under.
    pub lease: Lease,
    /// The Worker that the batch changes.
    pub worker_id: WorkerId,
    /// The version that the Worker must have; 0 if the store must not have the Worker.
    pub expected_version: u64,
    /// The new record of the Worker, or its deletion.
    pub change: Change,
    /// Transcript entries to append; their sequences follow that of the last entry in the store.
    pub entries: Vec<Arc<StoredEntry>>,
    /// The turns that begin or change with this batch, each with its ordinal, in ascending order. The
    /// first turn of a Worker has the ordinal 1. An ordinal that the store has already is replaced.
    pub turns: Vec<(u64, Arc<StoredTurn>)>,
    /// Whether the record's `spec` is another one than in the store, as at the creation. It may be
    /// large and rarely changes, so that a store may keep it apart and write it only then.
    pub spec_changed: bool,
    /// The tenant that the Worker belongs to, if it belongs to one.
    pub tenant: Option<Arc<str>>,
    /// Events to append; the sequence of the last one is the record's `worker_sequence`.
    pub events: Vec<StoredEvent>,
    /// The idempotency key of an input of this Worker.
    pub key: Option<NewKey<InputKey>>,
    /// The idempotency key of the Worker's creation.
    pub create_key: Option<NewKey<CreateKey>>,
    /// The increments of the totals, and of those of the Worker's tenant.
    pub totals: Totals,
}

/// The change of a Worker's record.
#[derive(Clone, Debug)]
pub enum Change {
    /// This record replaces the Worker's record, or creates the Worker.
    Put(Arc<WorkerRecord>),
    /// The record is removed, with everything that belongs to the Worker.
    Delete,
}

/// An idempotency key to remember, and the older keys that are dropped to make room for it.
#[derive(Clone, Debug)]
pub struct NewKey<K> {
    /// The new key. If it was remembered before, `dropped` names it too.
    pub key: K,
    /// Keys of the same kind that are dropped before the new one is added.
    pub dropped: Vec<Arc<str>>,
}

/// A remembered idempotency key of an input.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct InputKey {
    /// The key.
    pub key: Arc<str>,
    /// A digest of the command without its key and remarks.
    pub digest: [u8; 16],
    /// The time at which the command was decided, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The turn in the input's receipt.
    pub turn_id: TurnId,
    /// The sequence of the transcript entry in the input's receipt.
    pub entry_sequence: u64,
    /// The Worker's sequence in the cursor of the reply.
    pub cursor_sequence: u64,
}

/// A remembered idempotency key of a creation.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CreateKey {
    /// The key. That of a creation for a tenant has the name of the tenant before it, between two
    /// characters U+0001, so that the keys of two tenants are never the same.
    pub key: Arc<str>,
    /// A digest of the command without its key and remarks.
    pub digest: [u8; 16],
    /// The time at which the command was decided, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The Worker that was created.
    pub worker_id: WorkerId,
    /// The turn, and the sequence of the entry, in the receipt for the initial input, if there was
    /// one.
    pub receipt: Option<(TurnId, u64)>,
}

/// Sums over all Workers that were ever created, or over those of one tenant; in a batch, the
/// increments of those sums.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Totals {
    /// The usage of all turns that have ended.
    pub usage: Usage,
    /// The number of ended turns for each outcome.
    pub outcomes: OutcomeCounts,
    /// The number of Workers that were created; the ordinal of the next Worker is greater.
    pub created: u64,
}

impl Totals {
    /// Adds an increment. Sums saturate at 2<sup>53</sup> − 1, the largest integer on the wire.
    pub fn add(&mut self, other: &Self) {
        self.usage.add(&other.usage);
        self.outcomes.add(&other.outcomes);
        self.created = saturating_sum(self.created, other.created);
    }
}

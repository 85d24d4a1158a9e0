//! A batch as the rows that it writes. It is made by whoever commits, so that the thread that writes
//! has nothing to serialize.

use std::sync::Arc;

use serde::Serialize;
use worker_runtime::{
    WorkerId,
    store::{Batch, Change, Lease, NewKey, Totals, WorkerRecord, WorkerSpec},
};

use crate::failure::Failure;

/// A batch as rows.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) lease: Lease,
    pub(crate) worker_id: WorkerId,
    pub(crate) expected_version: u64,
    /// The Worker's new rows; `None` deletes the Worker.
    pub(crate) rows: Option<Rows>,
    pub(crate) create_key: Option<KeyRow>,
    /// The tenant whose totals grow; the empty name stands for none.
    pub(crate) tenant: Arc<str>,
    pub(crate) totals: Totals,
    /// The size of the values, in bytes.
    pub(crate) size: usize,
}

/// The rows of a batch that creates or changes a Worker.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) ordinal: u64,
    pub(crate) version: u64,
    pub(crate) record: String,
    /// The spec, if it changed.
    pub(crate) spec: Option<String>,
    /// The entries, each with its sequence.
    pub(crate) entries: Vec<(u64, String)>,
    pub(crate) turns: Vec<TurnRow>,
    /// The sequence of the Worker's last event.
    pub(crate) worker_sequence: u64,
    /// The number of events in `events`.
    pub(crate) event_count: u64,
    pub(crate) events: String,
    pub(crate) key: Option<KeyRow>,
}

#[derive(Debug)]
pub(crate) struct TurnRow {
    pub(crate) ordinal: u64,
    pub(crate) turn_id: [u8; 16],
    pub(crate) idempotency_key: Option<Arc<str>>,
    pub(crate) turn: String,
}

#[derive(Debug)]
pub(crate) struct KeyRow {
    pub(crate) key: Arc<str>,
    pub(crate) dropped: Vec<Arc<str>>,
    pub(crate) value: String,
}

impl Prepared {
    pub(crate) fn new(batch: &Batch) -> Result<Self, Failure> {
        let create_key =
            batch.create_key.as_ref().map(|new| KeyRow::new(new, &new.key.key)).transpose()?;
        let rows = match &batch.change {
            Change::Put(record) => Some(Rows::new(batch, record)?),
            Change::Delete => None,
        };
        Ok(Self {
            lease: batch.lease,
            worker_id: batch.worker_id,
            expected_version: batch.expected_version,
            size: rows.as_ref().map_or(0, Rows::size),
            rows,
            create_key,
            tenant: batch.tenant.clone().unwrap_or_default(),
            totals: batch.totals,
        })
    }
}

impl Rows {
    fn new(batch: &Batch, record: &WorkerRecord) -> Result<Self, Failure> {
        let entries = batch.entries.iter();
        let turns = batch.turns.iter().map(|(ordinal, turn)| {
            Ok(TurnRow {
                ordinal: *ordinal,
                turn_id: *turn.turn_id.as_uuid().as_bytes(),
                idempotency_key: turn.idempotency_key.clone(),
                turn: serde_json::to_string(turn)?,
            })
        });
        let key = batch.key.as_ref().map(|new| KeyRow::new(new, &new.key.key)).transpose()?;
        Ok(Self {
            ordinal: record.ordinal,
            version: record.version,
            record: record_alone(record)?,
            spec: batch.spec_changed.then(|| serde_json::to_string(&record.spec)).transpose()?,
            entries: entries
                .map(|entry| Ok((entry.sequence, serde_json::to_string(entry)?)))
                .collect::<Result<_, Failure>>()?,
            turns: turns.collect::<Result<_, Failure>>()?,
            worker_sequence: record.worker_sequence,
            event_count: batch.events.len() as u64,
            events: serde_json::to_string(&batch.events)?,
            key,
        })
    }

    fn size(&self) -> usize {
        let entries: usize = self.entries.iter().map(|(_, entry)| entry.len()).sum();
        let turns: usize = self.turns.iter().map(|turn| turn.turn.len()).sum();
        let spec = self.spec.as_ref().map_or(0, String::len);
        self.record.len() + spec + entries + turns + self.events.len()
    }
}

impl KeyRow {
    fn new<K: Serialize>(new: &NewKey<K>, key: &Arc<str>) -> Result<Self, Failure> {
        let value = serde_json::to_string(&new.key)?;
        Ok(Self { key: Arc::clone(key), dropped: new.dropped.clone(), value })
    }
}

/// Returns the record as JSON, with a default spec in place of its own, which has a row of its own.
pub(crate) fn record_alone(record: &WorkerRecord) -> Result<String, Failure> {
    thread_local! {
        static NO_SPEC: Arc<WorkerSpec> = Arc::default();
    }
    let spec = NO_SPEC.with(Arc::clone);
    Ok(serde_json::to_string(&WorkerRecord { spec, ..record.clone() })?)
}

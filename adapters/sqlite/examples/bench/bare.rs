//! The same rows without a Runtime and a store: ready values into the same tables, in transactions
//! of the same size.

use std::{error::Error, path::Path, sync::Arc};

use rusqlite::{Connection, params};
use worker_runtime::store::{Batch, Change, WorkerRecord};
use yoi_sqlite::{Options, SqliteStore};

use crate::measure::{Took, start};

/// The rows of some batches, serialized before anything is measured.
pub(crate) struct Rows {
    creations: Vec<Row>,
    changes: Vec<Row>,
}

struct Row {
    worker_id: [u8; 16],
    worker: u64,
    version: u64,
    record: String,
    entries: Vec<(u64, String)>,
    turn: Option<(u64, [u8; 16], String)>,
    last: u64,
    first: u64,
    events: String,
}

impl Row {
    fn new(batch: &Batch) -> Self {
        let Change::Put(record) = &batch.change else { panic!("nothing was deleted") };
        let json = |value: &_| serde_json::to_string(value).unwrap();
        Self {
            worker_id: *batch.worker_id.as_uuid().as_bytes(),
            worker: record.ordinal,
            version: record.version,
            record: json(&WorkerRecord { spec: Arc::default(), ..(**record).clone() }),
            entries: batch
                .entries
                .iter()
                .map(|entry| (entry.sequence, serde_json::to_string(entry).unwrap()))
                .collect(),
            turn: batch.turns.first().map(|(ordinal, turn)| {
                (*ordinal, *turn.turn_id.as_uuid().as_bytes(), serde_json::to_string(turn).unwrap())
            }),
            last: record.worker_sequence,
            first: record.worker_sequence + 1 - batch.events.len() as u64,
            events: serde_json::to_string(&batch.events).unwrap(),
        }
    }
}

impl Rows {
    /// The first batches, `creations` many, are not measured.
    pub(crate) fn new(batches: &[Batch], creations: u64) -> Self {
        let mut creations: Vec<Row> =
            batches[..usize::try_from(creations).unwrap()].iter().map(Row::new).collect();
        let changes = batches[creations.len()..].iter().map(Row::new).collect();
        creations.sort_by_key(|row| row.worker);
        Self { creations, changes }
    }

    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }

    /// Inserts the rows into a new file.
    pub(crate) fn insert(&self, path: &Path, group: f64) -> Result<Took, Box<dyn Error>> {
        drop(SqliteStore::open(path)?);
        let mut connection = Connection::open(path)?;
        connection.execute_batch(&Options::default().pragmas())?;
        connection.set_prepared_statement_cache_capacity(64);
        for row in &self.creations {
            connection.execute(
                "INSERT INTO workers VALUES (?, ?, 0, '{}')",
                params![row.worker, row.worker_id],
            )?;
        }
        let took = start();
        let mut rest = &self.changes[..];
        let (mut transactions, mut batches) = (0_u64, 0_u64);
        while !rest.is_empty() {
            transactions += 1;
            let end = end_of(transactions, group).min(self.changes.len());
            let end = end.saturating_sub(self.changes.len() - rest.len()).max(1);
            let (now, later) = rest.split_at(end);
            let transaction = connection.transaction()?;
            for row in now {
                let sql = |sql| transaction.prepare_cached(sql);
                sql("UPDATE workers SET version = ?2, record = ?3 WHERE ordinal = ?1")?
                    .execute(params![row.worker, row.version, row.record])?;
                for (sequence, entry) in &row.entries {
                    sql("INSERT INTO entries VALUES (?, ?, ?)")?
                        .execute(params![row.worker, sequence, entry])?;
                }
                if let Some((ordinal, turn_id, turn)) = &row.turn {
                    sql("INSERT INTO turns VALUES (?, ?, ?, NULL, ?)
                         ON CONFLICT (worker, ordinal) DO UPDATE SET turn = excluded.turn")?
                    .execute(params![row.worker, ordinal, turn_id, turn])?;
                }
                batches += 1;
                sql("INSERT INTO events VALUES (?, ?, ?, ?, ?)")?
                    .execute(params![row.worker, row.last, row.first, batches, row.events])?;
            }
            transaction.commit()?;
            rest = later;
        }
        Ok(took())
    }
}

/// The number of rows in the first transactions, of which each has `group` on average.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the numbers are small and positive"
)]
fn end_of(transactions: u64, group: f64) -> usize {
    (transactions as f64 * group).round() as usize
}

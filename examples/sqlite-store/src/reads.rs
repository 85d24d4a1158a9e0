//! The reads. Each is one statement or one transaction, so that it sees a batch as a whole or not
//! at all.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use serde::de::DeserializeOwned;
use worker_runtime::{
    WorkerId,
    model::TurnDetail,
    store::{
        CorruptWorker, CreateKey, EventPage, InputKey, StoreError, StoredWorker, TurnLookup,
        WorkerRecord,
    },
};

use crate::failure::Failure;

/// Returns the values of one JSON column.
pub(crate) fn values<T: DeserializeOwned>(
    connection: &Connection,
    select: &str,
    parameters: impl Params,
) -> Result<Vec<T>, Failure> {
    let mut statement = connection.prepare_cached(select)?;
    let texts = statement.query_map(parameters, |row| row.get::<_, String>(0))?;
    texts.map(|text| Ok(serde_json::from_str(&text?)?)).collect()
}

pub(crate) fn create_keys(connection: &Connection) -> Result<Vec<CreateKey>, Failure> {
    values(connection, "SELECT create_key FROM create_keys ORDER BY place", [])
}

pub(crate) fn workers(
    connection: &mut Connection,
    after: u64,
    limit: usize,
) -> Result<Vec<Result<StoredWorker, CorruptWorker>>, Failure> {
    let snapshot = connection.transaction()?;
    let mut statement = snapshot.prepare_cached(
        "SELECT worker_id, ordinal, record FROM workers WHERE ordinal > ? ORDER BY ordinal LIMIT ?",
    )?;
    let rows = statement.query_map(params![after, size(limit)], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    rows.map(|row| {
        let (worker_id, ordinal, record): (String, u64, String) = row?;
        Ok(worker(&snapshot, &worker_id, &record).map_err(|failure| CorruptWorker {
            worker_id: worker_id.parse().ok(),
            ordinal,
            problem: StoreError::from(failure).to_string(),
        }))
    })
    .collect()
}

fn worker(connection: &Connection, worker_id: &str, record: &str) -> Result<StoredWorker, Failure> {
    let record: Arc<WorkerRecord> = serde_json::from_str(record)?;
    let keys: Vec<InputKey> = values(
        connection,
        "SELECT input_key FROM input_keys WHERE worker_id = ? ORDER BY place",
        [worker_id],
    )?;
    Ok(StoredWorker { record, keys })
}

pub(crate) fn turn(
    connection: &Connection,
    worker_id: WorkerId,
    selector: &TurnLookup,
) -> Result<Option<Arc<TurnDetail>>, Failure> {
    let (column, wanted) = match selector {
        TurnLookup::Id(turn_id) => ("turn_id", turn_id.to_string()),
        TurnLookup::Key(key) => ("idempotency_key", key.to_string()),
    };
    let select = format!(
        "SELECT turn FROM turns WHERE worker_id = ? AND {column} = ? ORDER BY ordinal DESC LIMIT 1"
    );
    let found = values(connection, &select, params![worker_id.to_string(), wanted])?;
    Ok(found.into_iter().next())
}

pub(crate) fn events(
    connection: &mut Connection,
    worker_id: WorkerId,
    after: u64,
    limit: usize,
) -> Result<EventPage, Failure> {
    let worker_id = worker_id.to_string();
    let snapshot = connection.transaction()?;
    let oldest = "SELECT min(sequence) FROM events WHERE worker_id = ?";
    let first = |row: &Row<'_>| row.get::<_, Option<u64>>(0);
    let oldest = snapshot.query_row(oldest, [&worker_id], first).optional()?.flatten();
    let Some(oldest) = oldest else { return Ok(EventPage::default()) };
    let events = values(
        &snapshot,
        "SELECT event FROM events WHERE worker_id = ? AND sequence > ? ORDER BY sequence LIMIT ?",
        params![worker_id, after, size(limit)],
    )?;
    Ok(EventPage { oldest, events })
}

/// Converts a limit into the integer type of SQLite. A larger limit becomes the largest integer.
pub(crate) fn size(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

//! The reads. Each is one statement or one transaction, so that it sees a batch as a whole or not
//! at all.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use serde::de::DeserializeOwned;
use worker_runtime::{
    WorkerId,
    model::TurnDetail,
    store::{
        CorruptWorker, CreateKey, EventPage, InputKey, StoredWorker, TurnLookup, WorkerRecord,
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
    let texts = statement.query_map(parameters, |row| bytes(row, 0))?;
    texts.map(|text| Ok(serde_json::from_slice(&text?)?)).collect()
}

/// Returns the bytes of a text, which need not be UTF-8 in a damaged file.
fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(row.get_ref(column)?.as_bytes()?.to_vec())
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
        Ok((bytes(row, 0)?, row.get(1)?, bytes(row, 2)?))
    })?;
    rows.map(|row| {
        let (worker_id, ordinal, record) = row?;
        let worker_id = String::from_utf8_lossy(&worker_id);
        match worker(&snapshot, &worker_id, &record) {
            Ok(worker) => Ok(Ok(worker)),
            Err(Failure::Unreadable(problem)) => {
                Ok(Err(CorruptWorker { worker_id: worker_id.parse().ok(), ordinal, problem }))
            }
            // The file could not be read, which says nothing about this Worker.
            Err(failure) => Err(failure),
        }
    })
    .collect()
}

fn worker(
    connection: &Connection,
    worker_id: &str,
    record: &[u8],
) -> Result<StoredWorker, Failure> {
    let record: Arc<WorkerRecord> = serde_json::from_slice(record)?;
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

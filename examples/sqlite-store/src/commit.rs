//! Applies one batch in one transaction, and finds out whether an earlier commit took effect.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use worker_runtime::{
    WorkerId,
    store::{Batch, Change, Lease, Settlement, WorkerRecord},
};

use crate::{failure::Failure, owner};

/// Applies a batch as a whole or not at all. A failure before the end rolls everything back.
pub(crate) fn apply(connection: &mut Connection, batch: &Batch) -> Result<(), Failure> {
    let transaction = owner::begin(connection)?;
    owner::check(&transaction, batch.lease)?;
    let version = version(&transaction, batch.worker_id)?.unwrap_or(0);
    if version != batch.expected_version {
        return Err(Failure::Before(format!("the worker is at version {version}")));
    }
    let events_kept = owner::count(&transaction, &batch.totals)?;
    create_keys(&transaction, batch)?;
    match &batch.change {
        Change::Put(record) => put(&transaction, batch, record, events_kept)?,
        Change::Delete => {
            let worker_id = batch.worker_id.to_string();
            transaction.execute("DELETE FROM workers WHERE worker_id = ?", [worker_id])?;
        }
    }
    transaction.commit().map_err(Failure::during)
}

/// Returns whether the commit that would have brought a Worker to `version` took effect.
///
/// One thread makes all changes, in the order in which they were sent. A commit that was sent
/// before this call is therefore over, even if its caller no longer waits, and the answer cannot
/// change later.
pub(crate) fn settle(
    connection: &mut Connection,
    lease: Lease,
    worker_id: WorkerId,
    version: u64,
) -> Result<Settlement, Failure> {
    let transaction = owner::begin(connection)?;
    owner::check(&transaction, lease)?;
    // If the Worker is missing although this version is not its first, the Worker was deleted.
    let took_effect =
        self::version(&transaction, worker_id)?.map_or(version > 1, |present| present >= version);
    Ok(if took_effect { Settlement::Committed } else { Settlement::NotApplied })
}

fn version(transaction: &Transaction<'_>, worker_id: WorkerId) -> Result<Option<u64>, Failure> {
    let select = "SELECT version FROM workers WHERE worker_id = ?";
    Ok(transaction.query_row(select, [worker_id.to_string()], |row| row.get(0)).optional()?)
}

fn put(
    transaction: &Transaction<'_>,
    batch: &Batch,
    record: &WorkerRecord,
    events_kept: u64,
) -> Result<(), Failure> {
    let worker_id = batch.worker_id.to_string();
    transaction
        .prepare_cached(
            "INSERT INTO workers (worker_id, ordinal, version, record) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (worker_id) DO UPDATE SET version = ?3, record = ?4",
        )?
        .execute(params![
            worker_id,
            record.ordinal,
            record.version,
            serde_json::to_string(record)?
        ])?;
    for entry in &batch.entries {
        transaction.prepare_cached("INSERT INTO entries VALUES (?, ?, ?)")?.execute(params![
            worker_id,
            entry.sequence,
            serde_json::to_string(entry)?
        ])?;
    }
    if let Some((ordinal, turn)) = batch.turn() {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO turns VALUES (?, ?, ?, ?, ?)")?
            .execute(params![
                worker_id,
                ordinal,
                turn.turn_id.to_string(),
                turn.idempotency_key.as_deref(),
                serde_json::to_string(turn)?,
            ])?;
    }
    let first = record.worker_sequence + 1 - batch.events.len() as u64;
    for (event, sequence) in batch.events.iter().zip(first..) {
        transaction.prepare_cached("INSERT INTO events VALUES (?, ?, ?)")?.execute(params![
            worker_id,
            sequence,
            serde_json::to_string(&event)?
        ])?;
    }
    let last_dropped = record.worker_sequence.saturating_sub(events_kept);
    transaction
        .prepare_cached("DELETE FROM events WHERE worker_id = ? AND sequence <= ?")?
        .execute(params![worker_id, last_dropped])?;
    let Some(new) = &batch.key else { return Ok(()) };
    for key in &new.dropped {
        transaction
            .prepare_cached("DELETE FROM input_keys WHERE worker_id = ? AND key = ?")?
            .execute(params![worker_id, &**key])?;
    }
    transaction
        .prepare_cached("INSERT INTO input_keys (worker_id, key, input_key) VALUES (?, ?, ?)")?
        .execute(params![worker_id, &*new.key.key, serde_json::to_string(&new.key)?])?;
    Ok(())
}

fn create_keys(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), Failure> {
    let Some(new) = &batch.create_key else { return Ok(()) };
    for key in &new.dropped {
        transaction.prepare_cached("DELETE FROM create_keys WHERE key = ?")?.execute([&**key])?;
    }
    transaction
        .prepare_cached("INSERT INTO create_keys (key, create_key) VALUES (?, ?)")?
        .execute(params![&*new.key.key, serde_json::to_string(&new.key)?])?;
    Ok(())
}

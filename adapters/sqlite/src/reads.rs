//! The reads. Each is one statement or one transaction, so that it sees a batch as a whole or not
//! at all.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use serde::de::DeserializeOwned;
use uuid::Uuid;
use worker_runtime::{
    WorkerId,
    store::{
        ChangePage, CorruptWorker, CreateKey, EventPage, FoundTurn, InputKey, StoredChange,
        StoredEntry, StoredEvent, StoredTurn, StoredWorker, TenantTotals, TurnLookup, WorkerRecord,
        WorkerSpec,
    },
};

use crate::failure::Failure;

/// A Worker's ordinal by its id, which is the first parameter.
macro_rules! of_worker {
    ($before:literal, $after:literal) => {
        concat!($before, " worker = (SELECT ordinal FROM workers WHERE worker_id = ?1) ", $after)
    };
}

/// Returns the values of one JSON column.
fn values<T: DeserializeOwned>(
    connection: &Connection,
    select: &str,
    parameters: impl Params,
) -> Result<Vec<T>, Failure> {
    let mut statement = connection.prepare_cached(select)?;
    let mut rows = statement.query(parameters)?;
    let mut values = Vec::new();
    while let Some(row) = rows.next()? {
        values.push(serde_json::from_slice(bytes(row, 0)?)?);
    }
    Ok(values)
}

/// Returns the bytes of a text, which need not be UTF-8 in a damaged file.
fn bytes<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<&'a [u8]> {
    Ok(row.get_ref(column)?.as_bytes()?)
}

pub(crate) fn create_keys(connection: &Connection) -> Result<Vec<CreateKey>, Failure> {
    values(connection, "SELECT create_key FROM create_keys ORDER BY place", [])
}

pub(crate) fn entries(
    connection: &Connection,
    worker_id: WorkerId,
    first: u64,
    limit: usize,
) -> Result<Vec<Arc<StoredEntry>>, Failure> {
    let select = of_worker!(
        "SELECT entry FROM entries WHERE",
        "AND sequence >= ?2 ORDER BY sequence LIMIT ?3"
    );
    values(connection, select, params![id(&worker_id), first, size(limit)])
}

pub(crate) fn turns(
    connection: &Connection,
    worker_id: WorkerId,
    first: u64,
    limit: usize,
) -> Result<Vec<Arc<StoredTurn>>, Failure> {
    let select =
        of_worker!("SELECT turn FROM turns WHERE", "AND ordinal >= ?2 ORDER BY ordinal LIMIT ?3");
    values(connection, select, params![id(&worker_id), first, size(limit)])
}

pub(crate) fn turn(
    connection: &mut Connection,
    worker_id: WorkerId,
    selector: &TurnLookup,
) -> Result<Option<FoundTurn>, Failure> {
    let snapshot = connection.transaction()?;
    let found = match selector {
        TurnLookup::Id(turn_id) => values(
            &snapshot,
            of_worker!("SELECT turn FROM turns WHERE", "AND turn_id = ?2"),
            [id(&worker_id), turn_id.as_uuid().as_bytes()],
        ),
        TurnLookup::Key(key) => values(
            &snapshot,
            of_worker!(
                "SELECT turn FROM turns WHERE",
                "AND idempotency_key = ?2 ORDER BY ordinal DESC LIMIT 1"
            ),
            params![id(&worker_id), key.as_bytes()],
        ),
    };
    let Some(turn) = found?.into_iter().next() else { return Ok(None) };
    let turn: Arc<StoredTurn> = turn;
    let entry = |sequence: Option<u64>| match sequence {
        Some(sequence) => Ok(entries(&snapshot, worker_id, sequence, 1)?.into_iter().next()),
        None => Ok::<_, Failure>(None),
    };
    let (input, answer) = (entry(turn.input_sequence)?, entry(turn.answer_sequence)?);
    Ok(Some(FoundTurn { turn, input, answer }))
}

pub(crate) fn tenant_totals(
    connection: &Connection,
    after: &str,
    limit: usize,
) -> Result<Vec<TenantTotals>, Failure> {
    // The totals of Workers without a tenant have the empty name, which comes first.
    let mut statement = connection.prepare_cached(
        "SELECT tenant, totals FROM totals WHERE tenant > ? ORDER BY tenant LIMIT ?",
    )?;
    let mut rows = statement.query(params![after, size(limit)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let tenant = String::from_utf8_lossy(bytes(row, 0)?).into();
        found.push(TenantTotals { tenant, totals: serde_json::from_slice(bytes(row, 1)?)? });
    }
    Ok(found)
}

pub(crate) fn changes(
    connection: &mut Connection,
    after: u64,
    limit: usize,
) -> Result<ChangePage, Failure> {
    let snapshot = connection.transaction()?;
    let mut statement = snapshot.prepare_cached(
        "SELECT batch, worker_id, ordinal, last, 0 FROM events JOIN workers ON ordinal = worker
             WHERE batch > ?1
         UNION ALL
         SELECT batch, worker_id, ordinal, worker_sequence, 1 FROM deletions WHERE batch > ?1
         ORDER BY batch LIMIT ?2",
    )?;
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![after, size(limit)])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let worker_id = Uuid::from_slice(bytes(row, 1)?)
            .map_err(|_| Failure::Unreadable("a worker has an id that is none".to_owned()))?;
        changes.push(StoredChange {
            number: row.get(0)?,
            worker_id: WorkerId::from_uuid(worker_id),
            ordinal: row.get(2)?,
            worker_sequence: row.get(3)?,
            deleted: row.get(4)?,
        });
    }
    drop(rows);
    let from = "SELECT deletions_from FROM owner";
    let deletions_from = snapshot.query_row(from, [], |row| row.get(0)).optional()?.unwrap_or(0);
    Ok(ChangePage { changes, deletions_from })
}

pub(crate) fn events(
    connection: &mut Connection,
    worker_id: WorkerId,
    after: u64,
    limit: usize,
) -> Result<EventPage, Failure> {
    let snapshot = connection.transaction()?;
    let oldest = snapshot
        .prepare_cached(of_worker!("SELECT first FROM events WHERE", "ORDER BY last LIMIT 1"))?
        .query_row([id(&worker_id)], |row| row.get(0))
        .optional()?;
    let Some(oldest) = oldest else { return Ok(EventPage::default()) };
    let select = of_worker!("SELECT events FROM events WHERE", "AND last > ?2 ORDER BY last");
    let mut statement = snapshot.prepare_cached(select)?;
    let mut rows = statement.query(params![id(&worker_id), after])?;
    let mut events = Vec::new();
    while events.len() < limit {
        let Some(row) = rows.next()? else { break };
        let of_batch: Vec<StoredEvent> = serde_json::from_slice(bytes(row, 0)?)?;
        // A page may begin or end in the middle of a batch.
        let wanted = of_batch.into_iter().filter(|event| event.sequence > after);
        events.extend(wanted.take(limit - events.len()));
    }
    Ok(EventPage { oldest, events })
}

/// A page of Workers.
type Workers = Vec<Result<StoredWorker, CorruptWorker>>;

pub(crate) fn workers(
    connection: &mut Connection,
    after: u64,
    limit: usize,
) -> Result<Workers, Failure> {
    let snapshot = connection.transaction()?;
    let mut statement = snapshot.prepare_cached(
        "SELECT ordinal, worker_id, record, spec FROM workers LEFT JOIN specs ON worker = ordinal
         WHERE ordinal > ? ORDER BY ordinal LIMIT ?",
    )?;
    let mut rows = statement.query(params![after, size(limit)])?;
    let mut specs = Specs::default();
    let mut workers = Workers::new();
    let mut last = after;
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        workers.push(
            worker(row, &mut specs).map_err(|failure| CorruptWorker {
                worker_id: bytes(row, 1)
                    .ok()
                    .and_then(|id| Uuid::from_slice(id).ok())
                    .map(WorkerId::from_uuid),
                ordinal: last,
                problem: match failure {
                    Failure::Unreadable(problem) | Failure::Before(problem) => problem,
                    other => format!("{other:?}"),
                },
            }),
        );
    }
    drop(rows);
    add_keys(&snapshot, after, last, &mut workers)?;
    Ok(workers)
}

/// The spec that was read last. Most Workers of a Runtime have the same one, which is then parsed
/// and kept once.
#[derive(Default)]
struct Specs {
    text: Vec<u8>,
    spec: Arc<WorkerSpec>,
}

impl Specs {
    fn parse(&mut self, text: &[u8]) -> Result<Arc<WorkerSpec>, Failure> {
        if self.text != text {
            self.spec = serde_json::from_slice(text)?;
            self.text = text.to_vec();
        }
        Ok(Arc::clone(&self.spec))
    }
}

fn worker(row: &Row<'_>, specs: &mut Specs) -> Result<StoredWorker, Failure> {
    let spec = specs.parse(bytes(row, 3)?)?;
    let record: WorkerRecord = serde_json::from_slice(bytes(row, 2)?)?;
    Ok(StoredWorker { record: Arc::new(WorkerRecord { spec, ..record }), keys: Vec::new() })
}

/// Reads the keys of the Workers whose ordinals are in the range, with one statement for all.
fn add_keys(
    connection: &Connection,
    after: u64,
    last: u64,
    workers: &mut Workers,
) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT worker, input_key FROM input_keys WHERE worker > ? AND worker <= ?
         ORDER BY worker, place",
    )?;
    let mut rows = statement.query([after, last])?;
    let mut next = 0;
    while let Some(row) = rows.next()? {
        let ordinal: u64 = row.get(0)?;
        let at = |listed: &Result<StoredWorker, CorruptWorker>| match listed {
            Ok(worker) => worker.record.ordinal,
            Err(corrupt) => corrupt.ordinal,
        };
        while workers.get(next).is_some_and(|listed| at(listed) < ordinal) {
            next += 1;
        }
        let Some(listed) = workers.get_mut(next).filter(|listed| at(listed) == ordinal) else {
            continue;
        };
        let key: Result<InputKey, Failure> =
            serde_json::from_slice(bytes(row, 1)?).map_err(Failure::from);
        match (&mut *listed, key) {
            (Ok(worker), Ok(key)) => worker.keys.push(key),
            (Ok(worker), Err(Failure::Unreadable(problem))) => {
                let worker_id = Some(worker.record.worker_id);
                *listed = Err(CorruptWorker { worker_id, ordinal, problem });
            }
            (Ok(_), Err(failure)) => return Err(failure),
            (Err(_), _) => {}
        }
    }
    Ok(())
}

fn id(worker_id: &WorkerId) -> &[u8; 16] {
    worker_id.as_uuid().as_bytes()
}

/// Converts a limit into the integer type of SQLite. A larger limit becomes the largest integer.
fn size(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

//! The version of a file, and how an earlier one becomes the present one.

use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use worker_runtime::store::WorkerRecord;

use crate::{SqliteError, lock::OwnerLock, owner::now_ms, prepared::record_alone};

/// The version of the files that this program writes, in `PRAGMA user_version`. Files of version 1
/// were written before there was a number; theirs is 0.
const VERSION: i64 = 2;

/// `Yoi!`, in `PRAGMA application_id`, by which `file` and others can tell whose database it is.
const APPLICATION: i64 = 0x596f_6921;

/// Finds out what a file is.
enum Found {
    /// A file without tables.
    Empty,
    /// A file of version 1.
    First,
    /// A file of the present version.
    Present,
}

/// Makes the tables of a new file, or brings a file of an earlier version to the present one, in one
/// transaction. A file of a later version is refused and not touched.
pub(crate) fn bring_up(
    connection: &mut Connection,
    lock: &mut OwnerLock,
) -> Result<(), SqliteError> {
    if let Found::Present = look(connection)? {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been quicker.
    match look(&transaction)? {
        Found::Present => return Ok(()),
        Found::Empty => transaction.execute_batch(include_str!("schema.sql"))?,
        Found::First => {
            // An owner of version 1 has no lock, but a lease.
            let until_ms: u64 = transaction.query_row(
                "SELECT coalesce(max(until_ms), 0) FROM owner",
                [],
                |row| row.get(0),
            )?;
            let remaining = Duration::from_millis(until_ms.saturating_sub(now_ms()));
            if !remaining.is_zero() || !lock.take() {
                return Err(SqliteError::InUse { remaining });
            }
            let migrated = from_first(&transaction);
            lock.give_back();
            migrated?;
        }
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    Ok(transaction.commit()?)
}

fn look(connection: &Connection) -> Result<Found, SqliteError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (version, application) = (number("user_version")?, number("application_id")?);
    let has = |tables: &str| {
        let select = format!("SELECT count(*) FROM sqlite_schema WHERE type = 'table' {tables}");
        connection.query_row(&select, [], |row| row.get::<_, i64>(0))
    };
    match (application, version) {
        (APPLICATION, VERSION) => Ok(Found::Present),
        (APPLICATION, found) if found > VERSION => {
            Err(SqliteError::NewerVersion { found, known: VERSION })
        }
        (0, 0) if has("")? == 0 => Ok(Found::Empty),
        (0, 0) if has("AND name IN ('owner', 'workers', 'entries', 'create_keys')")? == 4 => {
            Ok(Found::First)
        }
        (_, _) => Err(SqliteError::OtherProgram),
    }
}

/// The tables whose names and rows changed, and those whose rows did not.
const FIRST_TABLES: [&str; 7] =
    ["owner", "workers", "entries", "turns", "events", "input_keys", "create_keys"];

/// Rewrites the rows of version 1.
fn from_first(transaction: &Transaction<'_>) -> Result<(), SqliteError> {
    // References move along with a table that is renamed, so that the old tables go together.
    for table in FIRST_TABLES {
        transaction.execute_batch(&format!("ALTER TABLE {table} RENAME TO first_{table}"))?;
    }
    // The names of the indexes are free once their tables are gone, but the rows are needed first.
    transaction.execute_batch(
        "DROP INDEX turns_by_id; DROP INDEX turns_by_key; DROP INDEX input_keys_of_worker;
         DROP INDEX create_keys_by_key;",
    )?;
    transaction.execute_batch(include_str!("schema.sql"))?;
    let mut select = transaction.prepare(
        "SELECT ordinal, unhex(worker_id, '-'), version, record FROM first_workers ORDER BY ordinal",
    )?;
    let mut insert_worker = transaction.prepare("INSERT INTO workers VALUES (?, ?, ?, ?)")?;
    let mut insert_spec = transaction.prepare("INSERT INTO specs VALUES (?, ?)")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (ordinal, id, version): (u64, Vec<u8>, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let text =
            String::from_utf8_lossy(row.get_ref(3)?.as_bytes().map_err(rusqlite::Error::from)?);
        // A record that cannot be read stays as it is, and is reported when it is asked for.
        let parsed = serde_json::from_str::<WorkerRecord>(&text).ok();
        let parts = parsed.and_then(|record| {
            Some((record_alone(&record).ok()?, serde_json::to_string(&record.spec).ok()?))
        });
        let (record, spec) = parts.unwrap_or_else(|| (text.into_owned(), "null".to_owned()));
        insert_worker.execute(params![ordinal, id, version, record])?;
        insert_spec.execute(params![ordinal, spec])?;
    }
    drop(rows);
    transaction.execute_batch(include_str!("from_first.sql"))?;
    Ok(())
}

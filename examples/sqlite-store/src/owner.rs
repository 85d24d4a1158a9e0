//! The owner of the store: the Runtime that the store belongs to, and the lease of the process that
//! may change it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use worker_runtime::{
    RuntimeId,
    store::{Lease, OpenError, OpenRequest, Opened, Totals},
};

use crate::failure::Failure;

/// The only row of the table `owner`.
struct Owner {
    runtime_id: RuntimeId,
    lease: u64,
    until_ms: u64,
    totals: Totals,
}

/// Begins a transaction during which no other connection writes.
pub(crate) fn begin(connection: &mut Connection) -> Result<Transaction<'_>, Failure> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

/// Takes the store with a new lease. The inner error is a refusal, which changes nothing.
pub(crate) fn open(
    connection: &mut Connection,
    request: OpenRequest,
) -> Result<Result<Opened, OpenError>, Failure> {
    let transaction = begin(connection)?;
    let owner = read(&transaction)?;
    let now_ms = now_ms();
    let wanted = request.runtime_id;
    let (runtime_id, lease, totals) = match owner {
        Some(owner) if owner.until_ms > now_ms => {
            return Ok(Err(OpenError::Owned {
                remaining: Duration::from_millis(owner.until_ms - now_ms),
            }));
        }
        Some(owner) if wanted.is_some_and(|it| it != owner.runtime_id) => {
            return Ok(Err(OpenError::OtherRuntime { runtime_id: owner.runtime_id }));
        }
        Some(owner) => (owner.runtime_id, Lease { fencing_token: owner.lease + 1 }, owner.totals),
        None => (
            wanted.unwrap_or(request.new_runtime_id),
            Lease { fencing_token: 1 },
            Totals::default(),
        ),
    };
    transaction.execute(
        "INSERT OR REPLACE INTO owner (id, runtime_id, lease, until_ms, events_per_worker, totals)
         VALUES (1, ?, ?, ?, ?, ?)",
        params![
            runtime_id.to_string(),
            lease.fencing_token,
            after(now_ms, request.lease_duration),
            request.events_per_worker,
            serde_json::to_string(&totals)?,
        ],
    )?;
    transaction.commit().map_err(Failure::during)?;
    Ok(Ok(Opened { runtime_id, lease, totals }))
}

/// Extends the lease by `duration` from now on.
pub(crate) fn renew(
    connection: &mut Connection,
    lease: Lease,
    duration: Duration,
) -> Result<(), Failure> {
    let transaction = begin(connection)?;
    check(&transaction, lease)?;
    transaction.execute("UPDATE owner SET until_ms = ?", [after(now_ms(), duration)])?;
    transaction.commit().map_err(Failure::during)
}

/// Returns the time `duration` after `now_ms`, or the latest time that a column can hold.
fn after(now_ms: u64, duration: Duration) -> i64 {
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    i64::try_from(now_ms.saturating_add(duration_ms)).unwrap_or(i64::MAX)
}

/// Releases the lease, if it is still the newest.
pub(crate) fn release(connection: &mut Connection, lease: Lease) -> Result<(), Failure> {
    connection.execute("UPDATE owner SET until_ms = 0 WHERE lease = ?", [lease.fencing_token])?;
    Ok(())
}

/// Checks that this lease is the newest and was not released. The result holds until the
/// transaction ends.
pub(crate) fn check(transaction: &Transaction<'_>, lease: Lease) -> Result<(), Failure> {
    let newest = "SELECT 1 FROM owner WHERE lease = ? AND until_ms > 0";
    match transaction.query_row(newest, [lease.fencing_token], |_| Ok(())).optional()? {
        Some(()) => Ok(()),
        None => Err(Failure::LeaseLost),
    }
}

/// Adds to the totals, and returns the number of events that are kept of each Worker.
pub(crate) fn count(transaction: &Transaction<'_>, added: &Totals) -> Result<u64, Failure> {
    let (kept, totals): (u64, String) =
        transaction.query_row("SELECT events_per_worker, totals FROM owner", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    if *added != Totals::default() {
        let mut totals: Totals = serde_json::from_str(&totals)?;
        totals.add(added);
        transaction.execute("UPDATE owner SET totals = ?", [serde_json::to_string(&totals)?])?;
    }
    Ok(kept)
}

fn read(transaction: &Transaction<'_>) -> Result<Option<Owner>, Failure> {
    let select = "SELECT runtime_id, lease, until_ms, totals FROM owner";
    let row = transaction.query_row(select, [], |row| {
        let texts: (String, String) = (row.get(0)?, row.get(3)?);
        Ok((texts, row.get(1)?, row.get(2)?))
    });
    let Some(((runtime_id, totals), lease, until_ms)) = row.optional()? else { return Ok(None) };
    let runtime_id = runtime_id
        .parse()
        .map_err(|_| Failure::Before("the store's Runtime has an id that is none".to_owned()))?;
    Ok(Some(Owner { runtime_id, lease, until_ms, totals: serde_json::from_str(&totals)? }))
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

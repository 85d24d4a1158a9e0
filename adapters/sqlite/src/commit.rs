//! Applies the batches of a group in one transaction, and finds out whether an earlier commit took
//! effect.

use std::{collections::BTreeMap, slice, sync::Arc};

use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction, params};
use worker_runtime::{
    WorkerId,
    store::{Lease, Settlement, Totals},
};

use crate::{
    failure::Failure,
    owner::{self, Owner, Ownership},
    prepared::{KeyRow, Prepared, Rows},
};

/// Old events of a Worker are removed when its sequence passes a multiple of this number. A store
/// may keep more events than it has to, and a removal costs as much as a commit's other rows.
const PRUNE_EVERY: u64 = 64;

/// The newest deletions that the feed of changes has.
const DELETIONS_KEPT: u64 = 10_000;

/// The side of the database on which everything is written.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) ownership: Ownership,
    /// Whether the last transaction failed in its end, so that it may lie in the WAL as a whole
    /// although no reader sees it, and would come to light after a crash.
    uncertain: bool,
}

impl Writer {
    pub(crate) fn new(connection: Connection, ownership: Ownership) -> Self {
        Self { connection, ownership, uncertain: false }
    }

    /// Applies batches, each as a whole or not at all, and answers for each of them.
    pub(crate) fn apply(&mut self, group: &[Prepared]) -> Vec<Result<(), Failure>> {
        match self.apply_together(group) {
            Ok(answers) => answers,
            // One batch cannot be written, and nothing was. Each is tried by itself, so that it
            // fails for its own reasons only.
            Err(Failure::Before(_) | Failure::Unreadable(_)) if group.len() > 1 => {
                group.iter().flat_map(|one| self.apply(slice::from_ref(one))).collect()
            }
            Err(failure) => {
                self.uncertain |= matches!(failure, Failure::During(_));
                vec![Err(failure); group.len()]
            }
        }
    }

    /// Applies batches in one transaction. The inner errors are refusals, which are found before
    /// anything of their batch is written and so concern no other.
    fn apply_together(&mut self, group: &[Prepared]) -> Result<Vec<Result<(), Failure>>, Failure> {
        let transaction = owner::begin(&mut self.connection)?;
        let Some(mut owner) = self.ownership.owner(&transaction)? else {
            return Ok(vec![Err(Failure::LeaseLost); group.len()]);
        };
        let before = owner.batches;
        let mut totals: BTreeMap<Arc<str>, Totals> = BTreeMap::new();
        let mut answers = Vec::with_capacity(group.len());
        for batch in group {
            let refused = refusal(&transaction, &owner, batch)?;
            if refused.is_none() {
                owner.batches += 1;
                write(&transaction, &owner, batch)?;
                match totals.get_mut(&batch.tenant) {
                    Some(totals) => totals.add(&batch.totals),
                    None => drop(totals.insert(Arc::clone(&batch.tenant), batch.totals)),
                }
            }
            answers.push(refused.map_or(Ok(()), Err));
        }
        if owner.batches > before {
            owner::count(&transaction, &totals)?;
            transaction.prepare_cached("UPDATE owner SET batches = ?")?.execute([owner.batches])?;
            transaction.commit().map_err(Failure::during)?;
            // It lies where the uncertain one would be.
            self.uncertain = false;
        }
        Ok(answers)
    }

    /// Returns whether the commit that would have brought a Worker to `version` took effect.
    ///
    /// One thread makes all changes, in the order in which they were sent. A commit that was sent
    /// before this call is therefore over, even if its caller no longer waits. If its end failed,
    /// something else is written in its place first, so that the answer cannot change later.
    pub(crate) fn settle(
        &mut self,
        lease: Lease,
        worker_id: WorkerId,
        version: u64,
    ) -> Result<Settlement, Failure> {
        let transaction = owner::begin(&mut self.connection)?;
        self.ownership.check(&transaction, lease)?;
        // If the Worker is missing although this version is not its first, the Worker was deleted.
        let took_effect =
            place(&transaction, worker_id)?.map_or(version > 1, |(_, present)| present >= version);
        if self.uncertain {
            transaction.execute("UPDATE owner SET settled = settled + 1", [])?;
            transaction.commit().map_err(Failure::during)?;
            self.uncertain = false;
        }
        Ok(if took_effect { Settlement::Committed } else { Settlement::NotApplied })
    }
}

/// Returns why a batch must not be applied.
fn refusal(
    transaction: &Transaction<'_>,
    owner: &Owner,
    batch: &Prepared,
) -> Result<Option<Failure>, Failure> {
    if !owner.is_under(batch.lease) {
        return Ok(Some(Failure::LeaseLost));
    }
    let version = place(transaction, batch.worker_id)?.map_or(0, |(_, version)| version);
    let is_expected = version == batch.expected_version;
    Ok((!is_expected).then(|| Failure::Before(format!("the worker is at version {version}"))))
}

/// Returns the ordinal and the version of a Worker.
fn place(
    transaction: &Transaction<'_>,
    worker_id: WorkerId,
) -> Result<Option<(u64, u64)>, Failure> {
    let mut select =
        transaction.prepare_cached("SELECT ordinal, version FROM workers WHERE worker_id = ?")?;
    let found =
        select.query_row([worker_id.as_uuid().as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

fn write(transaction: &Transaction<'_>, owner: &Owner, batch: &Prepared) -> Result<(), Failure> {
    let sql = |sql| transaction.prepare_cached(sql);
    if let Some(new) = &batch.create_key {
        for dropped in &new.dropped {
            sql("DELETE FROM create_keys WHERE key = ?")?.execute([dropped.as_bytes()])?;
        }
        sql("INSERT INTO create_keys (key, create_key) VALUES (?, ?)")?
            .execute(params![new.key.as_bytes(), new.value])?;
    }
    let id = batch.worker_id.as_uuid().as_bytes();
    match &batch.rows {
        None => {
            // The rest goes with the row that it refers to.
            sql("INSERT INTO deletions SELECT ?2, worker_id, ordinal,
                     (SELECT coalesce(max(last), 0) + 1 FROM events WHERE worker = ordinal)
                 FROM workers WHERE worker_id = ?1")?
            .execute(params![id, owner.batches])?;
            if owner.batches.is_multiple_of(PRUNE_EVERY) {
                prune_deletions(transaction)?;
            }
            sql("DELETE FROM workers WHERE worker_id = ?")?.execute([id])?;
        }
        Some(rows) if batch.expected_version == 0 => {
            sql("INSERT INTO workers (ordinal, worker_id, version, record) VALUES (?, ?, ?, ?)")?
                .execute(params![rows.ordinal, id, rows.version, rows.record])?;
            sql("INSERT INTO specs (worker, spec) VALUES (?, ?)")?
                .execute(params![rows.ordinal, rows.spec])?;
            append(sql, owner, rows)?;
        }
        Some(rows) => {
            sql("UPDATE workers SET version = ?2, record = ?3 WHERE ordinal = ?1")?
                .execute(params![rows.ordinal, rows.version, rows.record])?;
            if let Some(spec) = &rows.spec {
                sql("UPDATE specs SET spec = ?2 WHERE worker = ?1")?
                    .execute(params![rows.ordinal, spec])?;
            }
            append(sql, owner, rows)?;
        }
    }
    Ok(())
}

/// Forgets the oldest deletions, and notes up to which batch some are forgotten.
fn prune_deletions(transaction: &Transaction<'_>) -> Result<(), Failure> {
    let select = "SELECT batch FROM deletions ORDER BY batch DESC LIMIT 1 OFFSET ?";
    let forgotten: Option<u64> =
        transaction.query_row(select, [DELETIONS_KEPT], |row| row.get(0)).optional()?;
    if let Some(forgotten) = forgotten {
        transaction.execute("DELETE FROM deletions WHERE batch <= ?", [forgotten])?;
        transaction.execute("UPDATE owner SET deletions_from = ?", [forgotten])?;
    }
    Ok(())
}

/// Writes what a batch adds to a Worker.
fn append<'a>(
    sql: impl Fn(&'static str) -> rusqlite::Result<CachedStatement<'a>>,
    owner: &Owner,
    rows: &Rows,
) -> Result<(), Failure> {
    let worker = rows.ordinal;
    for (sequence, entry) in &rows.entries {
        sql("INSERT INTO entries (worker, sequence, entry) VALUES (?, ?, ?)")?
            .execute(params![worker, sequence, entry])?;
    }
    for turn in &rows.turns {
        // A turn keeps its id and its key, so the indexes stay as they are.
        sql("INSERT INTO turns (worker, ordinal, turn_id, idempotency_key, turn)
             VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (worker, ordinal) DO UPDATE SET turn = excluded.turn")?
        .execute(params![
            worker,
            turn.ordinal,
            turn.turn_id,
            turn.idempotency_key.as_deref().map(str::as_bytes),
            turn.turn,
        ])?;
    }
    let last = rows.worker_sequence;
    if rows.event_count > 0 {
        sql("INSERT INTO events (worker, last, first, batch, events) VALUES (?, ?, ?, ?, ?)")?
            .execute(params![
                worker,
                last,
                last + 1 - rows.event_count,
                owner.batches,
                rows.events
            ])?;
        if last / PRUNE_EVERY > (last - rows.event_count) / PRUNE_EVERY {
            let last_dropped = last.saturating_sub(owner.events_per_worker);
            sql("DELETE FROM events WHERE worker = ? AND last <= ?")?
                .execute([worker, last_dropped])?;
        }
    }
    if let Some(KeyRow { key, dropped, value }) = &rows.key {
        for dropped in dropped {
            sql("DELETE FROM input_keys WHERE worker = ? AND key = ?")?
                .execute(params![worker, dropped.as_bytes()])?;
        }
        sql("INSERT INTO input_keys (worker, key, place, input_key) VALUES (?, ?, ?, ?)")?
            .execute(params![worker, key.as_bytes(), rows.version, value])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use worker_runtime::store::OpenRequest;

    use super::*;
    use crate::{Options, connection, lock::OwnerLock, schema};

    const WORKER: &str = "01a22dd4-5eed-7908-9e37-000000000001";

    fn creation(lease: Lease) -> Prepared {
        let rows = Rows {
            ordinal: 1,
            version: 1,
            record: "{}".to_owned(),
            spec: Some("{}".to_owned()),
            entries: Vec::new(),
            turns: Vec::new(),
            worker_sequence: 0,
            event_count: 0,
            events: "[]".to_owned(),
            key: None,
        };
        Prepared {
            lease,
            worker_id: WORKER.parse().unwrap(),
            expected_version: 0,
            rows: Some(rows),
            create_key: None,
            tenant: Arc::from(""),
            totals: Totals { created: 1, ..Totals::default() },
            size: 0,
        }
    }

    #[test]
    fn a_commit_whose_end_failed_is_unknown_until_something_is_written_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite");
        let mut connection = connection::open(&path, &Options::default()).unwrap();
        let mut lock = OwnerLock::new(&path);
        schema::bring_up(&mut connection, &mut lock).unwrap();
        let mut writer = Writer::new(connection, Ownership::new(lock));
        let request = OpenRequest {
            runtime_id: None,
            new_runtime_id: WORKER.parse().unwrap(),
            epoch: WORKER.parse().unwrap(),
            format: worker_runtime::store::FORMAT,
            lease_duration: Duration::from_mins(1),
            events_per_worker: 1,
        };
        let opened = writer.ownership.open(&mut writer.connection, &request).unwrap().unwrap();
        let lease = opened.lease;

        // SQLite lets the end of a transaction fail if this is `true`.
        writer.connection.commit_hook(Some(|| true)).unwrap();
        let group = [creation(lease), creation(Lease { fencing_token: 0, ..lease })];
        let answers = writer.apply(&group);
        assert!(answers.iter().all(|answer| matches!(answer, Err(Failure::During(_)))));
        // Nothing certain can be said as long as nothing can be written.
        let worker_id = group[0].worker_id;
        assert!(matches!(writer.settle(lease, worker_id, 1), Err(Failure::During(_))));
        // A group of which nothing is written makes nothing certain either.
        assert!(matches!(writer.apply(&group[1..])[0], Err(Failure::LeaseLost)));
        assert!(writer.uncertain);

        writer.connection.commit_hook(None::<fn() -> bool>).unwrap();
        assert_eq!(writer.settle(lease, worker_id, 1).unwrap(), Settlement::NotApplied);
        let settled = "SELECT settled FROM owner";
        let settled = || writer.connection.query_row(settled, [], |row| row.get::<_, u64>(0));
        assert_eq!(settled().unwrap(), 1);
        assert!(writer.apply(&group[..1])[0].is_ok());
        assert_eq!(writer.settle(lease, worker_id, 1).unwrap(), Settlement::Committed);
    }
}

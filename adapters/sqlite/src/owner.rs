//! The owner of the store: the Runtime that the store belongs to, and the lease of the one that may
//! change it.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use worker_runtime::{
    RuntimeId,
    store::{Lease, OpenError, OpenRequest, Opened, Totals},
};

use crate::{failure::Failure, lock::OwnerLock};

/// The ownership as one store in this process knows it.
#[derive(Debug)]
pub(crate) struct Ownership {
    pub(crate) lock: OwnerLock,
    /// The newest fencing token that this store issued; 0 if it issued none.
    issued: u64,
}

/// The only row of the table `owner`, as far as it is asked for at each commit.
pub(crate) struct Owner {
    pub(crate) fencing_token: u64,
    epoch: Vec<u8>,
    format: u32,
    until_ms: u64,
    locked: bool,
    pub(crate) events_per_worker: u64,
    pub(crate) batches: u64,
}

impl Owner {
    /// Reads the row; `None` if nobody has opened the store yet.
    pub(crate) fn read(connection: &Connection) -> Result<Option<Self>, Failure> {
        let mut select = connection.prepare_cached(
            "SELECT fencing_token, epoch, until_ms, locked, events_per_worker, batches, format
             FROM owner",
        )?;
        let owner = select.query_row([], |row| {
            Ok(Self {
                fencing_token: row.get(0)?,
                epoch: row.get(1)?,
                until_ms: row.get(2)?,
                locked: row.get(3)?,
                events_per_worker: row.get(4)?,
                batches: row.get(5)?,
                format: row.get(6)?,
            })
        });
        Ok(owner.optional()?)
    }

    /// Whether this lease is the newest and was not released.
    pub(crate) fn is_under(&self, lease: Lease) -> bool {
        let is_newest = self.fencing_token == lease.fencing_token
            && self.epoch == lease.epoch.as_uuid().as_bytes();
        is_newest && self.until_ms > 0
    }

    /// Returns the time for which the lease still keeps others out; `None` if it does not.
    fn remaining(&self, now_ms: u64) -> Option<Duration> {
        let left_ms = self.until_ms.saturating_sub(now_ms);
        (left_ms > 0).then(|| Duration::from_millis(left_ms))
    }
}

impl Ownership {
    pub(crate) fn new(lock: OwnerLock) -> Self {
        Self { lock, issued: 0 }
    }

    /// Takes the store with a new lease. The inner error is a refusal, which changes nothing.
    pub(crate) fn open(
        &mut self,
        connection: &mut Connection,
        request: &OpenRequest,
    ) -> Result<Result<Opened, OpenError>, Failure> {
        let held_before = self.lock.is_held();
        let held_now = self.lock.take();
        let opened = self.take(connection, request, held_now && !held_before);
        match &opened {
            Ok(Ok(opened)) => self.issued = opened.lease.fencing_token,
            // A lock that was taken to look must not tell the next one that the owner is gone.
            Ok(Err(_)) | Err(_) if !held_before => self.lock.give_back(),
            Ok(Err(_)) | Err(_) => {}
        }
        opened
    }

    /// Takes the store. `was_free` says that nobody had the lock of the operating system.
    fn take(
        &mut self,
        connection: &mut Connection,
        request: &OpenRequest,
        was_free: bool,
    ) -> Result<Result<Opened, OpenError>, Failure> {
        let refusal = |owner: Option<&Owner>, now_ms| {
            let owner = owner?;
            if owner.format > request.format {
                return Some(OpenError::NewerFormat { format: owner.format });
            }
            // An owner that had the lock and has it no longer is gone. One that took over from a
            // paused owner may have had none, so its lease has to run out.
            let is_gone = was_free && owner.locked;
            let remaining = owner.remaining(now_ms).filter(|_| !is_gone)?;
            Some(OpenError::Owned { remaining })
        };
        // At first without the right to write, for which an owner that was paused in the middle of a
        // transaction would let everybody wait.
        if let Some(refused) = refusal(Owner::read(connection)?.as_ref(), now_ms()) {
            return Ok(Err(refused));
        }
        let transaction = begin(connection)?;
        let owner = Owner::read(&transaction)?;
        let now_ms = now_ms();
        if let Some(refused) = refusal(owner.as_ref(), now_ms) {
            return Ok(Err(refused));
        }
        let stored = runtime_id(&transaction)?;
        let runtime_id = match (stored, request.runtime_id) {
            (Some(runtime_id), Some(wanted)) if wanted != runtime_id => {
                return Ok(Err(OpenError::OtherRuntime { runtime_id }));
            }
            (Some(runtime_id), _) | (None, Some(runtime_id)) => runtime_id,
            (None, None) => request.new_runtime_id,
        };
        let fencing_token = owner.as_ref().map_or(0, |owner| owner.fencing_token) + 1;
        transaction.execute(
            "INSERT INTO owner VALUES (1, ?1, ?7, ?2, ?3, ?4, ?5, ?6, 0, 0, 0)
             ON CONFLICT (id) DO UPDATE SET
                 fencing_token = ?2, epoch = ?3, until_ms = ?4, locked = ?5, events_per_worker = ?6,
                 format = ?7",
            params![
                runtime_id.to_string(),
                fencing_token,
                request.epoch.as_uuid().as_bytes(),
                after(now_ms, request.lease_duration),
                // Who released the lease a moment ago has given the lock back by now.
                self.lock.take(),
                request.events_per_worker,
                request.format,
            ],
        )?;
        let totals = totals(&transaction)?;
        transaction.commit().map_err(Failure::during)?;
        let lease = Lease { fencing_token, epoch: request.epoch };
        Ok(Ok(Opened { runtime_id, lease, totals }))
    }

    /// Extends the lease by `duration` from now on. An owner that has not got the lock yet takes it,
    /// if the one before it has ended meanwhile.
    pub(crate) fn renew(
        &mut self,
        connection: &mut Connection,
        lease: Lease,
        duration: Duration,
    ) -> Result<(), Failure> {
        let transaction = begin(connection)?;
        self.check(&transaction, lease)?;
        let locked = self.lock.take();
        transaction
            .prepare_cached("UPDATE owner SET until_ms = ?, locked = ?")?
            .execute(params![after(now_ms(), duration), locked])?;
        transaction.commit().map_err(Failure::during)
    }

    /// Releases the lease, if it is still the newest, and the lock.
    pub(crate) fn release(
        &mut self,
        connection: &mut Connection,
        lease: Lease,
    ) -> Result<(), Failure> {
        let transaction = begin(connection)?;
        if self.check(&transaction, lease).is_ok() {
            transaction.execute("UPDATE owner SET until_ms = 0", [])?;
            // Before anybody can see that the lease is free, so that who takes it gets the lock too.
            self.lock.give_back();
            transaction.commit().map_err(Failure::during)?;
        }
        Ok(())
    }

    /// Reads the owner, and returns it if this lease is the newest and was not released. The result
    /// holds until the transaction ends.
    pub(crate) fn check(
        &mut self,
        transaction: &Transaction<'_>,
        lease: Lease,
    ) -> Result<Owner, Failure> {
        match self.owner(transaction)? {
            Some(owner) if owner.is_under(lease) => Ok(owner),
            Some(_) | None => Err(Failure::LeaseLost),
        }
    }

    /// Reads the owner. If it is not this store any more, the lock is given back, for the owner.
    pub(crate) fn owner(
        &mut self,
        transaction: &Transaction<'_>,
    ) -> Result<Option<Owner>, Failure> {
        let owner = Owner::read(transaction)?;
        if owner.as_ref().is_none_or(|owner| owner.fencing_token != self.issued) {
            self.lock.give_back();
        }
        Ok(owner)
    }
}

/// Begins a transaction during which no other connection writes.
pub(crate) fn begin(connection: &mut Connection) -> Result<Transaction<'_>, Failure> {
    if !connection.is_autocommit() {
        // The end of an earlier transaction failed, and so did its undoing.
        connection.execute_batch("ROLLBACK")?;
    }
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

/// Adds to the totals of each tenant.
pub(crate) fn count(
    transaction: &Transaction<'_>,
    added: &BTreeMap<Arc<str>, Totals>,
) -> Result<(), Failure> {
    for (tenant, added) in added.iter().filter(|(_, added)| **added != Totals::default()) {
        let select = "SELECT totals FROM totals WHERE tenant = ?";
        let text: Option<String> = transaction
            .prepare_cached(select)?
            .query_row([&**tenant], |row| row.get(0))
            .optional()?;
        let mut totals: Totals = match text {
            Some(text) => serde_json::from_str(&text)?,
            None => Totals::default(),
        };
        totals.add(added);
        transaction
            .prepare_cached("INSERT OR REPLACE INTO totals VALUES (?, ?)")?
            .execute(params![&**tenant, serde_json::to_string(&totals)?])?;
    }
    Ok(())
}

/// Returns the totals of all tenants together.
fn totals(connection: &Connection) -> Result<Totals, Failure> {
    let mut totals = Totals::default();
    let mut select = connection.prepare("SELECT totals FROM totals")?;
    for text in select.query_map([], |row| row.get::<_, String>(0))? {
        totals.add(&serde_json::from_str(&text?)?);
    }
    Ok(totals)
}

fn runtime_id(connection: &Connection) -> Result<Option<RuntimeId>, Failure> {
    let select = "SELECT runtime_id FROM owner";
    let text: Option<String> = connection.query_row(select, [], |row| row.get(0)).optional()?;
    let parsed = text.map(|text| text.parse()).transpose();
    parsed.map_err(|_| Failure::Before("the store's Runtime has an id that is none".to_owned()))
}

/// Returns the time `duration` after `now_ms`, or the latest time that a column can hold.
fn after(now_ms: u64, duration: Duration) -> i64 {
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    i64::try_from(now_ms.saturating_add(duration_ms)).unwrap_or(i64::MAX)
}

pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

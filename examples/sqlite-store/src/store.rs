//! The store: each method is one job for a thread of the database.

use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::params;
use worker_runtime::{
    WorkerId,
    model::{TranscriptEntry, TurnDetail},
    store::{
        Batch, CorruptWorker, CreateKey, EventPage, Lease, OpenError, OpenRequest, Opened,
        Settlement, Store, StoreError, StoreFuture, StoreInfo, StoredWorker, TurnLookup,
    },
};

use crate::{
    commit,
    database::Database,
    owner,
    reads::{self, size},
};

/// A store in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    changes: Database,
    reads: Database,
}

impl SqliteStore {
    /// Opens the file, and creates it if it does not exist. Several processes may have the file
    /// open; the lease determines which one may change it.
    pub fn open(path: impl AsRef<Path>) -> rusqlite::Result<Self> {
        let path = path.as_ref();
        rusqlite::Connection::open(path)?.execute_batch(include_str!("schema.sql"))?;
        Ok(Self {
            changes: Database::open(path, "sqlite-changes")?,
            reads: Database::open(path, "sqlite-reads")?,
        })
    }
}

type Answer<T> = StoreFuture<Result<T, StoreError>>;

impl Store for SqliteStore {
    fn info(&self) -> StoreInfo {
        StoreInfo { kind: "sqlite".to_owned(), durable: true }
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        let opened: StoreFuture<Result<_, OpenError>> =
            self.changes.run(move |connection| owner::open(connection, request));
        StoreFuture::pending(async move { opened.await? })
    }

    fn renew(&self, lease: Lease, duration: Duration) -> Answer<()> {
        self.changes.run(move |connection| owner::renew(connection, lease, duration))
    }

    fn release(&self, lease: Lease) -> Answer<()> {
        self.changes.run(move |connection| owner::release(connection, lease))
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let batch = batch.clone();
        self.changes.run(move |connection| commit::apply(connection, &batch))
    }

    fn settle(&self, lease: Lease, worker_id: WorkerId, version: u64) -> Answer<Settlement> {
        self.changes.run(move |connection| commit::settle(connection, lease, worker_id, version))
    }

    fn workers(
        &self,
        after: u64,
        limit: usize,
    ) -> Answer<Vec<Result<StoredWorker, CorruptWorker>>> {
        self.reads.run(move |connection| reads::workers(connection, after, limit))
    }

    fn create_keys(&self) -> Answer<Vec<CreateKey>> {
        self.reads.run(|connection| reads::create_keys(connection))
    }

    fn entries(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> Answer<Vec<Arc<TranscriptEntry>>> {
        self.reads.run(move |connection| {
            let select = "SELECT entry FROM entries WHERE worker_id = ? AND sequence >= ?
                          ORDER BY sequence LIMIT ?";
            reads::values(connection, select, params![worker_id.to_string(), first, size(limit)])
        })
    }

    fn turns(&self, worker_id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<TurnDetail>>> {
        self.reads.run(move |connection| {
            let select = "SELECT turn FROM turns WHERE worker_id = ? AND ordinal >= ?
                          ORDER BY ordinal LIMIT ?";
            reads::values(connection, select, params![worker_id.to_string(), first, size(limit)])
        })
    }

    fn turn(&self, worker_id: WorkerId, selector: TurnLookup) -> Answer<Option<Arc<TurnDetail>>> {
        self.reads.run(move |connection| reads::turn(connection, worker_id, &selector))
    }

    fn events(&self, worker_id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
        self.reads.run(move |connection| reads::events(connection, worker_id, after, limit))
    }
}

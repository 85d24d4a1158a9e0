//! The store: each method is one task for a thread of the database.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use worker_runtime::{
    WorkerId,
    store::{
        Batch, ChangePage, CorruptWorker, CreateKey, EventPage, FoundTurn, Lease, OpenError,
        OpenRequest, Opened, Settlement, Store, StoreError, StoreFuture, StoreInfo, StoredEntry,
        StoredTurn, StoredWorker, TenantTotals, TurnLookup,
    },
};

use crate::{
    Groups, Options, SqliteError, backup, check,
    commit::Writer,
    connection,
    lock::OwnerLock,
    owner::Ownership,
    prepared::Prepared,
    queue::{Reading, Writing},
    reads, schema,
};

/// A store in one SQLite file.
///
/// Several processes may have the file open, and one process several times; the lease determines
/// which store may change it. As long as it does, the store also holds a lock on a file beside it,
/// by which the next one knows at once when this process has ended.
#[derive(Debug)]
pub struct SqliteStore {
    /// The path that all names of the file lead to.
    path: PathBuf,
    options: Options,
    writing: Writing,
    reading: Reading,
}

impl SqliteStore {
    /// Opens the store in this file with the default [`Options`], and creates the file if it does
    /// not exist. This blocks the thread, usually for milliseconds.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SqliteError> {
        Options::default().open(path)
    }

    pub(crate) fn open_with(path: &Path, options: &Options) -> Result<Self, SqliteError> {
        let mut connection = connection::open_first(path, options)?;
        let path = path.canonicalize()?;
        let mut lock = OwnerLock::new(&path);
        schema::bring_up(&mut connection, &mut lock)?;
        connection.execute_batch(&options.pragmas())?;
        let readers = (0..options.readers).map(|_| {
            let reader = connection::open(&path, options)?;
            reader.execute_batch("PRAGMA query_only = ON")?;
            Ok(reader)
        });
        let readers = readers.collect::<Result<_, SqliteError>>()?;
        let writer = Writer::new(connection, Ownership::new(lock));
        Ok(Self {
            path,
            options: options.clone(),
            writing: Writing::start(writer, options)?,
            reading: Reading::start(readers)?,
        })
    }

    /// Writes a copy of everything that is committed now to a new file, while commits go on. The
    /// copy has no owner, so a Runtime can be built on it at once. Nothing is at `to` before the
    /// copy is complete and on the disk.
    ///
    /// This blocks the thread for as long as it takes to read and write all: call it by
    /// `tokio::task::spawn_blocking`. The WAL grows meanwhile.
    pub fn backup(&self, to: impl AsRef<Path>) -> Result<(), SqliteError> {
        backup::write(&connection::open(&self.path, &self.options)?, to.as_ref())
    }

    /// Copies the WAL into the file, so that the file alone has everything that is committed. Does as
    /// much of that as is possible while others read or write.
    ///
    /// This blocks the thread while the disk is waited for: call it by
    /// `tokio::task::spawn_blocking`.
    pub fn checkpoint(&self) -> Result<(), SqliteError> {
        let connection = connection::open(&self.path, &self.options)?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Reads the whole file and looks for damage: in the structure of the database, rows that lack
    /// what they refer to, values that are no JSON, and Workers whose entries, turns or events are
    /// not those that their records count. [`SqliteError::Damaged`] has the findings.
    ///
    /// This blocks the thread for as long as it takes to read all: call it by
    /// `tokio::task::spawn_blocking`. Commits go on meanwhile.
    pub fn check(&self) -> Result<(), SqliteError> {
        check::run(&mut connection::open(&self.path, &self.options)?)
    }

    /// Returns how many batches were committed since this store was opened, and in how many groups.
    #[must_use]
    pub fn groups(&self) -> Groups {
        self.writing.groups()
    }
}

type Answer<T> = StoreFuture<Result<T, StoreError>>;

impl Store for SqliteStore {
    fn info(&self) -> StoreInfo {
        StoreInfo { kind: "sqlite".to_owned(), durable: true }
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        let opened: StoreFuture<Result<_, OpenError>> =
            self.writing.run(move |writer| writer.ownership.open(&mut writer.connection, &request));
        StoreFuture::pending(async move { opened.await? })
    }

    fn renew(&self, lease: Lease, duration: Duration) -> Answer<()> {
        self.writing
            .run(move |writer| writer.ownership.renew(&mut writer.connection, lease, duration))
    }

    fn release(&self, lease: Lease) -> Answer<()> {
        self.writing.run(move |writer| writer.ownership.release(&mut writer.connection, lease))
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        match Prepared::new(batch) {
            Ok(prepared) => self.writing.commit(prepared),
            Err(failure) => StoreFuture::ready(Err(failure.into())),
        }
    }

    fn settle(&self, lease: Lease, worker_id: WorkerId, version: u64) -> Answer<Settlement> {
        self.writing.run(move |writer| writer.settle(lease, worker_id, version))
    }

    fn workers(
        &self,
        after: u64,
        limit: usize,
    ) -> Answer<Vec<Result<StoredWorker, CorruptWorker>>> {
        self.reading.run(move |connection| reads::workers(connection, after, limit))
    }

    fn create_keys(&self) -> Answer<Vec<CreateKey>> {
        self.reading.run(|connection| reads::create_keys(connection))
    }

    fn entries(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> Answer<Vec<Arc<StoredEntry>>> {
        self.reading.run(move |connection| reads::entries(connection, worker_id, first, limit))
    }

    fn turns(&self, worker_id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredTurn>>> {
        self.reading.run(move |connection| reads::turns(connection, worker_id, first, limit))
    }

    fn turn(&self, worker_id: WorkerId, selector: TurnLookup) -> Answer<Option<FoundTurn>> {
        self.reading.run(move |connection| reads::turn(connection, worker_id, &selector))
    }

    fn events(&self, worker_id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
        self.reading.run(move |connection| reads::events(connection, worker_id, after, limit))
    }

    fn tenant_totals(&self, after: Option<Arc<str>>, limit: usize) -> Answer<Vec<TenantTotals>> {
        self.reading.run(move |connection| {
            reads::tenant_totals(connection, after.as_deref().unwrap_or_default(), limit)
        })
    }

    fn changes(&self, after: u64, limit: usize) -> Answer<Option<ChangePage>> {
        self.reading.run(move |connection| reads::changes(connection, after, limit).map(Some))
    }
}

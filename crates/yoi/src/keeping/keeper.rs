//! The store of a conversation that is kept without having been asked for.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_blocking,
};
use worker_runtime::store::{
    Batch, Lease, MemoryStore, OpenError, OpenRequest, Opened, Store, StoreError, StoreFuture,
    StoreWrapper,
};
use yoi_sqlite::SqliteStore;

use super::{file, partial::Partials, place};
use crate::report;

/// A store in memory, which copies what is committed to a file of its own.
///
/// The memory has the last word: if the file cannot be written, a note says so, and the conversation
/// goes on without it. The file is made when the first thing is said, so that a conversation in
/// which nothing is said leaves nothing behind.
pub(super) struct Keeper {
    memory: MemoryStore,
    copying: mpsc::UnboundedSender<Job>,
}

/// A job of the task that writes the file. Jobs are done in order, even if nobody waits for them any
/// more.
enum Job {
    Open(OpenRequest),
    Commit(Box<Batch>, oneshot::Sender<()>),
    Renew(Duration),
    Release(oneshot::Sender<()>),
}

impl Keeper {
    /// Creates the store of a new conversation, whose file will be in this folder.
    pub(super) fn new(folder: PathBuf, partials: Partials) -> Self {
        let (copying, mut jobs) = mpsc::unbounded_channel();
        let mut copy = Copy { folder, partials, request: None, state: State::Waiting(Vec::new()) };
        tokio::spawn(async move {
            while let Some(job) = jobs.recv().await {
                copy.carry_out(job).await;
            }
        });
        Self { memory: MemoryStore::new(), copying }
    }

    /// Sends a job. The task ends only with the tokio runtime, and then nobody waits.
    fn send(&self, job: Job) {
        let _ = self.copying.send(job);
    }
}

impl StoreWrapper for Keeper {
    fn inner(&self) -> &dyn Store {
        &self.memory
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        self.send(Job::Open(request));
        self.memory.open(request)
    }

    fn renew(&self, lease: Lease, duration: Duration) -> StoreFuture<Result<(), StoreError>> {
        self.send(Job::Renew(duration));
        self.memory.renew(lease, duration)
    }

    fn release(&self, lease: Lease) -> StoreFuture<Result<(), StoreError>> {
        let (done, copied) = oneshot::channel();
        self.send(Job::Release(done));
        let released = self.memory.release(lease);
        StoreFuture::pending(async move {
            let _ = copied.await;
            released.await
        })
    }

    fn commit(&self, batch: &Batch) -> StoreFuture<Result<(), StoreError>> {
        let (done, copied) = oneshot::channel();
        let committed = self.memory.commit(batch);
        self.send(Job::Commit(Box::new(batch.clone()), done));
        StoreFuture::pending(async move {
            committed.await?;
            // An error means that the task is gone, and the memory has the batch all the same.
            let _ = copied.await;
            Ok(())
        })
    }
}

/// The copy in the file.
struct Copy {
    folder: PathBuf,
    partials: Partials,
    request: Option<OpenRequest>,
    state: State,
}

enum State {
    /// Nothing was said yet. The batches go into the file before the first that has an entry.
    Waiting(Vec<Batch>),
    Writing(Arc<SqliteStore>, Lease),
    /// The file could not be written.
    GivenUp,
}

impl Copy {
    async fn carry_out(&mut self, job: Job) {
        match job {
            Job::Open(request) => self.request = Some(request),
            Job::Commit(batch, done) => {
                if let Err(problem) = self.commit(*batch).await {
                    report::note(&format!("this conversation is not kept: {problem}"));
                    self.state = State::GivenUp;
                }
                let _ = done.send(());
            }
            Job::Renew(duration) => {
                if let State::Writing(store, lease) = &self.state {
                    // A lease that ran out is renewed as long as nobody else took the file.
                    let _ = Store::renew(&**store, *lease, duration).await;
                }
            }
            Job::Release(done) => {
                if let State::Writing(store, lease) = &self.state {
                    let _ = Store::release(&**store, *lease).await;
                    file::checkpoint(store).await;
                }
                let _ = done.send(());
            }
        }
    }

    async fn commit(&mut self, batch: Batch) -> Result<(), String> {
        match &mut self.state {
            State::GivenUp => Ok(()),
            State::Writing(store, lease) => write(store, *lease, batch).await,
            State::Waiting(before) => {
                let says_something = !batch.entries.is_empty();
                before.push(batch);
                if !says_something {
                    return Ok(());
                }
                let batches = std::mem::take(before);
                let (store, lease) = self.begin().await?;
                for batch in batches {
                    write(&store, lease, batch).await?;
                }
                self.state = State::Writing(store, lease);
                Ok(())
            }
        }
    }

    /// Makes the file, and the folder if there is none.
    async fn begin(&self) -> Result<(Arc<SqliteStore>, Lease), String> {
        let request = self.request.ok_or("the store was not opened")?;
        let folder = self.folder.clone();
        let made = spawn_blocking(move || place::make(&folder)).await;
        let is_first = made
            .unwrap_or_else(|error| Err(io::Error::other(error)))
            .map_err(|error| format!("{} cannot be made: {error}", self.folder.display()))?;
        let path = place::new_file(&self.folder);
        let store = file::open(&path).await.map_err(|error| error.to_string())?;
        let opened = Store::open(&*store, request).await.map_err(|error| error.to_string())?;
        self.partials.are_in(&path);
        if is_first {
            report::note(&format!(
                "conversations are kept in {}: `yoi log` shows them, `yoi log delete` removes one,",
                self.folder.display()
            ));
            report::more("--no-store keeps none of a conversation, and YOI_STORE=off none at all");
        }
        Ok((store, opened.lease))
    }
}

/// Writes a batch under the lease of the file.
async fn write(store: &SqliteStore, lease: Lease, batch: Batch) -> Result<(), String> {
    let committed = store.commit(&Batch { lease, ..batch }).await;
    committed.map_err(|error| match error {
        StoreError::Refused(problem) | StoreError::Unknown(problem) => problem,
        StoreError::LeaseLost | _ => error.to_string(),
    })
}

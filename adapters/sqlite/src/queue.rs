//! The threads of a store: one that writes, in the order in which it is asked, and several that read.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

use rusqlite::Connection;
use tokio::sync::oneshot;
use worker_runtime::store::{StoreError, StoreFuture};

use crate::{Options, SqliteError, commit::Writer, failure::Failure, prepared::Prepared};

type Reply<T> = oneshot::Sender<Result<T, Failure>>;

/// A task of the thread that writes.
enum Task {
    Commit(Box<Prepared>, Reply<()>),
    /// Anything else, which has a transaction of its own.
    Other(Box<dyn FnOnce(&mut Writer) + Send>),
}

/// How many batches were committed, and in how many transactions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Groups {
    /// The number of batches that were sent to the database.
    pub batches: u64,
    /// The number of groups that they made. A group is one transaction, unless one of its batches
    /// could not be written.
    pub groups: u64,
}

/// The thread that writes. After the queue is dropped, the thread does what it was asked and ends.
pub(crate) struct Writing {
    tasks: Sender<Task>,
    batches: Arc<AtomicU64>,
    groups: Arc<AtomicU64>,
}

impl Writing {
    pub(crate) fn start(mut writer: Writer, options: &Options) -> Result<Self, SqliteError> {
        let (tasks, queue) = mpsc::channel();
        let (batches, groups) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let counters = (Arc::clone(&batches), Arc::clone(&groups));
        let (most, most_bytes) = (options.group, options.group_bytes);
        let work = move || {
            let mut next = queue.recv().ok();
            while let Some(task) = next.take() {
                match task {
                    Task::Other(run) => run(&mut writer),
                    Task::Commit(first, reply) => {
                        let mut group = vec![*first];
                        let mut replies = vec![reply];
                        next = gather(&queue, &mut group, &mut replies, most, most_bytes);
                        counters.0.fetch_add(group.len() as u64, Ordering::Relaxed);
                        counters.1.fetch_add(1, Ordering::Relaxed);
                        for (reply, answer) in replies.into_iter().zip(writer.apply(&group)) {
                            // Whoever asked may be gone, and then nobody needs the answer.
                            let _ = reply.send(answer);
                        }
                    }
                }
                next = next.or_else(|| queue.recv().ok());
            }
            // The last connection that is closed copies the WAL into the file, which takes a while.
            writer.ownership.lock.give_back();
        };
        thread::Builder::new().name("sqlite-writes".to_owned()).spawn(work)?;
        Ok(Self { tasks, batches, groups })
    }

    /// Commits a batch. Dropping the returned future does not cancel the commit.
    pub(crate) fn commit(&self, batch: Prepared) -> StoreFuture<Result<(), StoreError>> {
        let (reply, told) = oneshot::channel();
        later(self.tasks.send(Task::Commit(Box::new(batch), reply)).is_ok(), told)
    }

    /// Runs a job on the thread. Dropping the returned future does not cancel the job.
    pub(crate) fn run<T, E>(
        &self,
        job: impl FnOnce(&mut Writer) -> Result<T, Failure> + Send + 'static,
    ) -> StoreFuture<Result<T, E>>
    where
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
    {
        let (reply, told) = oneshot::channel();
        let run = Box::new(move |writer: &mut Writer| {
            let _ = reply.send(job(writer));
        });
        later(self.tasks.send(Task::Other(run)).is_ok(), told)
    }

    pub(crate) fn groups(&self) -> Groups {
        Groups {
            batches: self.batches.load(Ordering::Relaxed),
            groups: self.groups.load(Ordering::Relaxed),
        }
    }
}

/// Takes the commits that wait, up to the bounds of a group. Returns a task that comes before the
/// next commit.
fn gather(
    queue: &Receiver<Task>,
    group: &mut Vec<Prepared>,
    replies: &mut Vec<Reply<()>>,
    most: usize,
    most_bytes: usize,
) -> Option<Task> {
    let mut size = group.iter().map(|batch| batch.size).sum::<usize>();
    while group.len() < most && size < most_bytes {
        match queue.try_recv().ok()? {
            Task::Commit(batch, reply) => {
                size += batch.size;
                group.push(*batch);
                replies.push(reply);
            }
            other @ Task::Other(_) => return Some(other),
        }
    }
    None
}

type ReadTask = Box<dyn FnOnce(&mut Connection) + Send>;

/// The threads that read, each with a queue of its own: with one for all, each read would wake two
/// threads, the one that reads and the one that waits for the next read.
pub(crate) struct Reading {
    readers: Vec<Reader>,
}

struct Reader {
    tasks: Sender<ReadTask>,
    /// The number of reads that were sent and are not answered.
    waiting: Arc<AtomicUsize>,
}

impl Reading {
    pub(crate) fn start(connections: Vec<Connection>) -> Result<Self, SqliteError> {
        let readers = connections.into_iter().map(Reader::start).collect::<Result<_, _>>()?;
        Ok(Self { readers })
    }

    /// Runs a read on the thread that has the least to do; on the first of them, if none has.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> StoreFuture<Result<T, StoreError>> {
        let (reply, told) = oneshot::channel();
        let least = self.readers.iter().min_by_key(|it| it.waiting.load(Ordering::Relaxed));
        let sent = least.is_some_and(|reader| {
            reader.waiting.fetch_add(1, Ordering::Relaxed);
            let waiting = Arc::clone(&reader.waiting);
            let task = move |connection: &mut Connection| {
                let answer = read(connection);
                waiting.fetch_sub(1, Ordering::Relaxed);
                let _ = reply.send(answer);
            };
            reader.tasks.send(Box::new(task)).is_ok()
        });
        later(sent, told)
    }
}

impl Reader {
    fn start(mut connection: Connection) -> Result<Self, SqliteError> {
        let (tasks, queue) = mpsc::channel::<ReadTask>();
        let work = move || queue.iter().for_each(|task| task(&mut connection));
        thread::Builder::new().name("sqlite-reads".to_owned()).spawn(work)?;
        Ok(Self { tasks, waiting: Arc::default() })
    }
}

/// Returns the answer that a thread will give.
fn later<T, E>(sent: bool, told: oneshot::Receiver<Result<T, Failure>>) -> StoreFuture<Result<T, E>>
where
    T: Send + 'static,
    E: From<Failure> + Send + 'static,
{
    if !sent {
        return StoreFuture::ready(Err(E::from(Failure::gone())));
    }
    StoreFuture::pending(async move {
        told.await.unwrap_or_else(|_| Err(Failure::gone())).map_err(E::from)
    })
}

impl fmt::Debug for Writing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writing").finish_non_exhaustive()
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").finish_non_exhaustive()
    }
}

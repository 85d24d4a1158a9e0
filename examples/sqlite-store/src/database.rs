//! A connection on a thread of its own, which runs jobs in the order in which they are sent.

use std::{fmt, path::Path, sync::mpsc, thread, time::Duration};

use rusqlite::Connection;
use tokio::sync::oneshot;
use worker_runtime::store::StoreFuture;

use crate::failure::Failure;

/// The longest time that SQLite waits for another process that is writing.
const BUSY: Duration = Duration::from_secs(5);

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A connection on a thread of its own. After the `Database` is dropped, the thread runs the jobs
/// that were sent and ends.
pub(crate) struct Database {
    jobs: mpsc::Sender<Job>,
}

impl Database {
    /// Opens the file and starts the thread.
    pub(crate) fn open(path: &Path, name: &str) -> rusqlite::Result<Self> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let (jobs, queue) = mpsc::channel::<Job>();
        let work = move || queue.iter().for_each(|job| job(&mut connection));
        let thread = thread::Builder::new().name(name.to_owned());
        thread
            .spawn(work)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(Self { jobs })
    }

    /// Runs a job on the thread. Dropping the returned future does not cancel the job.
    pub(crate) fn run<T, E>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> StoreFuture<Result<T, E>>
    where
        T: Send + 'static,
        E: From<Failure> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let job = Box::new(move |connection: &mut Connection| {
            // The receiver may have been dropped, in which case nobody needs the result.
            let _ = tell.send(job(connection));
        });
        if self.jobs.send(job).is_err() {
            return StoreFuture::ready(Err(E::from(gone())));
        }
        StoreFuture::pending(
            async move { told.await.unwrap_or_else(|_| Err(gone())).map_err(E::from) },
        )
    }
}

/// Returns the failure of a thread that has panicked. Its last job may have taken effect.
fn gone() -> Failure {
    Failure::During("the database's thread is gone".to_owned())
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

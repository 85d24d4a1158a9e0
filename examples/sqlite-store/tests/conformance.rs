//! The store keeps the contract of `worker_runtime::store::Store`.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlite_store::SqliteStore;
use worker_runtime::{
    WorkerId,
    conformance::{self, Factory},
    store::Store,
};

/// Files in one folder, one after the other.
struct Files {
    folder: tempfile::TempDir,
    count: AtomicU32,
}

impl Files {
    fn latest(&self) -> PathBuf {
        self.folder.path().join(format!("{}.sqlite", self.count.load(Ordering::Relaxed)))
    }

    fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.latest()).unwrap())
    }
}

impl Factory for Files {
    async fn fresh(&self) -> Arc<dyn Store> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.open()
    }

    async fn reopen(&self, _: Arc<dyn Store>) -> Arc<dyn Store> {
        self.open()
    }

    async fn corrupt(&self, worker_id: WorkerId) -> bool {
        let connection = rusqlite::Connection::open(self.latest()).unwrap();
        let damage = "UPDATE workers SET record = substr(record, 1, 40) WHERE worker_id = ?";
        connection.execute(damage, [worker_id.to_string()]).unwrap() == 1
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_the_contract() {
    let files = Files { folder: tempfile::tempdir().unwrap(), count: AtomicU32::new(0) };
    let checked = conformance::run(files).await;
    assert!(checked.is_ok(), "{}", checked.unwrap_err());
}

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
    Runtime, WorkerId,
    commands::CreateWorker,
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

#[tokio::test]
async fn a_damaged_row_is_one_unreadable_worker_whose_report_quotes_nothing() {
    let damages = [
        "record = json_set(record, '$.state', 'a secret')",
        "record = json_set(record, '$.version', 'a secret')",
        "record = CAST(x'22FF2061207365637265742E' AS TEXT)",
        "record = 'a secret'",
    ];
    for damage in damages {
        let files = Files { folder: tempfile::tempdir().unwrap(), count: AtomicU32::new(0) };
        let store = files.fresh().await;
        let runtime = Runtime::builder().store(Arc::clone(&store)).build().await.unwrap();
        for _ in 0..3 {
            runtime.handle(CreateWorker::default()).await.unwrap();
        }
        let connection = rusqlite::Connection::open(files.latest()).unwrap();
        let damage = format!("UPDATE workers SET {damage} WHERE ordinal = 2");
        assert_eq!(connection.execute(&damage, []).unwrap(), 1);
        let page = store.workers(0, 10).await.unwrap();
        assert_eq!(page.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
        let unreadable = page[1].as_ref().unwrap_err();
        assert!(!unreadable.problem.contains("secret"), "{}", unreadable.problem);
        assert!(unreadable.worker_id.is_some());
    }
}

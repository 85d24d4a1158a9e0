//! The store keeps the contract of `worker_runtime::store::Store`, with each choice of options.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use worker_runtime::{
    Runtime, WorkerId,
    commands::CreateWorker,
    conformance::{self, Factory},
    store::Store,
};
use yoi_sqlite::{Options, Synchronous};

/// Files in one folder, one after the other.
struct Files {
    folder: tempfile::TempDir,
    count: AtomicU32,
    options: Options,
}

impl Files {
    fn new(options: Options) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), count: AtomicU32::new(0), options }
    }

    fn latest(&self) -> PathBuf {
        self.folder.path().join(format!("{}.sqlite", self.count.load(Ordering::Relaxed)))
    }

    fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.options.clone().open(self.latest()).unwrap())
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
        connection.execute(damage, [worker_id.as_uuid().as_bytes()]).unwrap() == 1
    }
}

async fn keeps_the_contract(options: Options) {
    let checked = conformance::run(Files::new(options)).await;
    assert!(checked.is_ok(), "{}", checked.unwrap_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_the_contract() {
    keeps_the_contract(Options::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_the_contract_with_normal_synchronisation() {
    keeps_the_contract(Options::default().synchronous(Synchronous::Normal)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_the_contract_without_groups_and_with_one_reader() {
    keeps_the_contract(Options::default().group(1).readers(1)).await;
}

#[tokio::test]
async fn a_damaged_row_is_one_unreadable_worker_whose_report_quotes_nothing() {
    let damages = [
        "workers SET record = json_set(record, '$.state', 'a secret') WHERE ordinal = 2",
        "workers SET record = json_set(record, '$.version', 'a secret') WHERE ordinal = 2",
        "workers SET record = CAST(x'22FF2061207365637265742E' AS TEXT) WHERE ordinal = 2",
        "workers SET record = 'a secret' WHERE ordinal = 2",
        "specs SET spec = 'a secret' WHERE worker = 2",
    ];
    for damage in damages {
        let files = Files::new(Options::default());
        let store = files.fresh().await;
        let runtime = Runtime::builder().store(Arc::clone(&store)).build().await.unwrap();
        for _ in 0..3 {
            runtime.handle(CreateWorker::default()).await.unwrap();
        }
        let connection = rusqlite::Connection::open(files.latest()).unwrap();
        assert_eq!(connection.execute(&format!("UPDATE {damage}"), []).unwrap(), 1);
        let page = store.workers(0, 10).await.unwrap();
        assert_eq!(page.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
        let unreadable = page[1].as_ref().unwrap_err();
        assert!(!unreadable.problem.contains("secret"), "{}", unreadable.problem);
        assert!(unreadable.worker_id.is_some());
    }
}

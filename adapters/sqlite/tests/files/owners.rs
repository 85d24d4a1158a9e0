//! One owner at a time: the lease, and the lock beside it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;
use worker_runtime::{
    BuildError, Runtime,
    commands::{CreateWorker, StopRuntime},
    store::{OpenError, Settlement, Store, StoreError},
};
use yoi_sqlite::{SqliteStore, owner_process};

use crate::support::{file, id, lease, listed, open, put, runtime};

const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(200);

/// Repeats what is refused because of another owner, for a few seconds at most.
pub(crate) async fn soon(store: &Arc<SqliteStore>) -> Runtime {
    let since = Instant::now();
    loop {
        match Runtime::builder().store(Arc::clone(store) as _).build().await {
            Ok(runtime) => return runtime,
            Err(BuildError::StoreOwned { .. }) if since.elapsed() < Duration::from_secs(5) => {
                sleep(Duration::from_millis(5)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_second_store_is_refused_as_long_as_the_first_one_lives() {
    let (_folder, file) = file();
    let first = Arc::new(SqliteStore::open(&file).unwrap());
    let owner = runtime(&first).await;
    owner.handle(CreateWorker::default()).await.unwrap();
    // By another name too.
    let link = file.with_file_name("link.sqlite");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&file, &link).unwrap();
    #[cfg(not(unix))]
    let link = file.clone();
    for name in [&file, &link] {
        let second = Arc::new(SqliteStore::open(name).unwrap());
        let refused = Runtime::builder().store(second).build().await;
        assert!(matches!(refused, Err(BuildError::StoreOwned { .. })), "{refused:?}");
    }
    owner.handle(CreateWorker::default()).await.unwrap();
    // The lease would last for half a minute.
    drop((owner, first));
    let next = Arc::new(SqliteStore::open(&file).unwrap());
    soon(&next).await;
    assert_eq!(listed(&next).await, 2);
}

#[tokio::test]
async fn a_store_that_was_dropped_lets_the_next_one_in_before_its_lease_runs_out() {
    let (_folder, file) = file();
    let first = SqliteStore::open(&file).unwrap();
    let old = open(&first, LONG).await.unwrap().lease;
    let second = SqliteStore::open(&file).unwrap();
    assert!(matches!(open(&second, LONG).await, Err(OpenError::Owned { .. })));
    drop(first);
    let since = Instant::now();
    let new = loop {
        match open(&second, LONG).await {
            Ok(opened) => break opened.lease,
            Err(OpenError::Owned { .. }) => sleep(Duration::from_millis(1)).await,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    assert!(new.fencing_token > old.fencing_token);
}

/// The first owner lives, but its lease ran out, as if its process had been paused.
#[tokio::test]
async fn who_took_over_from_a_living_owner_is_not_taken_for_gone() {
    let (_folder, file) = file();
    let stores: Vec<_> = (0..3).map(|_| SqliteStore::open(&file).unwrap()).collect();
    let first = open(&stores[0], SHORT).await.unwrap().lease;
    sleep(2 * SHORT).await;
    let second = open(&stores[1], LONG).await.unwrap().lease;
    // The first one wakes up, sees that it lost, and gives the lock back.
    let late = stores[0].commit(&put(first, 1, 1, 0)).await;
    assert_eq!(late, Err(StoreError::LeaseLost));
    let third = open(&stores[2], LONG).await;
    assert!(matches!(third, Err(OpenError::Owned { .. })), "{third:?}");
    stores[1].commit(&put(second, 1, 1, 0)).await.unwrap();
    // From the next renewal on the second one has the lock too, so that its end is noticed.
    stores[1].renew(second, LONG).await.unwrap();
    let third = open(&stores[2], LONG).await;
    assert!(matches!(third, Err(OpenError::Owned { .. })), "{third:?}");
    let mut stores = stores.into_iter();
    drop((stores.next(), stores.next()));
    let third = stores.next().unwrap();
    let since = Instant::now();
    while open(&third, LONG).await.is_err() {
        assert!(since.elapsed() < Duration::from_secs(5));
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(listed(&third).await, 1);
}

#[tokio::test]
async fn who_releases_lets_the_next_one_in_at_once_with_the_lock() {
    let (_folder, file) = file();
    let (first, second) = (SqliteStore::open(&file).unwrap(), SqliteStore::open(&file).unwrap());
    for _ in 0..20 {
        for store in [&first, &second] {
            let lease = lease(store).await;
            store.release(lease).await.unwrap();
        }
    }
    let lease = lease(&first).await;
    let beside = rusqlite::Connection::open(&file).unwrap();
    let locked: bool = beside.query_row("SELECT locked FROM owner", [], |row| row.get(0)).unwrap();
    assert!(locked);
    assert_eq!(first.settle(lease, id(1), 1).await, Ok(Settlement::NotApplied));
}

#[cfg(unix)]
#[tokio::test]
async fn the_process_of_an_owner_can_be_told() {
    let (_folder, file) = file();
    assert_eq!(owner_process(&file), None, "there is no file");
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    assert_eq!(owner_process(&file), None, "nobody owns it");
    let owner = runtime(&store).await;
    assert_eq!(owner_process(&file), Some(std::process::id()));
    owner.handle(StopRuntime::default()).await.unwrap();
    owner.wait_stopped(LONG).await.unwrap();
    assert_eq!(owner_process(&file), None, "the lock is given back");
}

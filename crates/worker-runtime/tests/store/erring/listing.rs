//! A store whose listing of Workers does not keep to the contract.

use std::{sync::Arc, time::Duration};

use worker_runtime::{
    BuildError, Runtime, WorkerId,
    commands::CreateWorker,
    queries::GetRuntime,
    store::{CorruptWorker, Store, StoredWorker},
};

use super::lying_store::{Lying, bounded, restart, runtime_on, store, told};

/// A store with some Workers, which nobody has open.
async fn with_workers(count: usize) -> Lying {
    let store = store();
    let runtime = runtime_on(&store).await;
    for _ in 0..count {
        runtime.handle(CreateWorker::default()).await.unwrap();
    }
    drop(runtime);
    tokio::time::sleep(Duration::from_mins(1)).await;
    store
}

async fn build_fails(store: &Lying, why: &str) {
    let built = Runtime::builder().store(Arc::clone(store) as Arc<dyn Store>).build().await;
    let Err(BuildError::StoreFailed(problem)) = built else { panic!("{built:?}") };
    assert_eq!(problem, why);
}

#[test]
fn a_short_page_does_not_end_the_listing() {
    bounded(async {
        let store = with_workers(20).await;
        store.workers.set(|_, mut page| {
            page.truncate(3);
            Ok(page)
        });
        let runtime = runtime_on(&store).await;
        assert_eq!(runtime.handle(GetRuntime {}).await.unwrap().summary.workers.idle, 20);
        assert!(told(&runtime).await.is_empty());
    });
}

#[test]
fn a_worker_that_is_listed_twice_is_a_build_error() {
    bounded(async {
        let store = with_workers(3).await;
        store.workers.set(|_, mut page| {
            if let [Ok(first), _, Ok(third)] = page.as_mut_slice() {
                Arc::make_mut(&mut third.record).worker_id = first.record.worker_id;
            }
            Ok(page)
        });
        build_fails(&store, "it lists a worker twice").await;
    });
}

#[test]
fn workers_that_are_not_in_order_are_a_build_error() {
    bounded(async {
        let store = with_workers(3).await;
        store.workers.set(|_, mut page| {
            page.reverse();
            Ok(page)
        });
        build_fails(&store, "it does not list its workers by ordinal").await;
    });
}

#[test]
fn a_listing_without_an_end_is_a_build_error() {
    bounded(async {
        let store = with_workers(1).await;
        let known = Arc::clone(&store.inner);
        store.workers.set(move |(after, limit), _| {
            let page = crate::wrapper::immediate(known.workers(0, 1)).unwrap();
            let Some(Ok(StoredWorker { record, .. })) = page.into_iter().next() else { panic!() };
            let forged = (after + 1..).take(limit).map(|ordinal| {
                let mut record = record.clone();
                let forged = Arc::make_mut(&mut record);
                forged.ordinal = ordinal;
                forged.worker_id = WorkerId::from_uuid(uuid::Uuid::from_u128(ordinal.into()));
                Ok(StoredWorker { record, keys: Vec::new() })
            });
            Ok(forged.collect())
        });
        build_fails(&store, "it lists more workers than were ever created").await;
    });
}

#[test]
fn a_page_of_workers_that_is_too_long_is_cut_and_nothing_is_lost() {
    bounded(async {
        let store = with_workers(600).await;
        let known = Arc::clone(&store.inner);
        store
            .workers
            .set(move |(after, _), _| crate::wrapper::immediate(known.workers(after, usize::MAX)));
        let runtime = runtime_on(&store).await;
        assert_eq!(runtime.handle(GetRuntime {}).await.unwrap().summary.workers.idle, 600);
        let why = "the store gave more items at once than it was asked for";
        assert_eq!(told(&runtime).await, [why]);
    });
}

#[test]
fn what_a_store_says_of_an_unreadable_worker_is_bounded() {
    bounded(async {
        let store = with_workers(2).await;
        store.workers.set(|_, mut page| {
            if let [_, second] = page.as_mut_slice() {
                let problem = "no\u{7}\n".repeat(100_000);
                *second = Err(CorruptWorker { worker_id: None, ordinal: u64::MAX, problem });
            }
            Ok(page)
        });
        let runtime = runtime_on(&store).await;
        let told = told(&runtime).await;
        let [message] = told.as_slice() else { panic!("{} diagnostics", told.len()) };
        assert!(message.chars().count() < 1100 && !message.contains(char::is_control));
        // Nothing begins after the greatest number.
        runtime.handle(CreateWorker::default()).await.unwrap();
        store.workers.set(|_, page| Ok(page));
        let runtime = restart(&store, runtime).await;
        assert_eq!(runtime.handle(GetRuntime {}).await.unwrap().summary.workers.idle, 3);
    });
}

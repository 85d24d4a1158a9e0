//! Batches that share a transaction do not share their fate.

use std::sync::Arc;

use worker_runtime::{
    commands::{CreateWorker, SendInput},
    model::Scope,
    queries::{GetTurn, ReadEvents},
    store::{Lease, Store, StoreError},
};
use yoi_sqlite::SqliteStore;

use crate::support::{file, lease, listed, open, put, runtime};

#[tokio::test]
async fn a_batch_that_is_refused_or_cannot_be_written_spoils_no_other() {
    let (_folder, file) = file();
    let store = SqliteStore::open(&file).unwrap();
    let lease = lease(&store).await;
    let old = Lease { fencing_token: lease.fencing_token - 1, ..lease };
    let answers: Vec<_> = (1..=500_u64)
        .map(|number| {
            let batch = match number % 50 {
                // The wrong version, a lease of the past, and an ordinal that another Worker has.
                7 => put(lease, number, 5, 0),
                8 => put(old, number, 1, 0),
                9 => {
                    let other = put(lease, number - 5, 1, 0);
                    worker_runtime::store::Batch { worker_id: crate::support::id(number), ..other }
                }
                _ => put(lease, number, 1, 0),
            };
            (number, store.commit(&batch))
        })
        .collect();
    for (number, answer) in answers {
        let answer = answer.await;
        match number % 50 {
            7 | 9 => assert!(matches!(answer, Err(StoreError::Refused(_))), "{number}: {answer:?}"),
            8 => assert_eq!(answer, Err(StoreError::LeaseLost)),
            _ => assert_eq!(answer, Ok(()), "{number}"),
        }
    }
    let groups = store.groups();
    assert_eq!(groups.batches, 500);
    assert!(groups.groups < 250, "{groups:?}");
    assert_eq!(listed(&store).await, 470);
    store.release(lease).await.unwrap();
    let again = open(&store, std::time::Duration::from_mins(1)).await.unwrap();
    assert_eq!(again.totals.created, 470);
    store.check().unwrap();
}

#[tokio::test]
async fn the_newest_events_stay_and_old_ones_go() {
    let (_folder, file) = file();
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    let echo = worker_runtime::Profile::new("echo", Arc::new(llm_engine::EchoProvider::new()));
    let runtime = worker_runtime::Runtime::builder()
        .profile(echo)
        .store(Arc::clone(&store) as _)
        .limits(worker_runtime::model::Limits::default().events_per_worker(16))
        .build()
        .await
        .unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    for _ in 0..60 {
        let turn = runtime.handle(SendInput::new(worker, "more")).await.unwrap().receipt.turn_id;
        let wait = GetTurn { wait_ms: Some(30_000), ..GetTurn::new(worker, turn) };
        runtime.handle(wait).await.unwrap();
    }
    let page = store.events(worker.worker_id, 0, 10_000).await.unwrap();
    let newest = page.events.last().unwrap().sequence;
    assert!(newest > 200, "{newest}");
    assert_eq!(page.events[0].sequence, page.oldest);
    assert_eq!(page.events.len() as u64, newest + 1 - page.oldest);
    assert!(page.events.len() >= 16 && page.events.len() < 16 + 64 + 16, "{}", page.events.len());
    runtime.handle(ReadEvents::new(Scope::worker(worker))).await.unwrap();
    store.check().unwrap();
}

#[tokio::test]
async fn keys_and_texts_may_hold_anything() {
    let (_folder, file) = file();
    let odd = ["a\0b", "a\0c", "a", "\0", "\u{feff}\u{10ffff}e\u{301}\u{202e}", "'\"\\"];
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    let first = runtime(&store).await;
    let mut sent = Vec::new();
    for key in odd {
        let create = CreateWorker {
            display_name: None,
            idempotency_key: Some(key.to_owned()),
            ..CreateWorker::default()
        };
        let worker = first.handle(create.clone()).await.unwrap().detail.worker;
        let input =
            SendInput { idempotency_key: Some(key.to_owned()), ..SendInput::new(worker, key) };
        let receipt = first.handle(input.clone()).await.unwrap().receipt;
        let wait = GetTurn { wait_ms: Some(30_000), ..GetTurn::new(worker, receipt.turn_id) };
        first.handle(wait).await.unwrap();
        sent.push((create, worker, input, receipt.turn_id));
    }
    drop((first, store));
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    let second = crate::owners::soon(&store).await;
    for (create, worker, input, turn_id) in sent {
        assert_eq!(second.handle(create).await.unwrap().detail.worker, worker);
        assert_eq!(second.handle(input.clone()).await.unwrap().receipt.turn_id, turn_id);
        let found = second.handle(GetTurn::new(worker, turn_id)).await.unwrap();
        assert_eq!(*found.input.unwrap().text, *input.input.text);
    }
    store.check().unwrap();
}

//! Copies of a store that is in use, and the check.

use std::{path::Path, sync::Arc};

use rusqlite::Connection;
use tokio::task::spawn_blocking;
use worker_runtime::{
    commands::{CreateWorker, SendInput},
    queries::{GetOverview, GetTurn},
    store::Store,
};
use yoi_sqlite::{Options, SqliteError, SqliteStore, Synchronous};

use crate::support::{file, lease, listed, put, runtime};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_one_moment_of_a_store_that_goes_on() {
    let (folder, file) = file();
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    let lease = lease(&store).await;
    let mut done = 0;
    for copy in 0..4 {
        let path = folder.path().join(format!("copy {copy}.sqlite"));
        let writer = Arc::clone(&store);
        let going_on = tokio::spawn(async move {
            for ordinal in 1 + copy * 200..=(copy + 1) * 200 {
                writer.commit(&put(lease, ordinal, 1, 1000)).await.unwrap();
            }
        });
        let (from, to) = (Arc::clone(&store), path.clone());
        spawn_blocking(move || from.backup(to)).await.unwrap().unwrap();
        let copied = SqliteStore::open(&path).unwrap();
        copied.check().unwrap();
        let count = listed(&copied).await;
        assert!(count >= done, "a copy has {count} of at least {done} workers");
        // It has no owner, so whoever opens it need not wait.
        let opened =
            crate::support::open(&copied, std::time::Duration::from_mins(1)).await.unwrap();
        assert_eq!(opened.totals.created, count as u64);
        going_on.await.unwrap();
        done = listed(&store).await;
        let again = store.backup(&path);
        assert!(matches!(again, Err(SqliteError::Exists { .. })), "{again:?}");
    }
    assert_eq!(done, 800);
    let nowhere = store.backup(folder.path().join("nowhere/copy.sqlite"));
    assert!(nowhere.is_err());
}

#[tokio::test]
async fn a_runtime_goes_on_from_a_copy() {
    let (folder, file) = file();
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    let original = runtime(&store).await;
    let worker = original.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let sent = original.handle(SendInput::new(worker, "hello")).await.unwrap().receipt.turn_id;
    let wait = GetTurn { wait_ms: Some(30_000), ..GetTurn::new(worker, sent) };
    let answer = original.handle(wait).await.unwrap().answer.unwrap().text.clone();
    let path = folder.path().join("copy.sqlite");
    // What an earlier try has left is no obstacle.
    std::fs::write(folder.path().join("copy.sqlite.partial"), "rest").unwrap();
    store.backup(&path).unwrap();
    let copy = runtime(&Arc::new(SqliteStore::open(&path).unwrap())).await;
    let found = copy.handle(GetTurn::new(worker, sent)).await.unwrap();
    assert_eq!(found.answer.unwrap().text, answer);
    assert_eq!(copy.handle(GetOverview::default()).await.unwrap().usage.turns, 1);
}

#[tokio::test]
async fn the_check_finds_what_is_missing_and_quotes_nothing() {
    let damages = [
        ("DELETE FROM entries WHERE sequence = 1", "entries are missing"),
        ("DELETE FROM turns", "turns are missing"),
        ("DELETE FROM events WHERE first = 1", ""),
        ("DELETE FROM events WHERE last = (SELECT max(last) FROM events)", "newest event"),
        (
            "DELETE FROM events WHERE last = (SELECT min(last) FROM events WHERE first > 1)",
            "events are",
        ),
        ("DELETE FROM specs", "no JSON"),
        ("UPDATE entries SET entry = 'a secret'", "no JSON"),
        ("UPDATE workers SET version = 99", "another version"),
        ("DELETE FROM workers", "has no worker"),
    ];
    let (folder, file) = file();
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    let runtime = runtime(&store).await;
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    for _ in 0..2 {
        let sent = runtime.handle(SendInput::new(worker, "a secret")).await.unwrap();
        let turn_id = sent.receipt.turn_id;
        let wait = GetTurn { wait_ms: Some(30_000), ..GetTurn::new(worker, turn_id) };
        runtime.handle(wait).await.unwrap();
    }
    for (number, (damage, wanted)) in damages.into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.sqlite"));
        store.backup(&path).unwrap();
        damage_rows(&path, damage);
        let found = SqliteStore::open(&path).unwrap().check();
        if wanted.is_empty() {
            // Old events may go.
            found.unwrap();
        } else {
            let said = found.unwrap_err().to_string();
            assert!(said.contains(wanted), "{damage}: {said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }
}

fn damage_rows(path: &Path, damage: &str) {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    assert!(connection.execute(damage, []).unwrap() > 0, "{damage}");
}

#[tokio::test]
async fn a_store_may_leave_the_wal_and_copy_it_when_it_likes() {
    let (folder, file) = file();
    let wal = folder.path().join("store.sqlite-wal");
    let options = || Options::default().synchronous(Synchronous::Normal).leave_wal();
    let alone = folder.path().join("alone.sqlite");
    {
        let store = options().open(&file).unwrap();
        let lease = lease(&store).await;
        store.commit(&put(lease, 1, 1, 1000)).await.unwrap();
    }
    assert!(wal.metadata().unwrap().len() > 0, "it is left");
    let store = options().open(&file).unwrap();
    assert_eq!(listed(&store).await, 1, "and read");
    store.checkpoint().unwrap();
    assert_eq!(wal.metadata().unwrap().len(), 0);
    std::fs::copy(&file, &alone).unwrap();
    assert_eq!(listed(&SqliteStore::open(&alone).unwrap()).await, 1);
}

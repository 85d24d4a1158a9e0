//! Files of other versions, and of others.

use std::{sync::Arc, time::Duration};

use rusqlite::Connection;
use worker_runtime::{
    commands::SendInput,
    model::TurnOutcome,
    queries::{GetOverview, GetTranscript, GetTurn, ListTurns, ListWorkers, TranscriptFrom},
    store::Store,
};
use yoi_sqlite::{SqliteError, SqliteStore};

use crate::support::{file, lease, runtime};

#[tokio::test]
async fn a_file_of_version_1_is_brought_to_the_present_one() {
    let (_folder, file) = file();
    let first = Connection::open(&file).unwrap();
    first.execute_batch(include_str!("../golden/version-1.sql")).unwrap();
    drop(first);
    for _ in 0..2 {
        let store = Arc::new(SqliteStore::open(&file).unwrap());
        store.check().unwrap();
        let keys: Vec<_> = store.create_keys().await.unwrap();
        assert_eq!(keys.iter().map(|key| &*key.key).collect::<Vec<_>>(), ["worker 1", "worker 0"]);
    }
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    let page = store.workers(0, 10).await.unwrap();
    let of_inputs =
        |at: usize| page[at].as_ref().unwrap().keys.iter().map(|key| key.key.to_string());
    assert_eq!(of_inputs(0).collect::<Vec<_>>(), ["plain", "a\0b"]);
    assert_eq!(of_inputs(1).count(), 0);
    let runtime = runtime(&store).await;
    let ended = runtime.handle(GetOverview::default()).await.unwrap().turns;
    assert_eq!((ended.completed, ended.lost), (4, 2));
    for item in runtime.handle(ListWorkers::default()).await.unwrap().items {
        let worker = item.worker;
        let turns = runtime.handle(ListTurns { worker, outcomes: None, page: None }).await.unwrap();
        let outcomes: Vec<_> = turns.items.iter().map(|turn| turn.outcome.unwrap()).collect();
        assert_eq!(
            outcomes.iter().filter(|it| **it == TurnOutcome::Lost).count(),
            1,
            "{outcomes:?}"
        );
        let from = Some(TranscriptFrom::start());
        let transcript = GetTranscript { from, ..GetTranscript::new(worker) };
        assert_eq!(runtime.handle(transcript).await.unwrap().entries.len(), 5);
        let sent = runtime.handle(SendInput::new(worker, "on")).await.unwrap().receipt.turn_id;
        let wait = GetTurn { wait_ms: Some(30_000), ..GetTurn::new(worker, sent) };
        let outcome = runtime.handle(wait).await.unwrap().turn.outcome;
        assert_eq!(outcome, Some(TurnOutcome::Completed));
    }
    store.check().unwrap();
}

#[test]
fn a_file_of_version_1_that_is_in_use_is_left_alone() {
    let (_folder, file) = file();
    let first = Connection::open(&file).unwrap();
    first.execute_batch(include_str!("../golden/version-1.sql")).unwrap();
    first.execute("UPDATE owner SET until_ms = 1 << 52", []).unwrap();
    let refused = SqliteStore::open(&file);
    assert!(matches!(refused, Err(SqliteError::InUse { .. })), "{refused:?}");
    first.execute("UPDATE owner SET until_ms = 0", []).unwrap();
    SqliteStore::open(&file).unwrap().check().unwrap();
}

#[tokio::test]
async fn a_file_of_a_later_version_is_refused_with_what_to_do() {
    let (_folder, file) = file();
    let store = SqliteStore::open(&file).unwrap();
    lease(&store).await;
    drop(store);
    let later = Connection::open(&file).unwrap();
    later.pragma_update(None, "user_version", 3).unwrap();
    let refused = SqliteStore::open(&file).unwrap_err();
    assert!(matches!(refused, SqliteError::NewerVersion { found: 3, known: 2 }), "{refused:?}");
    let said = refused.to_string();
    assert!(said.contains("use a program of the version that wrote the file"), "{said}");
    later.pragma_update(None, "user_version", 2).unwrap();
    SqliteStore::open(&file).unwrap();
}

#[test]
fn what_is_no_store_is_refused_and_left_as_it_is() {
    let (_folder, file) = file();
    let text = "A letter, and no database at all. ".repeat(100);
    std::fs::write(&file, &text).unwrap();
    let refused = SqliteStore::open(&file);
    assert!(matches!(refused, Err(SqliteError::NotADatabase)), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    std::fs::remove_file(&file).unwrap();

    let other = Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE owner (name TEXT); PRAGMA user_version = 1").unwrap();
    let refused = SqliteStore::open(&file);
    assert!(matches!(refused, Err(SqliteError::OtherProgram)), "{refused:?}");
    other.execute_batch("INSERT INTO owner VALUES ('me')").unwrap();
}

#[tokio::test]
async fn many_may_open_a_new_file_at_once() {
    let (_folder, file) = file();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let file = file.clone();
            std::thread::spawn(move || SqliteStore::open(file).map(drop))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
    let store = SqliteStore::open(&file).unwrap();
    assert!(crate::support::open(&store, Duration::from_mins(1)).await.is_ok());
}

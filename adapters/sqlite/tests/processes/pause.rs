//! A process that was paused past its lease cannot write any more, and says that it has stopped.

use std::{path::Path, thread, time::Duration};

use rusqlite::Connection;

use crate::{
    child::{Backend, LEASE_MS},
    ledger::{Ledger, restored},
};

/// Pauses a process that holds none of SQLite's own locks: one that does keeps everybody out, as long as
/// it is paused.
fn pause_between_transactions(backend: &Backend, file: &Path) {
    loop {
        backend.pause();
        let connection = Connection::open(file).unwrap();
        connection.busy_timeout(Duration::from_millis(50)).unwrap();
        if connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok() {
            return;
        }
        backend.resume();
        thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_owner_cannot_write_after_a_takeover() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.sqlite");
    let mut ledger = Ledger::default();

    let first = Backend::start(&file, 50);
    ledger.note(first.hear_until("ended"));
    // The turn of an input that was just acknowledged is open.
    ledger.note(first.hear_until("receipt"));
    pause_between_transactions(&first, &file);
    let second = Backend::start(&file, 50);
    let heard = second.hear_until("ended");
    assert_eq!(heard[0]["type"], "restored");
    assert!(heard[0]["lost"].as_u64() > Some(0), "no turn was open when its process was paused");
    ledger.note(heard);

    first.resume();
    let (status, heard) = first.ends();
    assert_eq!(status.code(), Some(3));
    let stopped = heard.iter().find(|line| line["type"] == "stopped").unwrap();
    assert_eq!(stopped["why"], "another Runtime owns the store now; this one has stopped");
    // What it says after the pause may only be what it had done before.
    ledger.note(heard);

    // The second one goes on as if nobody had come back.
    thread::sleep(Duration::from_millis(2 * LEASE_MS));
    ledger.note(second.hear_until("ended"));
    ledger.note(second.kill());
    let runtime = restored(&file).await;
    ledger.check_recent(&runtime).await;
    ledger.check_all(&runtime).await;
}

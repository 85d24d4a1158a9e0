//! A process that is killed in the middle of turns loses nothing that it had acknowledged.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    child::Backend,
    ledger::{Ledger, restored},
};

/// How often it is killed: `KILL_ROUNDS`, or a few times.
fn rounds() -> u32 {
    std::env::var("KILL_ROUNDS").map_or(5, |rounds| rounds.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.sqlite");
    let mut ledger = Ledger::default();
    let mut lost = 0;
    let since = Instant::now();
    for round in 1..=rounds() {
        let backend = Backend::start(&file, 2);
        let heard = backend.hear_until("receipt");
        assert_eq!(heard[0]["type"], "restored");
        assert_eq!(heard[0]["lost"], lost, "turns were lost a second time");
        ledger.note(heard);
        thread::sleep(Duration::from_millis(fastrand::u64(0..150)));
        ledger.note(backend.kill());
        let runtime = restored(&file).await;
        ledger.check_recent(&runtime).await;
        lost = ledger.check_totals(&runtime).await;
        println!("round {round}: {} inputs acknowledged, {lost} turns lost so far", ledger.len());
    }
    let runtime = restored(&file).await;
    assert_eq!(ledger.check_all(&runtime).await, lost);
    assert!(lost > 0, "no turn was open when its process was killed");
    println!(
        "{} kills in {:?}: all of {} acknowledged inputs are there, {lost} open turns lost once each",
        rounds(),
        since.elapsed(),
        ledger.len()
    );
}

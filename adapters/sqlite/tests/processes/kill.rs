//! A process that is killed in the middle of turns loses nothing that it had acknowledged, and the
//! next one need not wait.

use std::{
    thread,
    time::{Duration, Instant},
};

use worker_runtime::queries::GetRuntime;

use crate::{
    child::Backend,
    ledger::{Ledger, restored},
};

/// The kills of one file. What was acknowledged is looked for after each, and all of it at the end.
const KILLS_OF_A_FILE: u32 = 50;

/// How long the next process may take until it answers, however busy the machine is. It is far below
/// the time for which a lease lasts.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// How often a process is killed: `KILL_ROUNDS`, or a hundred times.
fn rounds() -> u32 {
    std::env::var("KILL_ROUNDS").map_or(100, |rounds| rounds.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_a_kill() {
    let since = Instant::now();
    let (mut left, mut acknowledged, mut lost) = (rounds(), 0, 0);
    let mut times = Vec::new();
    while left > 0 {
        let kills = left.min(KILLS_OF_A_FILE);
        left -= kills;
        let (ledger, lost_here) = kill_often(kills, &mut times).await;
        acknowledged += ledger.len();
        lost += lost_here;
        if left > 0 && left.is_multiple_of(KILLS_OF_A_FILE * 10) {
            println!("{left} kills to go, {acknowledged} inputs acknowledged, none missing");
        }
    }
    assert!(lost > 0, "no turn was open when its process was killed");
    times.sort();
    let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "{} kills in {:.0?}: all of {acknowledged} acknowledged inputs are there, {lost} open turns \
         lost once each; the next process answers after {median:.1?}, at most {most:.1?}",
        rounds(),
        since.elapsed(),
    );
    assert!(most < ANSWERS_WITHIN, "it took {most:?} until the next process answered");
}

/// Kills one process after the other on a file of their own.
async fn kill_often(kills: u32, times: &mut Vec<Duration>) -> (Ledger, u64) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.sqlite");
    let mut ledger = Ledger::default();
    let mut lost = 0;
    for _ in 0..kills {
        let backend = Backend::start(&file, 2);
        let heard = backend.hear_until("receipt");
        assert_eq!(heard[0]["type"], "restored");
        assert_eq!(heard[0]["lost"], lost, "turns were lost a second time");
        ledger.note(heard);
        thread::sleep(Duration::from_micros(fastrand::u64(0..100_000)));
        ledger.note(backend.kill());
        let killed = Instant::now();
        let runtime = restored(&file).await;
        runtime.handle(GetRuntime {}).await.unwrap();
        times.push(killed.elapsed());
        ledger.check_recent(&runtime).await;
        lost = ledger.lost(&runtime).await;
    }
    let runtime = restored(&file).await;
    assert_eq!(ledger.check_all(&runtime).await, lost);
    (ledger, lost)
}

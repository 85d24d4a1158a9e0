//! Line 16: very many turns that wait for a model that does not answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::task::yield_now;
use worker::Profile;
use worker_runtime::{Runtime, commands::CancelTurn};

use crate::{
    clock::ThreadTimer,
    harness::{Side, compare_units},
    host::{self, Host, roomy, say},
    memory,
    providers::Stalled,
    row::{Goal, Row},
};

const ROUNDS: usize = 9;
const TURNS: u64 = 100_000;

/// Measures line 16.
pub fn run(rows: &mut Vec<Row>) {
    let bytes = memory::figures().stalled_turn;
    let name = format!("16 {TURNS} turns in flight, bytes each");
    rows.push(Row::new(name, bytes, "2 KiB", 2048.0, Goal::AtMost(1.0)));
    let provider = Stalled::default();
    let tokio = host::current_thread();
    let [ours, other] = compare_units(
        ROUNDS,
        [
            // New Workers for each round, because what a turn has before it grows with every turn.
            Side::in_units(TURNS, |n| cancelled(&host(&provider, n), &provider)),
            Side::in_units(TURNS, |n| abort(&tokio, n)),
        ],
    );
    let old = host(&provider, TURNS);
    let [later, beside] = compare_units(
        ROUNDS,
        [
            Side::in_units(TURNS, |_| cancelled(&old, &provider)),
            Side::in_units(TURNS, |n| abort(&tokio, n)),
        ],
    );
    let against = "aborting as many bare tasks";
    let name = format!("16 cancelling one of {TURNS} turns, ns");
    rows.push(Row::new(name, ours, against, other, Goal::AtMost(5.0)));
    let name = "16 the same, in conversations that grow by a turn each round, ns";
    rows.push(Row::new(name, later, against, beside, Goal::Reported));
}

/// A Runtime whose turns never end by themselves.
#[must_use]
pub fn host(provider: &Stalled, workers: u64) -> Host {
    let profile = Profile::new("stalled", Arc::new(provider.clone()));
    let builder = Runtime::builder().limits(roomy()).profile(profile);
    Host::on(host::current_thread(), builder, usize::try_from(workers).unwrap_or_default())
}

/// Begins turns in Workers that are idle, until so many wait for the model.
pub fn begin(host: &Host, provider: &Stalled, turns: u64) {
    let waiting = usize::try_from(provider.waiting()).unwrap_or_default();
    let wanted = usize::try_from(turns).unwrap_or_default();
    host.tokio.block_on(async {
        for &worker in &host.workers[waiting..wanted] {
            say(&host.runtime, worker).await;
        }
        while provider.waiting() < turns {
            yield_now().await;
        }
    });
}

fn cancelled(host: &Host, provider: &Stalled) -> Duration {
    begin(host, provider, TURNS);
    host.tokio.block_on(async {
        let timer = ThreadTimer::start();
        for &worker in &host.workers {
            host.runtime.handle(CancelTurn::running(worker)).await.expect("a cancellation");
        }
        while provider.waiting() > 0 {
            yield_now().await;
        }
        timer.elapsed()
    })
}

fn abort(tokio: &tokio::runtime::Runtime, count: u64) -> Duration {
    let waiting = Arc::new(AtomicU64::new(0));
    tokio.block_on(async {
        let tasks: Vec<_> = (0..count).map(|_| tokio::spawn(wait(Arc::clone(&waiting)))).collect();
        while waiting.load(Ordering::Acquire) < count {
            yield_now().await;
        }
        let timer = ThreadTimer::start();
        for task in tasks {
            task.abort();
        }
        while waiting.load(Ordering::Acquire) > 0 {
            yield_now().await;
        }
        timer.elapsed()
    })
}

/// A bare task with the two timers of a turn.
async fn wait(waiting: Arc<AtomicU64>) {
    struct Waiting(Arc<AtomicU64>);

    impl Drop for Waiting {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::AcqRel);
        }
    }

    waiting.fetch_add(1, Ordering::AcqRel);
    let _waiting = Waiting(waiting);
    tokio::select! {
        () = tokio::time::sleep(Duration::from_mins(5)) => {}
        () = tokio::time::sleep(Duration::from_mins(30)) => {}
    }
}

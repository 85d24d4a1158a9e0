//! One life of a Runtime after the other on one store: commands, a stop or a crash, an audit.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use llm_engine::{Deadlines, Policy, RetryPolicy};
use tokio::task::JoinSet;
use worker_runtime::{
    Limits, Profile, Runtime, RuntimeError,
    commands::{StopRuntime, StopWorkers},
};

use crate::{
    audit, driver,
    hostile::{HostileClock, HostileStore, hostile_provider},
    ledger::{Ledger, Open},
};

/// How many Runtimes lived, and what they did.
#[derive(Debug, Default)]
pub(crate) struct Lives {
    stops: u64,
    crashes: u64,
    commands: u64,
    workers: u64,
}

impl fmt::Display for Lives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stops, crashes, commands, workers } = self;
        write!(
            f,
            "{commands} commands, {workers} Workers, {stops} stops and {crashes} crashes, each followed by an audit"
        )
    }
}

const DRIVERS: usize = 16;
const LIVES: usize = 6;

/// Lets Runtimes live on one store, one after the other, and audits each.
pub(crate) async fn lives_on_one_store(
    store: &Arc<HostileStore>,
    random: &mut fastrand::Rng,
    lives: &mut Lives,
    until: Instant,
) {
    let ledger = Arc::new(Ledger::default());
    for _ in 0..LIVES {
        let runtime = built(store).await;
        resume(&runtime, &ledger).await;
        let mut drivers = JoinSet::new();
        for _ in 0..DRIVERS {
            drivers.spawn(driver::drive(runtime.clone(), Arc::clone(&ledger), random.u64(..)));
        }
        tokio::time::sleep(Duration::from_millis(random.u64(50..1500))).await;
        let is_crash = random.u32(..3) == 0;
        if is_crash {
            lives.crashes += 1;
            drivers.abort_all();
            while drivers.join_next().await.is_some() {}
            // What a driver was about to be told is not known to anybody.
            ledger.lock().is_blurred = true;
            drop(runtime);
            // A Runtime that is dropped ends its streams without more ado.
            audit::ends_of_streams(&ledger).await;
        } else {
            lives.stops += 1;
            stop(&runtime, random).await;
            while let Some(driven) = drivers.join_next().await {
                driven.expect("a driver found a fault");
            }
            audit::streams(&runtime, &ledger).await;
            audit::audit(&runtime, &ledger).await;
        }
        if Instant::now() > until {
            break;
        }
    }
    let runtime = built(store).await;
    resume(&runtime, &ledger).await;
    quiet(&runtime).await;
    audit::audit(&runtime, &ledger).await;
    stop(&runtime, random).await;
    let content = ledger.lock();
    lives.commands += content.commands;
    lives.workers += content.workers.len() as u64 + content.deleted;
}

async fn built(store: &Arc<HostileStore>) -> Runtime {
    let deadlines = Deadlines {
        first_event: Duration::from_millis(50),
        idle: Duration::from_millis(50),
        turn: Duration::from_millis(400),
    };
    let retry = RetryPolicy {
        initial_delay: Duration::from_millis(1),
        max_delay: Duration::from_millis(2),
        ..RetryPolicy::default()
    };
    let policy = Policy { deadlines, retry, ..Policy::default() };
    let limits = Limits::default()
        .commit(Duration::from_millis(300))
        .idempotency_age(Duration::from_secs(1 << 40))
        .events_per_worker(8192)
        .answer_bytes(64 << 10)
        .turn_first_event(Duration::from_millis(200))
        .turn_idle(Duration::from_millis(200))
        .turn(Duration::from_millis(800));
    loop {
        let built = Runtime::builder()
            .profile(Profile::new("hostile", Arc::new(hostile_provider())).policy(policy))
            .store(Arc::clone(store) as Arc<_>)
            .clock(Arc::new(HostileClock))
            .limits(limits.clone())
            .lease_duration(Duration::from_millis(500))
            .build()
            .await;
        match built {
            Ok(runtime) => return runtime,
            // The store refused, or the Runtime before has not given its lease back.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Sends the commands again whose outcome is not known.
async fn resume(runtime: &Runtime, ledger: &Ledger) {
    let open = std::mem::take(&mut ledger.lock().open);
    for command in open {
        let outcome = match command {
            Open::Create(command) => driver::created(runtime, ledger, *command).await.map(drop),
            Open::Input(command) => driver::sent(runtime, ledger, command).await,
            Open::Delete(command) => driver::deleted(runtime, ledger, command).await,
        };
        assert!(!matches!(outcome, Err(RuntimeError::Internal { .. })), "{outcome:?}");
    }
}

async fn stop(runtime: &Runtime, random: &mut fastrand::Rng) {
    let deadline = Duration::from_millis(random.u64(..500));
    let workers = if random.bool() { StopWorkers::Stop } else { StopWorkers::Keep };
    let command = StopRuntime { workers: Some(workers), ..StopRuntime::new() }.deadline(deadline);
    runtime.handle(command).await.expect("a stop is never refused");
    let wait = runtime.wait_stopped(Duration::from_mins(2)).await;
    wait.expect("a stop with a deadline ends");
}

/// Waits until no turn runs.
async fn quiet(runtime: &Runtime) {
    for _ in 0..6000 {
        let reply = runtime.handle(worker_runtime::queries::GetRuntime {}).await;
        if reply.expect("a query").summary.turns_in_flight == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("turns run on for a minute, though their deadlines are below a second");
}

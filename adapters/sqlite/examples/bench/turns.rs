//! Turns: how many, and how long one takes.

use std::{
    error::Error,
    sync::{Arc, Mutex},
    time::Instant,
};

use llm_engine::EchoProvider;
use tempfile::TempDir;
use tokio::task::JoinSet;
use worker_runtime::{
    Profile, Runtime, RuntimeError, WorkerRef,
    commands::{CreateWorker, SendInput},
    queries::GetTurn,
    store::{Batch, Store, StoreError, StoreFuture, StoreWrapper},
};
use yoi_sqlite::{Groups, SqliteStore};

use crate::{
    Size, bare,
    measure::{Took, median, start},
};

const WORKERS: u64 = 64;

/// Keeps what is committed.
pub(crate) struct Recorder {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) batches: Mutex<Vec<Batch>>,
}

impl StoreWrapper for Recorder {
    fn inner(&self) -> &dyn Store {
        &*self.store
    }

    fn commit(&self, batch: &Batch) -> StoreFuture<Result<(), StoreError>> {
        self.batches.lock().unwrap().push(batch.clone());
        self.store.commit(batch)
    }
}

async fn runtime(store: Arc<dyn Store>) -> Result<Runtime, Box<dyn Error>> {
    let echo = Profile::new("echo", Arc::new(EchoProvider::new()));
    Ok(Runtime::builder().profile(echo).store(store).build().await?)
}

async fn turn(runtime: &Runtime, worker: WorkerRef) -> Result<(), RuntimeError> {
    let text = "The text of an input, which has so many bytes";
    let sent = runtime.handle(SendInput::new(worker, text)).await?;
    let wait = GetTurn { wait_ms: Some(60_000), ..GetTurn::new(worker, sent.receipt.turn_id) };
    let ended = runtime.handle(wait).await?;
    assert!(ended.turn.outcome.is_some());
    Ok(())
}

/// Has all Workers take turns at once. Returns the mean number of batches in a group too.
async fn talk(
    runtime: &Runtime,
    turns: u64,
    groups: impl Fn() -> Groups,
) -> Result<(Took, f64), Box<dyn Error>> {
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        workers.push(runtime.handle(CreateWorker::default()).await?.detail.worker);
    }
    let before = groups();
    let took = start();
    let mut talks = JoinSet::new();
    for worker in workers {
        let runtime = runtime.clone();
        talks.spawn(async move {
            for _ in 0..turns {
                turn(&runtime, worker).await?;
            }
            Ok::<_, RuntimeError>(())
        });
    }
    while let Some(talk) = talks.join_next().await {
        talk??;
    }
    Ok((took(), mean(before, groups())))
}

/// Compares turns through a Runtime with bare inserts of the same rows.
pub(crate) async fn throughput(size: Size) -> Result<(), Box<dyn Error>> {
    let folder = TempDir::new()?;
    let recorder = Arc::new(Recorder {
        store: Arc::new(SqliteStore::open(folder.path().join("recorded.sqlite"))?),
        batches: Mutex::default(),
    });
    talk(&runtime(Arc::clone(&recorder) as _).await?, size.turns, Groups::default).await?;
    let batches = std::mem::take(&mut *recorder.batches.lock().unwrap());
    let rows = bare::Rows::new(&batches, WORKERS);

    let (mut ours, mut bares, mut of_group) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..size.rounds {
        let store = Arc::new(SqliteStore::open(folder.path().join(format!("{round}.sqlite")))?);
        let runtime = runtime(Arc::clone(&store) as _).await?;
        let (took, group) = talk(&runtime, size.turns, || store.groups()).await?;
        ours.push(took);
        of_group.push(group);
        drop((runtime, store));
        bares.push(rows.insert(&folder.path().join(format!("bare {round}.sqlite")), group)?);
    }
    let turns = (WORKERS * size.turns) as f64;
    let each = |what: fn(&Took) -> f64, of: &[Took]| median(of.iter().map(|it| what(it) / turns));
    let ratio =
        |what: fn(&Took) -> f64| median(ours.iter().zip(&bares).map(|(a, b)| what(a) / what(b)));
    println!(
        "{} echo turns of each of {WORKERS} Workers, {} commits in groups of {:.1}, {} rounds",
        size.turns,
        rows.len(),
        median(of_group).0,
        size.rounds
    );
    for (name, what) in [
        ("CPU", (|took| took.cpu.as_secs_f64() * 1e6) as fn(&Took) -> f64),
        ("wall", |took| took.wall.as_secs_f64() * 1e6),
    ] {
        let ((ours, ..), (bares, ..)) = (each(what, &ours), each(what, &bares));
        let (middle, least, most) = ratio(what);
        println!(
            "  {name:4} of a turn: {ours:6.1} µs, bare {bares:6.1} µs: {middle:.2} times ({least:.2} to {most:.2})"
        );
    }
    Ok(())
}

/// The mean number of batches in a group, at least 1.
fn mean(before: Groups, after: Groups) -> f64 {
    let (batches, groups) = (after.batches - before.batches, after.groups - before.groups);
    batches as f64 / groups.max(1) as f64
}

/// Compares the 500th turn of a Worker with the tenth.
pub(crate) async fn latency(size: Size) -> Result<(), Box<dyn Error>> {
    let folder = TempDir::new()?;
    let (mut early, mut late) = (Vec::new(), Vec::new());
    for round in 0..size.rounds {
        let store = Arc::new(SqliteStore::open(folder.path().join(format!("{round}.sqlite")))?);
        let runtime = runtime(store).await?;
        let worker = runtime.handle(CreateWorker::default()).await?.detail.worker;
        let mut times = Vec::new();
        for _ in 0..505 {
            let since = Instant::now();
            turn(&runtime, worker).await?;
            times.push(since.elapsed().as_secs_f64() * 1e6);
        }
        early.push(median(times[4..15].iter().copied()).0);
        late.push(median(times[494..505].iter().copied()).0);
    }
    let ratio = median(early.iter().zip(&late).map(|(early, late)| late / early)).0;
    println!(
        "one Worker: about its turn 10, {:.0} µs a turn; about its turn 500, {:.0} µs: {ratio:.2} times",
        median(early).0,
        median(late).0
    );
    Ok(())
}

//! The start of a Runtime on a store with many Workers.

use std::{error::Error, path::Path, sync::Arc, time::Duration};

use rusqlite::Connection;
use tempfile::TempDir;
use tokio::time::sleep;
use worker_runtime::{
    Runtime,
    commands::{StopRuntime, StopWorkers},
    queries::GetOverview,
    store::{OpenRequest, Store, WorkerRecord, WorkerSpec},
};
use yoi_sqlite::{Options, SqliteStore};

use crate::{
    measure::{Took, median, start},
    templates::Templates,
};

/// Measures the start with so many Workers, of which some have an open turn.
pub(crate) async fn run(workers: u64, open: u64, rounds: usize) -> Result<(), Box<dyn Error>> {
    let folder = TempDir::new()?;
    let original = folder.path().join("original.sqlite");
    let took = start();
    fill(&original, workers, open).await?;
    let filled = took().wall.as_secs_f64() * 1e6 / (workers + open) as f64;
    let (mut starts, mut reads) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // A start ends the open turns, so each has a copy of its own.
        let mut path = original.clone();
        if open > 0 {
            path = folder.path().join(format!("{round}.sqlite"));
            std::fs::copy(&original, &path)?;
        }
        reads.push(read(&path, workers)?);
        let took = start();
        let store = Arc::new(SqliteStore::open(&path)?);
        let runtime = Runtime::builder().store(store).build().await?;
        let overview = runtime.handle(GetOverview::default()).await?;
        starts.push(took());
        runtime
            .handle(StopRuntime { workers: Some(StopWorkers::Keep), ..StopRuntime::default() })
            .await?;
        assert_eq!((overview.workers.total(), overview.turns.lost), (workers, open));
    }
    let wall = |took: &Took| took.wall.as_secs_f64();
    let ratio = median(starts.iter().zip(&reads).map(|(a, b)| wall(a) / wall(b))).0;
    println!(
        "start with {workers} Workers, {open} with an open turn: {:.2} s to the first answer ({:.2} s CPU); \
         reading and parsing their rows: {:.2} s: {ratio:.2} times; a commit of many at once: {filled:.1} µs",
        median(starts.iter().map(wall)).0,
        median(starts.iter().map(|took| took.cpu.as_secs_f64())).0,
        median(reads.iter().map(wall)).0,
    );
    Ok(())
}

/// Makes a file with all its rows in one place, without a WAL and an owner.
async fn fill(path: &Path, workers: u64, open: u64) -> Result<(), Box<dyn Error>> {
    let templates = Templates::make().await?;
    let store = SqliteStore::open(path)?;
    let request = OpenRequest {
        runtime_id: None,
        new_runtime_id: "01a22dd4-5eed-7908-9e37-000000000001".parse()?,
        epoch: "01a22dd4-5eed-7908-9e37-000000000002".parse()?,
        format: worker_runtime::store::FORMAT,
        lease_duration: Duration::from_hours(1),
        events_per_worker: 1024,
    };
    let lease = Store::open(&store, request).await?.lease;
    let mut waiting = Vec::new();
    for ordinal in 1..=workers {
        waiting.push(store.commit(&templates.creation(lease, ordinal)));
        if ordinal <= open {
            waiting.push(store.commit(&templates.input(lease, ordinal)));
        }
        if waiting.len() >= 1000 || ordinal == workers {
            for answer in waiting.drain(..) {
                answer.await?;
            }
        }
    }
    store.release(lease).await?;
    drop(store);
    // The threads of the store close their connections in their own time.
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    while connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))?
    {
        sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Reads and parses the rows of all Workers with one statement.
fn read(path: &Path, workers: u64) -> Result<Took, Box<dyn Error>> {
    let took = start();
    let connection = Connection::open(path)?;
    connection.execute_batch(&Options::default().pragmas())?;
    let mut select = connection.prepare(
        "SELECT record, spec FROM workers JOIN specs ON worker = ordinal ORDER BY ordinal",
    )?;
    let mut rows = select.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let record: WorkerRecord = serde_json::from_slice(row.get_ref(0)?.as_bytes()?)?;
        let spec: WorkerSpec = serde_json::from_slice(row.get_ref(1)?.as_bytes()?)?;
        all.push(Arc::new(WorkerRecord { spec: Arc::new(spec), ..record }));
    }
    let took = took();
    assert_eq!(all.len() as u64, workers);
    Ok(took)
}

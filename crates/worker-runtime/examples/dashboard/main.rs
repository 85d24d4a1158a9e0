//! A dashboard that mirrors a busy Runtime by one snapshot and the event stream, and compares itself
//! with the queries at the end.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod mirror;

use std::{error::Error, sync::Arc, time::Duration};

use llm_engine::EchoProvider;
use mirror::Mirror;
use worker_runtime::{
    EventsFrom, Profile, Runtime, Scope, StreamItem, Subscribe,
    commands::{CancelTurn, CancelWorker, CreateWorker, DeleteWorker, SendInput, StopWorker},
    model::{Input, WorkerState},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let echo = Arc::new(EchoProvider::with_delay(Duration::from_millis(2)));
    let runtime = Runtime::builder().profile(Profile::new("echo", echo)).build().await?;
    let work = tokio::spawn(busy(runtime.clone()));
    tokio::time::sleep(Duration::from_millis(50)).await;

    // One snapshot is taken while the Runtime is busy. From then on only the stream is read.
    let (mut mirror, cursor) = Mirror::snapshot(&runtime, 10).await?;
    println!("snapshot: {} workers", mirror.workers.len());
    let subscribe = Subscribe::new(Scope::runtime()).starting_at(EventsFrom::after(cursor));
    let mut stream = runtime.subscribe(subscribe).await?;
    let mut events = 0;
    while !work.is_finished() {
        let Ok(Some(item)) = tokio::time::timeout(Duration::from_millis(100), stream.next()).await
        else {
            continue;
        };
        events += usize::from(matches!(item, StreamItem::Event(_)));
        assert!(mirror.follow(&item), "the dashboard fell behind the log");
        if events % 500 == 0 && matches!(item, StreamItem::Event(_)) {
            show(&mirror, events);
        }
    }
    work.await??;

    // The Runtime is at rest. The events that are left in the log complete the mirror.
    let (now, _) = Mirror::snapshot(&runtime, 1000).await?;
    while mirror != now {
        let item = stream.next().await.ok_or("the stream ended")?;
        events += usize::from(matches!(item, StreamItem::Event(_)));
        assert!(mirror.follow(&item), "the dashboard fell behind the log");
    }
    show(&mirror, events);
    println!("the mirror equals what the queries say");
    Ok(())
}

fn show(mirror: &Mirror, events: usize) {
    let counts: Vec<String> = WorkerState::ALL
        .iter()
        .map(|state| format!("{} {state:?}", mirror.count(*state)))
        .collect();
    println!("{events:>5} events: {}", counts.join(", "));
}

/// Keeps the Runtime busy: creates 200 Workers, sends inputs, and cancels, stops and deletes some.
async fn busy(runtime: Runtime) -> Result<(), worker_runtime::RuntimeError> {
    for round in 0..200_u32 {
        let create = CreateWorker {
            initial_input: Some(Input::user("one two three four five")),
            ..CreateWorker::default()
        };
        let worker = runtime.handle(create).await?.detail.worker;
        match round % 5 {
            0 => drop(runtime.handle(CancelTurn::new(worker)).await?),
            1 => drop(runtime.handle(StopWorker::new(worker)).await?),
            2 => {
                runtime.handle(CancelWorker::new(worker)).await?;
                runtime.handle(DeleteWorker::new(worker)).await?;
            }
            3 => {
                // A refusal because the Worker is busy does not matter.
                drop(runtime.handle(SendInput::new(worker, "and now?")).await);
            }
            _ => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    Ok(())
}

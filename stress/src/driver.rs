//! A sender of random commands, which writes down what it was told.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use worker_runtime::{
    Runtime, RuntimeError, Scope, Subscribe, WorkerRef,
    commands::{
        CancelTurn, CancelWorker, CreateWorker, DeleteWorker, SendInput, StopWorker, UpdateWorker,
    },
    model::{Labels, ScopeClaim},
    queries::{GetOverview, GetTranscript, GetTurn, GetWorker, ListTurns, ListWorkers, ReadEvents},
};

use crate::{
    hostile,
    ledger::{Ledger, Open},
    reader,
};

/// Sends random commands to the Worker of its own until the Runtime takes no more, or `until`
/// is ready.
pub(crate) async fn drive(runtime: Runtime, ledger: Arc<Ledger>, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut mine: Vec<WorkerRef> = Vec::new();
    loop {
        ledger.lock().commands += 1;
        let step = match mine.get(random.usize(..mine.len().max(1))).copied() {
            Some(worker) if random.u32(..12) != 0 => {
                about(&runtime, &ledger, worker, &mut mine, &mut random).await
            }
            Some(_) | None if mine.len() < 30 => {
                create(&runtime, &ledger, &mut mine, &mut random).await
            }
            Some(_) | None => Ok(()),
        };
        match step {
            Ok(()) => {}
            Err(error) if is_over(&error) => return,
            Err(error) => allowed(&error),
        }
        if random.u32(..20) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn is_over(error: &RuntimeError) -> bool {
    matches!(error, RuntimeError::RuntimeStopping {} | RuntimeError::RuntimeStopped {})
}

/// Checks that an error is one that a careful caller must expect.
fn allowed(error: &RuntimeError) {
    let code = error.code();
    let expected = [
        "worker_busy",
        "worker_stopping",
        "worker_ended",
        "worker_not_terminal",
        "turn_not_found",
        "scope_conflict",
        "capacity_exhausted",
        "store_failed",
        "worker_not_found",
        "cursor_expired",
    ];
    assert!(expected.contains(&code), "unexpected: {code}: {error}");
}

/// Whether the store did not tell what became of the command.
fn is_uncertain(error: &RuntimeError) -> bool {
    matches!(error, RuntimeError::StoreFailed { certain: false, .. })
}

async fn create(
    runtime: &Runtime,
    ledger: &Arc<Ledger>,
    mine: &mut Vec<WorkerRef>,
    random: &mut fastrand::Rng,
) -> Result<(), RuntimeError> {
    let mut command = CreateWorker::new().idempotency_key(ledger.lock().key());
    if random.bool() {
        command = command.initial_input("hello");
    }
    if random.bool() {
        command = command.labels(labels(random));
    }
    if random.u32(..4) == 0 {
        let resource = format!("shared/{}", random.u32(..20));
        let access = if random.bool() {
            worker_runtime::model::Access::Shared
        } else {
            worker_runtime::model::Access::Exclusive
        };
        command = command.scope_claims(vec![ScopeClaim { resource, access }]);
    }
    if let Some(worker) = created(runtime, ledger, command).await? {
        mine.push(worker);
        let subscribe =
            Subscribe::new(Scope::worker(worker)).starting_at(worker_runtime::EventsFrom::oldest());
        if let Ok(stream) = runtime.subscribe(subscribe).await {
            let reader = tokio::spawn(reader::follow(Arc::clone(ledger), worker, stream));
            ledger.lock().readers.push(reader);
        }
    }
    Ok(())
}

/// Sends a creation until it is certain what became of it.
pub(crate) async fn created(
    runtime: &Runtime,
    ledger: &Ledger,
    command: CreateWorker,
) -> Result<Option<WorkerRef>, RuntimeError> {
    let mut was_uncertain = false;
    loop {
        match runtime.handle(command.clone()).await {
            Ok(reply) => {
                let turn = reply.receipt.map(|receipt| receipt.turn_id);
                ledger.lock().created(reply.detail.worker, turn);
                return Ok(Some(reply.detail.worker));
            }
            Err(error) if is_uncertain(&error) => was_uncertain = true,
            Err(error) if was_uncertain && !matches!(error, RuntimeError::StoreFailed { .. }) => {
                if is_over(&error) {
                    ledger.lock().open.push(Open::Create(Box::new(command)));
                }
                return Err(error);
            }
            Err(RuntimeError::StoreFailed { .. }) if was_uncertain => {}
            Err(error) => return Err(error),
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Sends an input until it is certain what became of it.
pub(crate) async fn sent(
    runtime: &Runtime,
    ledger: &Ledger,
    command: SendInput,
) -> Result<(), RuntimeError> {
    let mut was_uncertain = false;
    loop {
        match runtime.handle(command.clone()).await {
            Ok(reply) => {
                ledger.lock().accepted(command.worker, reply.receipt.turn_id);
                return Ok(());
            }
            Err(error) if is_uncertain(&error) => was_uncertain = true,
            Err(RuntimeError::StoreFailed { .. }) if was_uncertain => {}
            Err(error) => {
                if was_uncertain && is_over(&error) {
                    ledger.lock().open.push(Open::Input(command));
                }
                return Err(error);
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Deletes an ended Worker, and adds what it consumed to what deleted Workers consumed.
pub(crate) async fn deleted(
    runtime: &Runtime,
    ledger: &Ledger,
    command: DeleteWorker,
) -> Result<(), RuntimeError> {
    let worker = command.worker;
    // If an earlier deletion may have been carried out, the Worker may be gone, and what it leaves is
    // known.
    let mut was_uncertain = ledger.lock().leaving.contains_key(&worker.worker_id);
    loop {
        // An ended Worker does not change any more, so its last state is what it leaves.
        let last = if was_uncertain { None } else { last_state(runtime, worker).await? };
        let reply = runtime.handle(command.clone()).await;
        if let Some(last) = last {
            ledger.lock().leaving.insert(worker.worker_id, last);
        }
        match reply {
            Ok(_) => {
                ledger.lock().gone(worker.worker_id);
                return Ok(());
            }
            Err(error) if is_uncertain(&error) => was_uncertain = true,
            Err(RuntimeError::StoreFailed { .. }) if was_uncertain => {}
            Err(error) => {
                if was_uncertain && is_over(&error) {
                    ledger.lock().open.push(Open::Delete(command));
                }
                return Err(error);
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn last_state(
    runtime: &Runtime,
    worker: WorkerRef,
) -> Result<Option<crate::ledger::Leaving>, RuntimeError> {
    let detail = runtime.handle(GetWorker { worker }).await?.detail;
    if !detail.state.is_terminal() {
        return Err(RuntimeError::WorkerNotTerminal {});
    }
    let turns = crate::audit::turns(runtime, worker).await?;
    Ok(Some(crate::ledger::Leaving::of(detail.usage, &turns)))
}

async fn about(
    runtime: &Runtime,
    ledger: &Arc<Ledger>,
    worker: WorkerRef,
    mine: &mut Vec<WorkerRef>,
    random: &mut fastrand::Rng,
) -> Result<(), RuntimeError> {
    match random.u32(..32) {
        0..10 => {
            let key = ledger.lock().key();
            sent(runtime, ledger, SendInput::new(worker, "go on").idempotency_key(key)).await
        }
        10..13 => runtime.handle(CancelTurn::new(worker)).await.map(drop),
        13 => {
            let deadline = Duration::from_millis(random.u64(..20));
            runtime.handle(StopWorker::new(worker).deadline(deadline)).await.map(drop)
        }
        14 => runtime.handle(CancelWorker::new(worker)).await.map(drop),
        15..17 => {
            let gone = deleted(runtime, ledger, DeleteWorker::new(worker)).await;
            if gone.is_ok() {
                mine.retain(|kept| *kept != worker);
            }
            gone
        }
        17 => {
            let update = UpdateWorker::new(worker)
                .labels(labels(random))
                .remove_labels(vec!["team".to_owned()]);
            runtime.handle(update).await.map(drop)
        }
        18 => {
            polled_once(runtime.handle(UpdateWorker::new(worker).display_name("dropped")));
            Ok(())
        }
        19 => {
            polled_once(runtime.handle(CancelTurn::new(worker)));
            Ok(())
        }
        20 => {
            // The stream is dropped with the hostile waker in it.
            let stream = runtime.subscribe(Subscribe::new(Scope::worker(worker))).await?;
            let mut stream = Box::pin(stream);
            for _ in 0..3 {
                let _ = polled_with_hostile_waker(stream.next());
            }
            tokio::time::sleep(Duration::from_millis(random.u64(..3))).await;
            Ok(())
        }
        21 => {
            let wait = GetTurn::new(worker, worker_runtime::model::TurnSelector::latest())
                .wait(Duration::from_millis(random.u64(..5)));
            runtime.handle(wait).await.map(drop)
        }
        22..24 => runtime.handle(GetTranscript::new(worker)).await.map(drop),
        24..26 => runtime.handle(ListTurns::new(worker)).await.map(drop),
        26 => runtime.handle(GetOverview::new()).await.map(drop),
        27 => {
            let labels = Labels::from([("team".to_owned(), "red".to_owned())]);
            runtime.handle(ListWorkers::new().labels(labels)).await.map(drop)
        }
        28..30 => {
            let read = ReadEvents::new(Scope::worker(worker)).wait(Duration::from_millis(2));
            runtime.handle(read).await.map(drop)
        }
        _ => runtime.handle(GetWorker { worker }).await.map(drop),
    }
}

fn labels(random: &mut fastrand::Rng) -> Labels {
    let team = if random.bool() { "red" } else { "blue" };
    Labels::from([
        ("team".to_owned(), team.to_owned()),
        ("n".to_owned(), random.u32(..5).to_string()),
    ])
}

/// Polls a request once, with a waker that panics, and drops it.
fn polled_once<T>(request: impl Future<Output = T>) {
    let _ = polled_with_hostile_waker(request);
}

fn polled_with_hostile_waker<T>(future: impl Future<Output = T>) -> Poll<T> {
    let waker = hostile::hostile_waker();
    pin!(future).poll(&mut Context::from_waker(&waker))
}

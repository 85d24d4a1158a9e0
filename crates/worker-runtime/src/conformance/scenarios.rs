//! Checks of a Runtime on the store, through the public API of the Runtime.

use crate::{
    commands::{
        CancelTurn, CancelWorker, Cancellation, CreateWorker, DeleteWorker, SendInput, StopWorker,
    },
    conformance::{
        factory::Factory,
        harness::{Harness, require},
        rule::CheckResult,
    },
    error::RuntimeError,
    identity::WorkerRef,
    model::{Access, EventType, Input, Scope, ScopeClaim, TurnOutcome, WorkerState},
    queries::{GetRuntime, GetUsage, GetWorker, ListWorkers},
};

/// An input under an idempotency key.
fn keyed(worker: WorkerRef, key: &str) -> SendInput {
    SendInput { idempotency_key: Some(key.to_owned()), ..SendInput::new(worker, "again and again") }
}

/// A Worker under an idempotency key, with an input and an exclusive claim.
fn claiming(key: &str) -> CreateWorker {
    CreateWorker {
        idempotency_key: Some(key.to_owned()),
        scope_claims: Some(vec![ScopeClaim {
            resource: "workspace/app".to_owned(),
            access: Access::Exclusive,
        }]),
        initial_input: Some(Input::user("hello")),
        ..CreateWorker::default()
    }
}

/// Creates Workers, sends inputs, cancels, stops and deletes.
pub(super) async fn conversation(factory: &impl Factory) -> CheckResult {
    let harness = Harness::open(factory.fresh().await).await?;
    let created = harness.ask(claiming("one")).await?;
    let worker = created.detail.worker;
    if let Some(receipt) = created.receipt {
        harness.completes(worker, receipt.turn_id).await?;
    }
    harness.send_and_wait(SendInput::new(worker, "and again")).await?;
    let texts: Vec<String> =
        harness.transcript(worker).await?.iter().map(|entry| entry.text.to_string()).collect();
    let wanted = ["hello", "echo: hello", "and again", "echo: and again"];
    require(texts == wanted, || format!("the transcript is {texts:?} instead of {wanted:?}"))?;

    let hanging = harness.ask(Harness::hanging_worker()).await?.detail.worker;
    let turn_id = harness.ask(SendInput::new(hanging, "wait")).await?.receipt.turn_id;
    harness
        .refuses(SendInput::new(hanging, "too early"), |error| {
            matches!(error, RuntimeError::WorkerBusy { .. })
        })
        .await?;
    let result = harness.ask(CancelTurn::new(hanging)).await?.result;
    require(result == Cancellation::Cancelled { turn_id }, || {
        format!("`cancel_turn` returned {result:?}")
    })?;

    let stopped = harness.ask(StopWorker::new(worker)).await?.state;
    require(stopped == WorkerState::Stopped, || {
        format!("after `stop_worker` the Worker is {stopped:?}")
    })?;
    harness.ask(DeleteWorker::new(worker)).await?;
    harness
        .refuses(GetWorker { worker }, |error| matches!(error, RuntimeError::WorkerNotFound {}))
        .await
}

/// Compares everything before and after a restart, and repeats requests from before the restart.
pub(super) async fn restart(factory: &impl Factory) -> CheckResult {
    let before = Harness::open(factory.fresh().await).await?;
    let created = before.ask(claiming("one")).await?;
    let worker = created.detail.worker;
    if let Some(receipt) = &created.receipt {
        before.completes(worker, receipt.turn_id).await?;
    }
    let turn_id = before.send_and_wait(keyed(worker, "first")).await?;
    let detail = before.ask(GetWorker { worker }).await?.detail;
    let transcript = before.transcript(worker).await?;
    let turns = before.turns(worker).await?;
    let events = before.events(worker).await?;
    let usage = before.ask(GetUsage::new(Scope::runtime())).await?.usage;
    let runtime_id = before.runtime.runtime_id();

    let after = Harness::open(factory.reopen(before.stop().await?).await).await?;
    require(after.runtime.runtime_id() == runtime_id, || "the Runtime's id changed".to_owned())?;
    expect_unchanged("the Worker", &detail, &after.ask(GetWorker { worker }).await?.detail)?;
    expect_unchanged("the transcript", &transcript, &after.transcript(worker).await?)?;
    expect_unchanged("the turns", &turns, &after.turns(worker).await?)?;
    expect_unchanged("the events", &events, &after.events(worker).await?)?;
    expect_unchanged(
        "the usage",
        &usage,
        &after.ask(GetUsage::new(Scope::runtime())).await?.usage,
    )?;
    let claims = after.ask(GetRuntime {}).await?.allocation.claims;
    require(claims == 1, || format!("after a restart there are {claims} claims instead of 1"))?;
    after
        .refuses(claiming("two"), |error| matches!(error, RuntimeError::ScopeConflict { .. }))
        .await?;
    let replayed = after.ask(claiming("one")).await?;
    require(replayed.replayed && replayed.receipt == created.receipt, || {
        "a repeated creation was not recognised after a restart".to_owned()
    })?;
    let replayed = after.ask(keyed(worker, "first")).await?;
    require(replayed.replayed && replayed.receipt.turn_id == turn_id, || {
        "a repeated input was not recognised after a restart".to_owned()
    })?;
    after.send_and_wait(keyed(worker, "second")).await?;
    let entries = after.transcript(worker).await?.len();
    let wanted = transcript.len() + 2;
    require(entries == wanted, || {
        format!("after another turn there are {entries} entries instead of {wanted}")
    })
}

fn expect_unchanged<T: PartialEq + std::fmt::Debug>(
    noun: &str,
    before: &T,
    after: &T,
) -> CheckResult {
    require(before == after, || format!("{noun} changed from {before:?} to {after:?}"))
}

/// Crashes a Runtime whose turns are running. Each turn is lost exactly once, and none runs again.
pub(super) async fn open_turns(factory: &impl Factory) -> CheckResult {
    let before = Harness::open(factory.fresh().await).await?;
    let mut workers = Vec::new();
    for _ in 0..2 {
        let worker = before.ask(Harness::hanging_worker()).await?.detail.worker;
        before.ask(keyed(worker, "open")).await?;
        workers.push(worker);
    }
    before.ask(StopWorker::new(workers[1])).await?;
    let mut store = before.crash();
    // After the second restart nothing must change any more.
    for _ in 0..2 {
        let after = Harness::open(factory.reopen(store).await).await?;
        for (worker, wanted) in workers.iter().zip([WorkerState::Idle, WorkerState::Stopped]) {
            let detail = after.ask(GetWorker { worker: *worker }).await?.detail;
            require(detail.state == wanted, || {
                format!("after a crash the Worker is {:?} instead of {wanted:?}", detail.state)
            })?;
            require(detail.last_outcome == Some(TurnOutcome::Lost), || {
                format!("after a crash the running turn ended as {:?}", detail.last_outcome)
            })?;
            let events = after.events(*worker).await?;
            let lost =
                events.iter().filter(|event| event.event_type() == EventType::TurnLost).count();
            require(lost == 1, || {
                format!("the log has {lost} events of the lost turn instead of 1")
            })?;
            let sequences = events.iter().map(|event| event.worker_sequence);
            let gap_free = sequences.eq((1..=events.len() as u64).map(Some));
            require(gap_free, || "the Worker's events have a gap".to_owned())?;
        }
        let calls = after.hanging.calls();
        require(calls == 0, || format!("{calls} turns ran again after a crash"))?;
        let replayed = after.ask(keyed(workers[0], "open")).await?.replayed;
        require(replayed, || "a repeated input whose turn was lost was not recognised".to_owned())?;
        store = after.crash();
    }
    Ok(())
}

/// Deletes a Worker and restarts. The Worker stays deleted, and its usage stays counted.
pub(super) async fn erasure(factory: &impl Factory) -> CheckResult {
    let before = Harness::open(factory.fresh().await).await?;
    let created = before.ask(claiming("one")).await?;
    let worker = created.detail.worker;
    if let Some(receipt) = created.receipt {
        before.completes(worker, receipt.turn_id).await?;
    }
    before.ask(CancelWorker::new(worker)).await?;
    before.ask(DeleteWorker::new(worker)).await?;
    let usage = before.ask(GetUsage::new(Scope::runtime())).await?.usage;
    require(usage.turns == 1, || format!("after the deletion the usage is {usage:?}"))?;

    let after = Harness::open(factory.reopen(before.stop().await?).await).await?;
    expect_unchanged(
        "the usage",
        &usage,
        &after.ask(GetUsage::new(Scope::runtime())).await?.usage,
    )?;
    let listed = after.ask(ListWorkers::default()).await?.items.len();
    require(listed == 0, || format!("{listed} deleted Workers are listed after a restart"))?;
    after
        .refuses(claiming("one"), |error| matches!(error, RuntimeError::WorkerNotFound {}))
        .await?;
    let already = after.ask(DeleteWorker::new(worker)).await?.already;
    require(already, || "a second deletion was not answered with `already`".to_owned())
}

//! Checks of a Runtime on the store: the promises that rest on it.

use crate::{
    commands::{
        CancelTurn, CancelWorker, Cancellation, CreateWorker, DeleteWorker, SendInput, StopWorker,
    },
    conformance::{
        factory::Factory,
        harness::{Desk, promise},
        rule::Checked,
    },
    error::RuntimeError,
    identity::WorkerRef,
    model::{Access, EventType, Input, Scope, ScopeClaim, TurnOutcome, WorkerState},
    queries::{GetRuntime, GetUsage, GetWorker, ListWorkers},
};

fn keyed(worker: WorkerRef, key: &str) -> SendInput {
    SendInput {
        idempotency_key: Some(key.to_owned()),
        ..SendInput::user(worker, "again and again")
    }
}

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

/// Create, send, cancel, stop, delete.
pub(super) async fn conversation(factory: &impl Factory) -> Checked {
    let desk = Desk::open(factory.fresh().await).await?;
    let created = desk.ask(claiming("one")).await?;
    let worker = created.detail.worker;
    if let Some(receipt) = created.receipt {
        desk.completes(worker, receipt.turn_id).await?;
    }
    desk.converse(SendInput::user(worker, "and again")).await?;
    let texts: Vec<String> =
        desk.transcript(worker).await?.iter().map(|it| it.text.to_string()).collect();
    let wanted = ["hello", "echo: hello", "and again", "echo: and again"];
    promise(texts == wanted, || format!("the transcript is {texts:?} instead of {wanted:?}"))?;

    let hanging = desk.ask(Desk::hanging_worker()).await?.detail.worker;
    let turn_id = desk.ask(SendInput::user(hanging, "wait")).await?.receipt.turn_id;
    desk.refuses(SendInput::user(hanging, "too early"), |error| {
        matches!(error, RuntimeError::WorkerBusy { .. })
    })
    .await?;
    let result = desk.ask(CancelTurn::running(hanging)).await?.result;
    promise(result == Cancellation::Cancelled { turn_id }, || format!("a cancel gave {result:?}"))?;

    let stopped = desk.ask(StopWorker::of(worker)).await?.state;
    promise(stopped == WorkerState::Stopped, || format!("a stopped Worker is {stopped:?}"))?;
    desk.ask(DeleteWorker::of(worker)).await?;
    desk.refuses(GetWorker { worker }, |error| matches!(error, RuntimeError::WorkerNotFound {}))
        .await
}

/// What was there before is there after, and what was done is not done again.
pub(super) async fn restart(factory: &impl Factory) -> Checked {
    let before = Desk::open(factory.fresh().await).await?;
    let created = before.ask(claiming("one")).await?;
    let worker = created.detail.worker;
    if let Some(receipt) = &created.receipt {
        before.completes(worker, receipt.turn_id).await?;
    }
    let turn_id = before.converse(keyed(worker, "first")).await?;
    let detail = before.ask(GetWorker { worker }).await?.detail;
    let transcript = before.transcript(worker).await?;
    let turns = before.turns(worker).await?;
    let events = before.events(worker).await?;
    let usage = before.ask(GetUsage { scope: Scope::runtime() }).await?.usage;
    let runtime_id = before.runtime.runtime_id();

    let after = Desk::open(factory.reopen(before.leave().await?).await).await?;
    promise(after.runtime.runtime_id() == runtime_id, || "the Runtime has another id".to_owned())?;
    same("the Worker", &detail, &after.ask(GetWorker { worker }).await?.detail)?;
    same("the transcript", &transcript, &after.transcript(worker).await?)?;
    same("the turns", &turns, &after.turns(worker).await?)?;
    same("the events", &events, &after.events(worker).await?)?;
    same("the usage", &usage, &after.ask(GetUsage { scope: Scope::runtime() }).await?.usage)?;
    let claims = after.ask(GetRuntime {}).await?.allocation.claims;
    promise(claims == 1, || format!("there are {claims} claims instead of 1"))?;
    after
        .refuses(claiming("two"), |error| matches!(error, RuntimeError::ScopeConflict { .. }))
        .await?;
    let replayed = after.ask(claiming("one")).await?;
    promise(replayed.replayed && replayed.receipt == created.receipt, || {
        "a creation sent again was not recognised".to_owned()
    })?;
    let replayed = after.ask(keyed(worker, "first")).await?;
    promise(replayed.replayed && replayed.receipt.turn_id == turn_id, || {
        "an input sent again was not recognised".to_owned()
    })?;
    after.converse(keyed(worker, "second")).await?;
    let entries = after.transcript(worker).await?.len();
    promise(entries == transcript.len() + 2, || format!("there are {entries} entries in the end"))
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, before: &T, after: &T) -> Checked {
    promise(before == after, || format!("{what} went from {before:?} to {after:?}"))
}

/// Turns that were open when their Runtime died are lost, once, and nothing runs again.
pub(super) async fn open_turns(factory: &impl Factory) -> Checked {
    let before = Desk::open(factory.fresh().await).await?;
    let mut workers = Vec::new();
    for _ in 0..2 {
        let worker = before.ask(Desk::hanging_worker()).await?.detail.worker;
        before.ask(keyed(worker, "open")).await?;
        workers.push(worker);
    }
    before.ask(StopWorker::of(workers[1])).await?;
    let mut store = before.die();
    // The second restart must find nothing left to do.
    for _ in 0..2 {
        let after = Desk::open(factory.reopen(store).await).await?;
        for (worker, wanted) in workers.iter().zip([WorkerState::Idle, WorkerState::Stopped]) {
            let detail = after.ask(GetWorker { worker: *worker }).await?.detail;
            promise(detail.state == wanted, || {
                format!("after a restart it is {:?} instead of {wanted:?}", detail.state)
            })?;
            promise(detail.last_outcome == Some(TurnOutcome::Lost), || {
                format!("its open turn ended as {:?}", detail.last_outcome)
            })?;
            let events = after.events(*worker).await?;
            let lost = events.iter().filter(|it| it.event_type() == EventType::TurnLost).count();
            promise(lost == 1, || format!("the turn was lost {lost} times"))?;
            let sequences = events.iter().map(|it| it.worker_sequence);
            let gap_free = sequences.eq((1..=events.len() as u64).map(Some));
            promise(gap_free, || "the events have a hole".to_owned())?;
        }
        let calls = after.hanging.calls();
        promise(calls == 0, || format!("{calls} turns ran again"))?;
        let replayed = after.ask(keyed(workers[0], "open")).await?.replayed;
        promise(replayed, || "an input whose turn was lost was not recognised".to_owned())?;
        store = after.die();
    }
    Ok(())
}

/// What was deleted stays away; what it consumed stays counted.
pub(super) async fn erasure(factory: &impl Factory) -> Checked {
    let before = Desk::open(factory.fresh().await).await?;
    let created = before.ask(claiming("one")).await?;
    let worker = created.detail.worker;
    if let Some(receipt) = created.receipt {
        before.completes(worker, receipt.turn_id).await?;
    }
    before.ask(CancelWorker::now(worker)).await?;
    before.ask(DeleteWorker::of(worker)).await?;
    let usage = before.ask(GetUsage { scope: Scope::runtime() }).await?.usage;
    promise(usage.turns == 1, || format!("the usage is {usage:?}"))?;

    let after = Desk::open(factory.reopen(before.leave().await?).await).await?;
    same("the usage", &usage, &after.ask(GetUsage { scope: Scope::runtime() }).await?.usage)?;
    let listed = after.ask(ListWorkers::default()).await?.items.len();
    promise(listed == 0, || format!("{listed} Workers came back"))?;
    after
        .refuses(claiming("one"), |error| matches!(error, RuntimeError::WorkerNotFound {}))
        .await?;
    let gone = after.ask(DeleteWorker::of(worker)).await?.already;
    promise(gone, || "a Worker was deleted twice".to_owned())
}

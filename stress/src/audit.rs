//! The audit: everything that a Runtime says must agree with itself and with what it told before.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use worker_runtime::{
    EventsFrom, Runtime, RuntimeError, Scope, TurnId, WorkerId, WorkerRef,
    model::{PageRequest, StateCounts, TurnDetail, Usage, WorkerSummary},
    queries::{
        GetOverview, GetTranscript, GetTurn, GetUsage, GetWorker, ListTurns, ListWorkers,
        ReadEvents, TranscriptFrom, WorkerOrder,
    },
};

use crate::ledger::{Ledger, Open, add, count};

/// Compares lists, totals, turns, transcripts, logs and usage. Nothing may change meanwhile.
pub(crate) async fn audit(runtime: &Runtime, ledger: &Ledger) {
    let listed = workers(runtime, WorkerOrder::Oldest).await;
    let ids = |list: &[WorkerSummary]| -> BTreeSet<WorkerId> {
        list.iter().map(|summary| summary.worker.worker_id).collect()
    };
    assert_eq!(ids(&listed).len(), listed.len(), "a Worker is listed twice");
    for order in [WorkerOrder::Newest, WorkerOrder::Active] {
        assert_eq!(ids(&workers(runtime, order).await), ids(&listed), "{order:?}");
    }
    let (known, leaving, is_blurred, mut usage, mut outcomes) = {
        let content = ledger.lock();
        let leaving = content.open.iter().filter_map(Open::deletes).collect::<BTreeSet<_>>();
        let blurred = content.is_blurred || !content.open.is_empty();
        (content.workers.clone(), leaving, blurred, content.deleted_usage, content.deleted_turns)
    };
    let known_ids: BTreeSet<WorkerId> = known.keys().copied().collect();
    if !is_blurred {
        assert_eq!(ids(&listed), known_ids, "the Workers that there are, and those that must be");
    }
    let mut states = StateCounts::default();
    for summary in &listed {
        let worker = summary.worker;
        bump(&mut states, summary);
        // A Worker whose deletion is uncertain may be gone from the store, though a Runtime that
        // has stopped still lists it.
        if leaving.contains(&worker.worker_id) {
            continue;
        }
        let told = known.get(&worker.worker_id).map(|known| &known.turns);
        let turns = worker_audit(runtime, worker, told).await;
        for outcome in turns.iter().filter_map(|turn| turn.outcome) {
            count(&mut outcomes, outcome);
        }
        add(&mut usage, &summary.usage);
    }
    let overview = sure(async || runtime.handle(GetOverview::new()).await).await;
    assert_eq!(overview.workers, states, "Workers by state");
    if !is_blurred {
        assert_eq!(overview.turns, outcomes, "turns by outcome");
        let total = sure(async || runtime.handle(GetUsage::new(Scope::runtime())).await).await;
        assert_eq!(figures(&total.usage), figures(&usage), "the usage of all Workers");
    }
}

/// Waits for the end of all streams of a Runtime that has stopped. A turn whose end a stream did
/// not tell must not have ended.
pub(crate) async fn streams(runtime: &Runtime, ledger: &Ledger) {
    for (worker, turn_id) in ends_of_streams(ledger).await {
        match sure(async || Ok(runtime.handle(GetTurn::new(worker, turn_id)).await)).await {
            Ok(reply) => assert_eq!(
                reply.turn.outcome, None,
                "{worker:?}: the stream ended before the end of {turn_id:?} was told"
            ),
            Err(RuntimeError::WorkerNotFound {} | RuntimeError::StoreFailed { .. }) => {}
            Err(error) => panic!("a query of the audit was refused: {error}"),
        }
    }
}

/// Waits for the end of all streams, and returns the turns whose ends they did not tell.
pub(crate) async fn ends_of_streams(ledger: &Ledger) -> Vec<(WorkerRef, TurnId)> {
    let readers = std::mem::take(&mut ledger.lock().readers);
    for reader in readers {
        reader.await.expect("a reader");
    }
    std::mem::take(&mut ledger.lock().without_end)
}

/// Audits one Worker, and returns its turns.
async fn worker_audit(
    runtime: &Runtime,
    worker: WorkerRef,
    told: Option<&BTreeSet<TurnId>>,
) -> Vec<Arc<TurnDetail>> {
    let detail = sure(async || runtime.handle(GetWorker { worker }).await).await.detail;
    let turns = sure(async || turns(runtime, worker).await).await;
    let ids: BTreeSet<TurnId> = turns.iter().map(|turn| turn.turn_id).collect();
    assert_eq!(ids.len(), turns.len(), "{worker:?}: a turn is listed twice");
    if let Some(told) = told {
        assert!(ids.is_superset(told), "{worker:?}: an accepted turn is missing");
    }
    let mut usage = Usage::default();
    for turn in &turns {
        add(&mut usage, &turn.usage);
    }
    assert_eq!(figures(&detail.usage), figures(&usage), "{worker:?}: usage of its turns");
    let entries = entries(runtime, worker).await;
    assert_eq!(entries, detail.entries, "{worker:?}: entries");
    events_audit(runtime, worker, detail.worker_sequence, &turns).await;
    turns
}

/// Checks that a Worker's log has no hole, and that each turn that ended has one terminal event.
async fn events_audit(runtime: &Runtime, worker: WorkerRef, last: u64, turns: &[Arc<TurnDetail>]) {
    let mut ends: BTreeMap<TurnId, u32> = BTreeMap::new();
    let mut sequence = 0;
    let mut from = EventsFrom::oldest();
    loop {
        let page = sure(async || {
            runtime.handle(ReadEvents::new(Scope::worker(worker)).starting_at(from.clone())).await
        })
        .await;
        for event in &page.items {
            sequence += 1;
            assert_eq!(event.worker_sequence, Some(sequence), "{worker:?}: a hole in the log");
            if let (true, Some(turn_id)) = (event.event_type().ends_turn(), event.turn_id) {
                *ends.entry(turn_id).or_default() += 1;
            }
        }
        if !page.more {
            break;
        }
        from = EventsFrom::after(page.next);
    }
    assert_eq!(sequence, last, "{worker:?}: the last event");
    for turn in turns {
        let expected = u32::from(turn.outcome.is_some());
        let found = ends.get(&turn.turn_id).copied().unwrap_or_default();
        assert_eq!(found, expected, "{worker:?}: terminal events of {turn:?}");
    }
}

async fn workers(runtime: &Runtime, order: WorkerOrder) -> Vec<WorkerSummary> {
    let mut all = Vec::new();
    let mut page = PageRequest::default();
    loop {
        let list = ListWorkers::new().order(order).page(page.clone());
        let reply = sure(async || runtime.handle(list.clone()).await).await;
        all.extend(reply.items);
        match reply.next {
            Some(token) => page.token = Some(token),
            None => return all,
        }
    }
}

/// Returns all turns of a Worker, oldest first.
pub(crate) async fn turns(
    runtime: &Runtime,
    worker: WorkerRef,
) -> Result<Vec<Arc<TurnDetail>>, RuntimeError> {
    let mut all = Vec::new();
    let mut page = PageRequest::default();
    loop {
        let reply = runtime.handle(ListTurns::new(worker).page(page.clone())).await?;
        all.extend(reply.items);
        match reply.next {
            Some(token) => page.token = Some(token),
            None => return Ok(all),
        }
    }
}

/// Counts the entries of a transcript, which must have no hole.
async fn entries(runtime: &Runtime, worker: WorkerRef) -> u64 {
    let mut last = 0;
    loop {
        let query = GetTranscript::new(worker).starting_at(TranscriptFrom::after(last));
        let page = sure(async || runtime.handle(query.clone()).await).await;
        for entry in &page.entries {
            assert_eq!(entry.sequence, last + 1, "{worker:?}: a hole in the transcript");
            last = entry.sequence;
        }
        if page.entries.is_empty() {
            return last;
        }
    }
}

/// Repeats a query while the store does not answer it.
async fn sure<T>(ask: impl AsyncFn() -> Result<T, RuntimeError>) -> T {
    for _ in 0..1000 {
        match ask().await {
            Ok(reply) => return reply,
            Err(RuntimeError::StoreFailed { .. }) => {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Err(error) => panic!("a query of the audit was refused: {error}"),
        }
    }
    panic!("the store did not answer a thousand times");
}

/// The figures of a usage, without the mark that some were not told.
fn figures(usage: &Usage) -> [u64; 6] {
    [
        usage.turns,
        usage.input_tokens,
        usage.cached_input_tokens,
        usage.output_tokens,
        usage.reasoning_tokens,
        usage.duration_ms,
    ]
}

fn bump(states: &mut StateCounts, summary: &WorkerSummary) {
    use worker_runtime::model::WorkerState;
    match summary.state {
        WorkerState::Idle => states.idle += 1,
        WorkerState::Running => states.running += 1,
        WorkerState::Stopping => states.stopping += 1,
        WorkerState::Stopped => states.stopped += 1,
        WorkerState::Cancelled => states.cancelled += 1,
    }
}

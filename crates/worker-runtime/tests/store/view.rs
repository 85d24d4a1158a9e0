//! A view of everything that a Runtime shows of its Workers.

use std::sync::Arc;

use worker_runtime::{
    Epoch, Runtime, RuntimeEvent, Scope, WorkerRef,
    model::{
        AllocationSummary, OutcomeCounts, StateCounts, TranscriptEntry, TurnDetail, Usage,
        WorkerDetail,
    },
    queries::{
        GetOverview, GetRuntime, GetTranscript, GetWorker, ListTurns, ListWorkers, ReadEvents,
        TranscriptFrom,
    },
};

/// Everything that a Runtime shows, without the epoch, which differs between two Runtimes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    pub(crate) workers: Vec<WorkerView>,
    pub(crate) states: StateCounts,
    pub(crate) outcomes: OutcomeCounts,
    pub(crate) usage: Usage,
    allocation: AllocationSummary,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WorkerView {
    pub(crate) detail: WorkerDetail,
    pub(crate) transcript: Vec<Arc<TranscriptEntry>>,
    pub(crate) turns: Vec<TurnDetail>,
    pub(crate) events: Vec<RuntimeEvent>,
}

pub(crate) async fn view(runtime: &Runtime) -> View {
    let overview = runtime.handle(GetOverview::default()).await.unwrap();
    let mut workers = Vec::new();
    for item in runtime.handle(ListWorkers::default()).await.unwrap().items {
        workers.push(worker_view(runtime, item.worker).await);
    }
    View {
        workers,
        states: overview.workers,
        outcomes: overview.turns,
        usage: overview.usage,
        allocation: runtime.handle(GetRuntime {}).await.unwrap().allocation,
    }
}

pub(crate) async fn worker_view(runtime: &Runtime, worker: WorkerRef) -> WorkerView {
    let detail = runtime.handle(GetWorker { worker }).await.unwrap().detail;
    let mut detail = WorkerDetail::clone(&detail);
    detail.last_turn = detail.last_turn.map(|turn| Arc::new(lasting(&turn)));
    let from = Some(TranscriptFrom::start());
    let get = GetTranscript { from, ..GetTranscript::new(worker) };
    let turns = runtime.handle(ListTurns { worker, outcomes: None, page: None }).await.unwrap();
    let events = runtime.handle(ReadEvents::new(Scope::worker(worker))).await.unwrap();
    WorkerView {
        detail,
        transcript: runtime.handle(get).await.unwrap().entries,
        turns: turns.items.iter().map(|turn| lasting(turn)).collect(),
        events: events
            .items
            .into_iter()
            .map(|mut event| {
                event.epoch = Epoch::NIL;
                event
            })
            .collect(),
    }
}

/// A turn without the counter that is kept in memory only.
fn lasting(turn: &TurnDetail) -> TurnDetail {
    let mut turn = turn.clone();
    turn.late_dropped = 0;
    turn
}

impl View {
    /// The part of the view that is the same in two runs of a script: no ids and no times.
    pub(crate) fn outline(&self) -> Vec<Outline> {
        self.workers.iter().map(WorkerView::outline).collect()
    }
}

/// A Worker without ids and times.
#[derive(Debug, PartialEq)]
pub(crate) struct Outline {
    state: String,
    texts: Vec<String>,
    outcomes: Vec<String>,
    pub(crate) events: Vec<&'static str>,
}

impl WorkerView {
    fn outline(&self) -> Outline {
        Outline {
            state: format!("{} {:?}", self.detail.display_name, self.detail.state),
            texts: self.transcript.iter().map(|entry| entry.text.to_string()).collect(),
            outcomes: self.turns.iter().map(|turn| format!("{:?}", turn.outcome)).collect(),
            events: self.events.iter().map(|event| event.event_type().as_str()).collect(),
        }
    }

    /// Checks rules that hold for every Worker without a running turn.
    pub(crate) fn check(&self) {
        let sequences: Vec<Option<u64>> =
            self.events.iter().map(|event| event.worker_sequence).collect();
        let gap_free: Vec<Option<u64>> = (1..=self.events.len() as u64).map(Some).collect();
        assert_eq!(sequences, gap_free, "the events have a gap");
        for turn in &self.turns {
            assert!(turn.outcome.is_some(), "a turn does not end");
            let ends = self.events.iter().filter(|event| {
                event.turn_id == Some(turn.turn_id)
                    && event.event_type().as_str().starts_with("turn_")
                    && !matches!(event.event_type().as_str(), "turn_started" | "turn_retrying")
            });
            assert_eq!(ends.count(), 1, "a turn has exactly one end");
        }
    }
}

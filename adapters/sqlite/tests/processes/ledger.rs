//! Everything that was acknowledged, to be held against what is there.

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::time::{Instant, sleep};
use worker_runtime::{
    BuildError, Runtime, Scope, TurnId, WorkerRef,
    event::{EventType, EventsFrom},
    model::{InputReceipt, PageRequest, TurnDetail, TurnOutcome},
    queries::{GetOverview, GetTurn, ListTurns, ListWorkers, ReadEvents},
};
use yoi_sqlite::SqliteStore;

use crate::child::PATIENCE;

/// An input that was acknowledged.
struct Said {
    receipt: InputReceipt,
    text: String,
    /// The turn and its answer, if its end was told.
    ended: Option<(TurnDetail, Option<String>)>,
}

/// Everything that was acknowledged.
#[derive(Default)]
pub(crate) struct Ledger {
    said: HashMap<TurnId, Said>,
    /// What was said since the last look.
    recent: Vec<TurnId>,
}

impl Ledger {
    /// Takes in what a process said.
    pub(crate) fn note(&mut self, lines: impl IntoIterator<Item = Value>) {
        for line in lines {
            if line["type"] == "receipt" {
                let receipt: InputReceipt =
                    serde_json::from_value(line["receipt"].clone()).unwrap();
                let text = line["text"].as_str().unwrap().to_owned();
                self.recent.push(receipt.turn_id);
                self.said.insert(receipt.turn_id, Said { receipt, text, ended: None });
            } else if line["type"] == "ended" {
                let turn: TurnDetail = serde_json::from_value(line["turn"].clone()).unwrap();
                let answer = line["answer"].as_str().map(ToOwned::to_owned);
                let said = self.said.get_mut(&turn.turn_id).unwrap();
                said.ended = Some((turn, answer));
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.said.len()
    }

    /// Sees to it that everything said since the last look is there, and every turn is over, once.
    pub(crate) async fn check_recent(&mut self, runtime: &Runtime) {
        let recent = std::mem::take(&mut self.recent);
        for turn_id in &recent {
            self.said[turn_id].check(runtime).await;
        }
        for item in runtime.handle(ListWorkers::default()).await.unwrap().items {
            let ends = ends(runtime, item.worker).await;
            for turn_id in recent.iter().filter(|it| self.said[it].receipt.worker == item.worker) {
                assert_eq!(ends.get(turn_id), Some(&1), "a turn has not exactly one end");
            }
        }
    }

    /// Sees to it that everything that was ever said is there; gives how many turns were lost.
    pub(crate) async fn check_all(&self, runtime: &Runtime) -> u64 {
        for said in self.said.values() {
            said.check(runtime).await;
        }
        self.check_totals(runtime).await
    }

    /// Gives how many turns were lost so far.
    pub(crate) async fn lost(&self, runtime: &Runtime) -> u64 {
        runtime.handle(GetOverview::default()).await.unwrap().turns.lost
    }

    /// Sees to it that every turn is counted once; gives how many were lost.
    async fn check_totals(&self, runtime: &Runtime) -> u64 {
        let overview = runtime.handle(GetOverview::default()).await.unwrap();
        let mut turns = Vec::new();
        for item in runtime.handle(ListWorkers::default()).await.unwrap().items {
            turns.extend(all_turns(runtime, item.worker).await);
        }
        let ended = overview.turns;
        let counted = ended.completed + ended.failed + ended.cancelled + ended.lost;
        assert_eq!(turns.len() as u64, counted, "the totals do not count every turn once");
        assert_eq!(overview.usage.turns, counted);
        assert_eq!(ended.failed + ended.cancelled, 0, "{ended:?}");
        ended.lost
    }
}

impl Said {
    async fn check(&self, runtime: &Runtime) {
        let InputReceipt { worker, turn_id, entry_sequence, .. } = self.receipt;
        let found = runtime.handle(GetTurn::new(worker, turn_id)).await;
        let found = found.expect("an acknowledged turn is there");
        let input = found.input.unwrap();
        assert_eq!((Some(input.sequence), &*input.text), (entry_sequence, self.text.as_str()));
        if let Some((turn, answer)) = &self.ended {
            assert_eq!(*found.turn, *turn);
            assert_eq!(found.answer.map(|it| it.text.to_string()), *answer);
        } else {
            let outcome = found.turn.outcome;
            let over = matches!(outcome, Some(TurnOutcome::Completed | TurnOutcome::Lost));
            assert!(over, "a turn that was open is {outcome:?}");
        }
    }
}

/// A Runtime on the file, as soon as its last owner is gone.
pub(crate) async fn restored(file: &Path) -> Runtime {
    let store = Arc::new(SqliteStore::open(file).unwrap());
    let given_up = Instant::now() + PATIENCE;
    loop {
        match Runtime::builder().store(Arc::clone(&store) as _).build().await {
            Ok(runtime) => return runtime,
            Err(BuildError::StoreOwned { remaining }) if Instant::now() < given_up => {
                sleep(remaining.min(Duration::from_millis(50))).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// How often each turn ended, as far as its events are kept. They must be without a hole.
async fn ends(runtime: &Runtime, worker: WorkerRef) -> HashMap<TurnId, u64> {
    let mut ends = HashMap::new();
    let mut read = ReadEvents::new(Scope::worker(worker));
    let mut last = None;
    loop {
        let page = runtime.handle(read.clone()).await.unwrap();
        for event in &page.items {
            let sequence = event.worker_sequence.unwrap();
            assert!(last.is_none_or(|last| last + 1 == sequence), "the events have a hole");
            last = Some(sequence);
            let is_end = matches!(
                event.event_type(),
                EventType::TurnCompleted
                    | EventType::TurnFailed
                    | EventType::TurnCancelled
                    | EventType::TurnLost
            );
            if let (true, Some(turn_id)) = (is_end, event.turn_id) {
                *ends.entry(turn_id).or_default() += 1;
            }
        }
        if !page.more {
            return ends;
        }
        read.from = Some(EventsFrom::after(page.next));
    }
}

async fn all_turns(runtime: &Runtime, worker: WorkerRef) -> Vec<Arc<TurnDetail>> {
    let mut turns = Vec::new();
    let mut token = None;
    loop {
        let page = Some(PageRequest { limit: Some(1000), token });
        let found = runtime.handle(ListTurns { worker, outcomes: None, page }).await.unwrap();
        turns.extend(found.items);
        token = found.next;
        if token.is_none() {
            return turns;
        }
    }
}

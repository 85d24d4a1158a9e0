//! What a Runtime asks of its store, and what it tells the store with each batch.

use std::{
    mem,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::sleep;
use worker_runtime::{
    BuildError, Runtime, WorkerId,
    commands::{CreateWorker, SendInput, UpdateWorker},
    model::TurnSelector,
    queries::{GetTurn, ListTurns},
    store::{
        Batch, FORMAT, FoundTurn, MemoryStore, OpenError, OpenRequest, Opened, Store, StoreFuture,
        StoreWrapper, StoredEntry, StoredTurn, TurnLookup,
    },
};

use crate::wrapper::Answer;

const LONG: Duration = Duration::from_mins(1);

/// Notes the reads of entries and turns, and the batches.
#[derive(Default)]
struct Noting {
    inner: MemoryStore,
    reads: Mutex<Vec<&'static str>>,
    batches: Mutex<Vec<Batch>>,
    /// What is added to the version of the stored form that a Runtime says it writes.
    later: u32,
}

impl Noting {
    fn reads(&self) -> Vec<&'static str> {
        mem::take(&mut self.reads.lock().unwrap())
    }
}

impl StoreWrapper for Noting {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        self.inner.open(OpenRequest { format: request.format + self.later, ..request })
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        self.batches.lock().unwrap().push(batch.clone());
        self.inner.commit(batch)
    }

    fn entries(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredEntry>>> {
        self.reads.lock().unwrap().push("entries");
        self.inner.entries(id, first, limit)
    }

    fn turns(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredTurn>>> {
        self.reads.lock().unwrap().push("turns");
        self.inner.turns(id, first, limit)
    }

    fn turn(&self, id: WorkerId, selector: TurnLookup) -> Answer<Option<FoundTurn>> {
        self.reads.lock().unwrap().push("turn");
        self.inner.turn(id, selector)
    }
}

async fn on(store: &Arc<Noting>) -> Runtime {
    Runtime::builder().store(Arc::clone(store) as _).build().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_turn_does_not_read_what_its_process_has_read_or_written() {
    let store = Arc::new(Noting::default());
    let runtime = on(&store).await;
    let worker = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
    let turn = async |runtime: &Runtime| {
        let sent = runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
        runtime.wait_idle(worker, LONG).await.unwrap();
        sent.receipt.turn_id
    };
    for _ in 0..50 {
        turn(&runtime).await;
    }
    assert!(store.reads().is_empty());
    drop(runtime);
    sleep(LONG).await;
    let runtime = on(&store).await;
    turn(&runtime).await;
    assert_eq!(store.reads(), ["entries"], "the page of the history, once");
    for _ in 0..10 {
        turn(&runtime).await;
    }
    assert!(store.reads().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_found_with_one_read() {
    let store = Arc::new(Noting::default());
    let runtime = on(&store).await;
    let worker = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
    for key in ["a", "b", "c"] {
        let input = SendInput::new(worker, "hello").idempotency_key(key);
        runtime.handle(input).await.unwrap();
        runtime.wait_idle(worker, LONG).await.unwrap();
    }
    let turns = runtime.handle(ListTurns::new(worker)).await.unwrap().items;
    store.reads();
    let of_keys = ["a", "c"].map(TurnSelector::key);
    let of_ids = [&turns[0], &turns[2]].map(|turn| TurnSelector::from(turn.turn_id));
    for selector in of_ids.into_iter().chain(of_keys).chain([TurnSelector::latest()]) {
        for get in
            [GetTurn::new(worker, selector.clone()), GetTurn::new(worker, selector).wait(LONG)]
        {
            let found = runtime.handle(get).await.unwrap();
            assert!(found.input.is_some() && found.answer.is_some());
            assert_eq!(store.reads(), ["turn"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_says_whether_the_spec_changed_and_which_turns() {
    let store = Arc::new(Noting::default());
    let runtime = on(&store).await;
    let create = CreateWorker::new().instructions("Be brief.");
    let worker = runtime.handle(create).await.unwrap().detail.worker;
    runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
    runtime.wait_idle(worker, LONG).await.unwrap();
    runtime.handle(UpdateWorker::new(worker).display_name("ann")).await.unwrap();
    runtime.handle(UpdateWorker::new(worker).instructions("Be long.")).await.unwrap();
    let batches = store.batches.lock().unwrap();
    let said = batches.iter().map(|batch| {
        let turns = batch.turns.iter().map(|(ordinal, _)| *ordinal).collect::<Vec<_>>();
        (batch.spec_changed, turns)
    });
    let expected =
        [(true, vec![]), (false, vec![1]), (false, vec![1]), (false, vec![]), (true, vec![])];
    assert_eq!(said.collect::<Vec<_>>(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_store_of_a_later_version_is_a_build_error_and_stays_as_it_is() {
    let later = Arc::new(Noting { later: 1, ..Noting::default() });
    let runtime = on(&later).await;
    runtime.handle(CreateWorker::new()).await.unwrap();
    drop(runtime);
    sleep(LONG).await;
    let Ok(later) = Arc::try_unwrap(later) else { panic!("the Runtime keeps its store") };
    let now = Arc::new(Noting { later: 0, ..later });
    let built = Runtime::builder().store(Arc::clone(&now) as _).build().await;
    let Err(error) = built else { panic!("it was opened") };
    assert_eq!(error, BuildError::NewerFormat { format: FORMAT + 1 });
    assert!(error.to_string().contains("a later one"), "{error}");
    assert_eq!(now.batches.lock().unwrap().len(), 1);
}

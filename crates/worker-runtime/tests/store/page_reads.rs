//! A page asks the store for little more than it shows.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use llm_engine::{Script, ScriptedProvider};
use worker_runtime::{
    Profile, Runtime, Scope, WorkerId, WorkerRef,
    commands::{CreateWorker, SendInput},
    event::EventFilter,
    model::{EventType, Input, PageRequest, SeedEntry, TurnOutcome},
    queries::{GetTranscript, ListTurns, ReadEvents, TranscriptFrom},
    store::{EventPage, MemoryStore, Store, StoreWrapper, StoredEntry, StoredTurn},
};

use crate::wrapper::Answer;

/// Notes the limit of each read.
#[derive(Default)]
struct Noting {
    inner: MemoryStore,
    entries: Mutex<Vec<usize>>,
    turns: Mutex<Vec<usize>>,
    events: Mutex<Vec<usize>>,
}

impl StoreWrapper for Noting {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    fn entries(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredEntry>>> {
        self.entries.lock().unwrap().push(limit);
        self.inner.entries(id, first, limit)
    }

    fn turns(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredTurn>>> {
        self.turns.lock().unwrap().push(limit);
        self.inner.turns(id, first, limit)
    }

    fn events(&self, id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
        self.events.lock().unwrap().push(limit);
        self.inner.events(id, after, limit)
    }
}

impl Noting {
    /// Returns the limits of the reads of entries, turns and events since the last call.
    fn taken(&self) -> [Vec<usize>; 3] {
        [&self.entries, &self.turns, &self.events]
            .map(|it| std::mem::take(&mut *it.lock().unwrap()))
    }
}

async fn runtime() -> (Arc<Noting>, Runtime) {
    let store = Arc::new(Noting::default());
    let script = || Script::new().text("x".repeat(1 << 20)).finish();
    let provider = (0..300).fold(ScriptedProvider::new(), |it, _| it.script(script()));
    let runtime = Runtime::builder()
        .profile(Profile::new("scripted", Arc::new(provider)))
        .store(Arc::clone(&store) as Arc<dyn Store>)
        .build()
        .await
        .unwrap();
    (store, runtime)
}

/// A Worker with 1,000 entries of this many bytes.
async fn seeded(runtime: &Runtime, bytes: usize) -> WorkerRef {
    let text: Arc<str> = "x".repeat(bytes).into();
    let entry =
        |_| SeedEntry { role: llm_engine::Role::User, text: Arc::clone(&text), at_ms: None };
    let create = CreateWorker::new().history((0..1000).map(entry).collect::<Vec<_>>());
    runtime.handle(create).await.unwrap().detail.worker
}

#[tokio::test(start_paused = true)]
async fn a_transcript_asks_for_what_a_page_takes() {
    let (store, runtime) = runtime().await;
    let (large, small) = (seeded(&runtime, 200 << 10).await, seeded(&runtime, 100).await);
    for (from, first) in [(TranscriptFrom::start(), 1), (TranscriptFrom::tail(), 996)] {
        let get = |worker| GetTranscript::new(worker).starting_at(from).limit(1000_u64);
        store.taken();
        let page = runtime.handle(get(large)).await.unwrap();
        assert_eq!((page.first, page.entries.len()), (Some(first), 5), "5 times 200 KiB fit");
        assert_eq!(store.taken()[0], [16]);
        let page = runtime.handle(get(small)).await.unwrap();
        let sequences: Vec<_> = page.entries.iter().map(|entry| entry.sequence).collect();
        assert_eq!(sequences, (1..=1000).collect::<Vec<_>>());
        assert_eq!(store.taken()[0], [16, 128, 256, 256, 256, 88]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_events_asks_for_what_it_takes() {
    let (store, runtime) = runtime().await;
    let worker = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
    for _ in 0..40 {
        runtime.handle(SendInput::new(worker, Input::user("hi"))).await.unwrap();
        runtime.wait_idle(worker, Duration::from_secs(5)).await.unwrap();
    }
    store.taken();
    let read = ReadEvents::new(Scope::worker(worker)).limit(1000_u64);
    let page = runtime.handle(read.clone()).await.unwrap();
    assert!(page.more && page.items.len() < 16);
    let [entries, turns, events] = store.taken();
    assert!(entries.iter().chain(&turns).all(|count| *count <= 16), "{entries:?} {turns:?}");
    assert_eq!(events, [1, 16]);
    // Of the events that are read here none is shown, so that no page is full.
    let types = Some(vec![EventType::WorkerDeleted]);
    let none = read.filter(EventFilter { types, labels: None, tenant: None });
    assert!(runtime.handle(none).await.unwrap().items.is_empty());
    let [_, _, events] = store.taken();
    assert!(events.iter().all(|count| *count <= 16), "{events:?}");
    let few = runtime.handle(ReadEvents::new(Scope::worker(worker)).limit(2_u64)).await.unwrap();
    assert_eq!((few.items.len(), store.taken()[2].clone()), (2, vec![1, 2]));
}

#[tokio::test(start_paused = true)]
async fn turns_of_an_outcome_that_none_has_are_looked_for_in_few_reads() {
    let (store, runtime) = runtime().await;
    let worker = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
    for _ in 0..300 {
        runtime.handle(SendInput::new(worker, Input::user("hi"))).await.unwrap();
        runtime.wait_idle(worker, Duration::from_secs(5)).await.unwrap();
    }
    store.taken();
    let list = |limit| ListTurns::new(worker).page(PageRequest { limit: Some(limit), token: None });
    let page = runtime.handle(list(1).outcomes(vec![TurnOutcome::Failed])).await.unwrap();
    assert_eq!((page.items.len(), page.next), (0, None));
    assert_eq!(store.taken()[1], [128, 128, 44]);
    let page = runtime.handle(list(1).outcomes(vec![TurnOutcome::Completed])).await.unwrap();
    assert_eq!((page.items.len(), page.next.is_some()), (1, true));
    assert_eq!(store.taken()[1], [128]);
    runtime.handle(list(1)).await.unwrap();
    assert_eq!(store.taken()[1], [1]);
    assert_eq!(runtime.handle(list(300)).await.unwrap().items.len(), 300);
    assert_eq!(store.taken()[1], [256, 44]);
}

//! A store that keeps its contract, but answers late, is not complained about.

use std::{sync::Arc, time::Duration};

use llm_engine::EchoProvider;
use tokio::task::{JoinSet, yield_now};
use worker_runtime::{
    EventsFrom, Limits, Profile, Request, Runtime, RuntimeError, Scope, Subscribe, WorkerId,
    WorkerRef,
    commands::{CreateWorker, DeleteWorker, SendInput, StopWorker, UpdateWorker},
    queries::{GetTranscript, GetTurn, ListTurns, ReadEvents},
    store::{
        Batch, EventPage, FoundTurn, MemoryStore, Store, StoreFuture, StoreWrapper, StoredEntry,
        StoredTurn, TurnLookup,
    },
};

use super::lying_store::told;
use crate::wrapper::Answer;

/// Commits at once and says so late, and reads late or says late what it has read.
#[derive(Default)]
struct Late(Arc<MemoryStore>);

fn late<T: Send + Unpin + 'static>(
    store: &Arc<MemoryStore>,
    read: impl FnOnce(&MemoryStore) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let store = Arc::clone(store);
    StoreFuture::pending(async move {
        yield_now().await;
        let answer = read(&store).await;
        yield_now().await;
        answer
    })
}

impl StoreWrapper for Late {
    fn inner(&self) -> &dyn Store {
        &*self.0
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let answer = self.0.commit(batch);
        StoreFuture::pending(async move {
            yield_now().await;
            yield_now().await;
            answer.await
        })
    }

    fn entries(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredEntry>>> {
        late(&self.0, move |store| store.entries(id, first, limit))
    }

    fn turns(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredTurn>>> {
        late(&self.0, move |store| store.turns(id, first, limit))
    }

    fn turn(&self, id: WorkerId, selector: TurnLookup) -> Answer<Option<FoundTurn>> {
        late(&self.0, move |store| store.turn(id, selector))
    }

    fn events(&self, id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
        late(&self.0, move |store| store.events(id, after, limit))
    }
}

/// Asks until the Worker is gone. No answer may say that the store failed.
async fn ask_until_gone<R: Request<Kind> + Clone, Kind>(runtime: Runtime, request: R) {
    loop {
        match runtime.handle(request.clone()).await {
            Ok(_) | Err(RuntimeError::CursorExpired { .. } | RuntimeError::TurnNotFound {}) => {}
            Err(RuntimeError::WorkerNotFound {}) => return,
            Err(error) => panic!("{}: {error}", request.name()),
        }
        yield_now().await;
    }
}

async fn read_streams(runtime: Runtime, worker: WorkerRef) {
    let subscribe = Subscribe::new(Scope::worker(worker)).starting_at(EventsFrom::oldest());
    loop {
        match runtime.subscribe(subscribe.clone()).await {
            Ok(mut stream) => {
                for _ in 0..20 {
                    if stream.next().await.is_none() {
                        return;
                    }
                }
            }
            Err(RuntimeError::WorkerNotFound {}) => return,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn live(runtime: &Runtime, readers: &mut JoinSet<()>) {
    let created = runtime.handle(CreateWorker::default()).await.unwrap();
    let worker = created.detail.worker;
    for _ in 0..2 {
        readers.spawn(read_streams(runtime.clone(), worker));
        readers.spawn(ask_until_gone(runtime.clone(), ReadEvents::new(Scope::worker(worker))));
        readers.spawn(ask_until_gone(runtime.clone(), GetTranscript::new(worker)));
        readers.spawn(ask_until_gone(runtime.clone(), ListTurns::new(worker)));
    }
    for number in 0..20 {
        let turn = runtime.handle(SendInput::new(worker, "hi")).await.unwrap().receipt;
        if number == 3 {
            let get = GetTurn::new(worker, turn.turn_id);
            readers.spawn(ask_until_gone(runtime.clone(), get));
        }
        let name = Some(format!("name {number}"));
        runtime
            .handle(UpdateWorker { display_name: name, ..UpdateWorker::new(worker) })
            .await
            .unwrap();
        runtime.wait_turn(turn, Duration::from_secs(10)).await.unwrap();
    }
    runtime.handle(StopWorker::new(worker)).await.unwrap();
    runtime.handle(DeleteWorker::new(worker)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_that_is_late_and_keeps_its_contract_is_believed() {
    for events_per_worker in [8, 1024] {
        let mut limits = Limits::default();
        limits.events_per_worker = events_per_worker;
        let runtime = Runtime::builder()
            .profile(Profile::new("echo", Arc::new(EchoProvider::new())))
            .limits(limits)
            .store(Arc::new(Late::default()))
            .build()
            .await
            .unwrap();
        let mut readers = JoinSet::new();
        for _ in 0..6 {
            live(&runtime, &mut readers).await;
        }
        while let Some(ended) = readers.join_next().await {
            ended.unwrap();
        }
        assert_eq!(told(&runtime).await, Vec::<String>::new());
    }
}

//! A store in memory whose answers a test changes, and what the tests with it share.

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use llm_engine::{Script, ScriptedProvider};
use worker_runtime::{
    Profile, Request, Runtime, RuntimeError, WorkerId, WorkerRef,
    commands::{CreateWorker, SendInput},
    model::TurnDetail,
    queries::{GetTurn, ListDiagnostics},
    store::{
        Batch, CreateKey, EventPage, FoundTurn, MemoryStore, OpenError, OpenRequest, Opened, Store,
        StoreError, StoreFuture, StoreWrapper, StoredEntry, StoredTurn, TurnLookup,
    },
};

use crate::Listed;
use crate::wrapper::{Answer, immediate};

/// Changes an answer to a call with these arguments; nothing until a test sets it.
pub(crate) struct Lie<A, T>(Mutex<Option<Change<A, T>>>);

type Change<A, T> = Box<dyn FnMut(A, T) -> Result<T, StoreError> + Send>;

impl<A, T> Default for Lie<A, T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<A, T> Lie<A, T> {
    pub(crate) fn set(&self, lie: impl FnMut(A, T) -> Result<T, StoreError> + Send + 'static) {
        *self.0.lock().unwrap() = Some(Box::new(lie));
    }

    fn tell(&self, arguments: A, truth: T) -> Result<T, StoreError> {
        match &mut *self.0.lock().unwrap() {
            Some(lie) => lie(arguments, truth),
            None => Ok(truth),
        }
    }
}

/// The place and the limit of a page.
pub(crate) type Page = (u64, usize);

#[derive(Default)]
pub(crate) struct LyingStore {
    pub(crate) inner: Arc<MemoryStore>,
    pub(crate) opened: Lie<(), Opened>,
    pub(crate) workers: Lie<Page, Listed>,
    pub(crate) create_keys: Lie<(), Vec<CreateKey>>,
    pub(crate) entries: Lie<Page, Vec<Arc<StoredEntry>>>,
    pub(crate) turns: Lie<Page, Vec<Arc<StoredTurn>>>,
    pub(crate) turn: Lie<(), Option<FoundTurn>>,
    pub(crate) events: Lie<Page, EventPage>,
    /// Whether each commit is applied and its answer was taken before.
    pub(crate) commits_are_taken: Mutex<bool>,
    /// Whether each answer with entries was taken before.
    pub(crate) entries_are_taken: Mutex<bool>,
}

/// Returns an answer that was polled before.
fn taken<T: Unpin>(mut answer: StoreFuture<T>) -> StoreFuture<T> {
    use futures_util::FutureExt;
    assert!((&mut answer).now_or_never().is_some());
    answer
}

impl StoreWrapper for LyingStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        let opened = immediate(self.inner.open(request));
        StoreFuture::ready(opened.map(|opened| self.opened.tell((), opened).unwrap()))
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let answer = self.inner.commit(batch);
        if *self.commits_are_taken.lock().unwrap() { taken(answer) } else { answer }
    }

    fn workers(&self, after: u64, limit: usize) -> Answer<Listed> {
        let truth = immediate(self.inner.workers(after, limit)).unwrap();
        StoreFuture::ready(self.workers.tell((after, limit), truth))
    }

    fn create_keys(&self) -> Answer<Vec<CreateKey>> {
        let truth = immediate(self.inner.create_keys()).unwrap();
        StoreFuture::ready(self.create_keys.tell((), truth))
    }

    fn entries(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredEntry>>> {
        let truth = immediate(self.inner.entries(id, first, limit)).unwrap();
        let answer = StoreFuture::ready(self.entries.tell((first, limit), truth));
        if *self.entries_are_taken.lock().unwrap() { taken(answer) } else { answer }
    }

    fn turns(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredTurn>>> {
        let truth = immediate(self.inner.turns(id, first, limit)).unwrap();
        StoreFuture::ready(self.turns.tell((first, limit), truth))
    }

    fn turn(&self, id: WorkerId, selector: TurnLookup) -> Answer<Option<FoundTurn>> {
        let truth = immediate(self.inner.turn(id, selector)).unwrap();
        StoreFuture::ready(self.turn.tell((), truth))
    }

    fn events(&self, id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
        let truth = immediate(self.inner.events(id, after, limit)).unwrap();
        StoreFuture::ready(self.events.tell((after, limit), truth))
    }
}

pub(crate) type Lying = Arc<LyingStore>;

pub(crate) fn store() -> Lying {
    Arc::new(LyingStore::default())
}

/// A Runtime on the store, whose turns answer with one word.
pub(crate) async fn runtime_on(store: &Lying) -> Runtime {
    runtime_with(store, &provider()).await
}

pub(crate) fn provider() -> ScriptedProvider {
    (0..40).fold(ScriptedProvider::new(), |it, _| it.script(Script::new().text("word").finish()))
}

pub(crate) async fn runtime_with(store: &Lying, provider: &ScriptedProvider) -> Runtime {
    Runtime::builder()
        .profile(Profile::new("scripted", Arc::new(provider.clone())))
        .store(Arc::clone(store) as Arc<dyn Store>)
        .build()
        .await
        .unwrap()
}

/// A Runtime on a store with one Worker, which has had this many turns.
pub(crate) async fn after_turns(turns: usize) -> (Lying, Runtime, WorkerRef) {
    let store = store();
    let runtime = runtime_on(&store).await;
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    for _ in 0..turns {
        converse(&runtime, worker).await;
    }
    (store, runtime, worker)
}

/// Has a turn, and returns it.
pub(crate) async fn converse(runtime: &Runtime, worker: WorkerRef) -> Arc<TurnDetail> {
    let sent = runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
    let get = GetTurn { wait_ms: Some(30_000), ..GetTurn::new(worker, sent.receipt.turn_id) };
    let ended = runtime.handle(get).await.map(|reply| reply.turn);
    // The query may fail because the store errs, and the turn is over by then.
    match ended {
        Ok(turn) => turn,
        Err(error) => panic!("{error}"),
    }
}

/// Starts another Runtime on the store, which restores what the store holds.
pub(crate) async fn restart(store: &Lying, runtime: Runtime) -> Runtime {
    drop(runtime);
    tokio::time::sleep(Duration::from_mins(1)).await;
    runtime_on(store).await
}

/// The messages of all diagnostics, oldest first.
pub(crate) async fn told(runtime: &Runtime) -> Vec<String> {
    let items = runtime.handle(ListDiagnostics::default()).await.unwrap().items;
    items.iter().rev().map(|it| it.message.clone()).collect()
}

/// Sends a query twice, which must fail with `store_failed` both times, and expects one diagnostic.
pub(crate) async fn fails<R: Request<Kind> + Clone, Kind>(runtime: &Runtime, query: R, why: &str)
where
    R::Reply: std::fmt::Debug,
{
    let before = told(runtime).await.len();
    for _ in 0..2 {
        let reply = runtime.handle(query.clone()).await;
        let failed = matches!(reply, Err(RuntimeError::StoreFailed { certain: true, .. }));
        assert!(failed, "{reply:?}, but {why}");
    }
    let told = told(runtime).await;
    assert_eq!(told[before..], [why.to_owned()]);
}

/// Runs a test on a thread of its own, and fails if the test takes long, even if it never yields.
pub(crate) fn bounded(test: impl Future<Output = ()> + Send + 'static) {
    let (tell, told) = mpsc::channel();
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(test);
        let _ = tell.send(());
    };
    thread::spawn(run);
    match told.recv_timeout(Duration::from_secs(20)) {
        Ok(()) => {}
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("the test does not end"),
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("the test failed, see above"),
    }
}

//! A store whose calls, or whose futures when they are dropped, block their thread holds up no deadline.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use llm_engine::ScriptedProvider;
use worker_runtime::{
    Limits, Profile, Runtime, RuntimeError, WorkerId, WorkerRef,
    commands::{CreateWorker, SendInput, StopRuntime, UpdateWorker},
    queries::GetTranscript,
    store::{Batch, Lease, MemoryStore, Store, StoreFuture, StoreWrapper, StoredEntry},
};

use crate::wrapper::Answer;

/// The part of the store that blocks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Part {
    #[default]
    None,
    /// Commits hang, and their futures block when they are dropped.
    DropOfCommit,
    /// Reads hang, and their futures block when they are dropped.
    DropOfRead,
    /// The call of `release` blocks.
    Release,
}

/// Blocks its thread when it is dropped, until the test ends.
struct Blocks(Arc<Mutex<Receiver<()>>>);

impl Drop for Blocks {
    fn drop(&mut self) {
        // The sender is only ever dropped. The time is for a test that fails.
        let _ = self.0.lock().unwrap().recv_timeout(TOO_LONG);
    }
}

/// A time that no deadline of these tests allows, on a busy machine too.
const TOO_LONG: Duration = Duration::from_secs(10);

struct BlockingStore {
    inner: MemoryStore,
    part: Mutex<Part>,
    gate: Arc<Mutex<Receiver<()>>>,
}

impl BlockingStore {
    fn blocks(&self, part: Part) -> Option<Blocks> {
        (*self.part.lock().unwrap() == part).then(|| Blocks(Arc::clone(&self.gate)))
    }
}

fn hanging<T: Send + 'static>(blocks: Blocks) -> Answer<T> {
    StoreFuture::pending(async move {
        let _blocks = blocks;
        pending().await
    })
}

impl StoreWrapper for BlockingStore {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        self.blocks(Part::DropOfCommit).map_or_else(|| self.inner.commit(batch), hanging)
    }

    fn release(&self, lease: Lease) -> Answer<()> {
        drop(self.blocks(Part::Release));
        self.inner.release(lease)
    }

    fn entries(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredEntry>>> {
        let blocks = self.blocks(Part::DropOfRead);
        blocks.map_or_else(|| self.inner.entries(id, first, limit), hanging)
    }
}

/// A Runtime with a Worker whose turn runs, whose store blocks in one part until the sender is dropped.
async fn blocked(part: Part) -> (Runtime, WorkerRef, Sender<()>) {
    let (go_on, gate) = channel();
    let gate = Arc::new(Mutex::new(gate));
    let store = Arc::new(BlockingStore { inner: MemoryStore::new(), part: Mutex::default(), gate });
    let runtime = Runtime::builder()
        .profile(Profile::new("hanging", Arc::new(ScriptedProvider::hanging())))
        .limits(Limits::default().commit(Duration::from_millis(100)))
        .store(Arc::clone(&store) as _)
        .build()
        .await
        .unwrap();
    let worker = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
    runtime.handle(SendInput::new(worker, "hello")).await.unwrap();
    *store.part.lock().unwrap() = part;
    (runtime, worker, go_on)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_whose_drop_blocks_is_given_up_in_time() {
    let (runtime, worker, go_on) = blocked(Part::DropOfCommit).await;
    let since = Instant::now();
    let rename = UpdateWorker::new(worker).display_name("name".to_owned());
    let failed = runtime.handle(rename).await;
    assert!(since.elapsed() < TOO_LONG / 2, "{:?}", since.elapsed());
    assert!(matches!(failed, Err(RuntimeError::StoreFailed { certain: false, .. })), "{failed:?}");
    drop(go_on);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_read_whose_drop_blocks_is_given_up_in_time() {
    let (runtime, worker, go_on) = blocked(Part::DropOfRead).await;
    let since = Instant::now();
    let failed = runtime.handle(GetTranscript::new(worker)).await;
    assert!(since.elapsed() < TOO_LONG / 2, "{:?}", since.elapsed());
    assert!(matches!(failed, Err(RuntimeError::StoreFailed { .. })), "{failed:?}");
    drop(go_on);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stop_keeps_its_deadline_though_the_store_blocks() {
    for part in [Part::DropOfCommit, Part::Release] {
        let (runtime, _worker, go_on) = blocked(part).await;
        let since = Instant::now();
        runtime.handle(StopRuntime::new().deadline(Duration::from_millis(100))).await.unwrap();
        runtime.wait_stopped(2 * TOO_LONG).await.unwrap();
        assert!(since.elapsed() < TOO_LONG / 2, "{part:?}: {:?}", since.elapsed());
        drop(go_on);
    }
}

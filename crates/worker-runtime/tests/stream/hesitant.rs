//! A store that hesitates, so that concurrent calls overlap.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use worker_runtime::{
    WorkerId,
    store::{Batch, EventPage, MemoryStore, Store, StoreFuture, StoreWrapper, StoredEntry},
};

use crate::wrapper::{Answer, immediate};

/// A store in memory whose commits and reads are pending for some polls before and after they take effect.
#[derive(Default)]
pub(crate) struct HesitantStore {
    inner: Arc<MemoryStore>,
    asked: AtomicU64,
    event_reads: AtomicU64,
}

impl HesitantStore {
    /// The number of reads of events.
    pub(crate) fn event_reads(&self) -> u64 {
        self.event_reads.load(Ordering::Relaxed)
    }

    fn hesitate<T: Send + Unpin + 'static>(
        &self,
        answer: impl FnOnce(&MemoryStore) -> StoreFuture<T> + Send + 'static,
    ) -> StoreFuture<T> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let [before, after] = [asked * 7 % 5, asked * 11 % 3];
        let inner = Arc::clone(&self.inner);
        if before + after == 0 {
            return answer(&inner);
        }
        StoreFuture::pending(async move {
            polls(before).await;
            let answer = immediate(answer(&inner));
            polls(after).await;
            answer
        })
    }
}

async fn polls(count: u64) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

impl StoreWrapper for HesitantStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let batch = batch.clone();
        self.hesitate(move |inner| Store::commit(inner, &batch))
    }

    fn entries(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredEntry>>> {
        self.hesitate(move |inner| Store::entries(inner, id, first, limit))
    }

    fn events(&self, id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
        self.event_reads.fetch_add(1, Ordering::Relaxed);
        self.hesitate(move |inner| Store::events(inner, id, after, limit))
    }
}

//! A store that says yes and keeps nothing but the first input it was shown.

use std::sync::{Arc, OnceLock};

use worker_runtime::{
    WorkerId,
    model::{TranscriptEntry, TurnDetail},
    store::{
        Batch, CreateKey, EventPage, Lease, OpenError, OpenRequest, Opened, Settlement, Store,
        StoreError, StoreFuture, StoreInfo, StoredWorker, Totals, TurnSelector, Unreadable,
    },
};

/// Says yes and keeps nothing.
#[derive(Debug, Default)]
pub struct Accepting {
    input: OnceLock<Batch>,
}

impl Accepting {
    /// The batch of the first input that was accepted.
    #[must_use]
    pub fn input(&self) -> Option<&Batch> {
        self.input.get()
    }

    /// Accepts a batch.
    pub fn accept(&self, batch: &Batch) {
        if !batch.entries.is_empty() {
            self.input.get_or_init(|| batch.clone());
        }
    }
}

fn now<T, E>(answer: T) -> StoreFuture<Result<T, E>> {
    StoreFuture::ready(Ok(answer))
}

impl Store for Accepting {
    fn info(&self) -> StoreInfo {
        StoreInfo { kind: "accepting".to_owned(), durable: false }
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        let runtime_id = request.runtime_id.unwrap_or(request.new_runtime_id);
        now(Opened { runtime_id, lease: Lease(1), totals: Totals::default() })
    }

    fn renew(&self, _: Lease, _: u64) -> StoreFuture<Result<(), StoreError>> {
        now(())
    }

    fn release(&self, _: Lease) -> StoreFuture<Result<(), StoreError>> {
        now(())
    }

    fn commit(&self, batch: &Batch) -> StoreFuture<Result<(), StoreError>> {
        self.accept(batch);
        now(())
    }

    fn settle(&self, _: Lease, _: WorkerId, _: u64) -> StoreFuture<Result<Settlement, StoreError>> {
        now(Settlement::Committed)
    }

    fn workers(
        &self,
        _: u64,
        _: usize,
    ) -> StoreFuture<Result<Vec<Result<StoredWorker, Unreadable>>, StoreError>> {
        now(Vec::new())
    }

    fn create_keys(&self) -> StoreFuture<Result<Vec<CreateKey>, StoreError>> {
        now(Vec::new())
    }

    fn entries(
        &self,
        _: WorkerId,
        _: u64,
        _: usize,
    ) -> StoreFuture<Result<Vec<Arc<TranscriptEntry>>, StoreError>> {
        now(Vec::new())
    }

    fn turns(
        &self,
        _: WorkerId,
        _: u64,
        _: usize,
    ) -> StoreFuture<Result<Vec<Arc<TurnDetail>>, StoreError>> {
        now(Vec::new())
    }

    fn turn(
        &self,
        _: WorkerId,
        _: TurnSelector,
    ) -> StoreFuture<Result<Option<Arc<TurnDetail>>, StoreError>> {
        now(None)
    }

    fn events(&self, _: WorkerId, _: u64, _: usize) -> StoreFuture<Result<EventPage, StoreError>> {
        now(EventPage::default())
    }
}

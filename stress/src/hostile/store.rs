//! A store in memory whose answers fail, hang, panic and come late.

use std::{future::pending, sync::Arc, time::Duration};

use tokio::time::sleep;
use worker_runtime::{
    WorkerId,
    store::{
        Batch, EventPage, FoundTurn, Lease, MemoryStore, Settlement, Store, StoreError,
        StoreFuture, StoreWrapper, StoredEntry, StoredTurn, TurnLookup,
    },
};

use super::MEANT;

type Answer<T> = StoreFuture<Result<T, StoreError>>;

/// A store in memory that misbehaves while it is told to. It never breaks its contract: what it
/// answered is true.
#[derive(Default)]
pub(crate) struct HostileStore {
    inner: Arc<MemoryStore>,
}

fn one_in(count: u32) -> bool {
    fastrand::u32(..count) == 0
}

/// Answers a read: at once, late, or with an error.
fn read<T: Send + Unpin + 'static>(answer: Answer<T>) -> Answer<T> {
    if one_in(500) {
        return StoreFuture::ready(Err(StoreError::Refused("no answer now".to_owned())));
    }
    if one_in(50) {
        return StoreFuture::pending(async move {
            sleep(Duration::from_millis(fastrand::u64(..3))).await;
            answer.await
        });
    }
    answer
}

impl StoreWrapper for HostileStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let unknown = || Err(StoreError::Unknown("a fault".to_owned()));
        match fastrand::u32(..1000) {
            0..10 => StoreFuture::ready(Err(StoreError::Refused("a fault".to_owned()))),
            10..15 => StoreFuture::ready(unknown()),
            15..20 => {
                let answer = self.inner.commit(batch);
                StoreFuture::pending(async move { answer.await.and_then(|()| unknown()) })
            }
            20..22 => panic!("{MEANT}"),
            22..24 => StoreFuture::pending(async { panic!("{MEANT}") }),
            24 => StoreFuture::pending(pending()),
            25..80 => {
                let (inner, batch) = (Arc::clone(&self.inner), batch.clone());
                StoreFuture::pending(async move {
                    sleep(Duration::from_millis(fastrand::u64(..3))).await;
                    inner.commit(&batch).await
                })
            }
            _ => self.inner.commit(batch),
        }
    }

    fn settle(&self, lease: Lease, worker_id: WorkerId, version: u64) -> Answer<Settlement> {
        if one_in(4) {
            return StoreFuture::ready(Err(StoreError::Unknown("a fault".to_owned())));
        }
        self.inner.settle(lease, worker_id, version)
    }

    fn entries(
        &self,
        worker_id: WorkerId,
        first: u64,
        limit: usize,
    ) -> Answer<Vec<Arc<StoredEntry>>> {
        read(self.inner.entries(worker_id, first, limit))
    }

    fn turns(&self, worker_id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredTurn>>> {
        read(self.inner.turns(worker_id, first, limit))
    }

    fn turn(&self, worker_id: WorkerId, turn: TurnLookup) -> Answer<Option<FoundTurn>> {
        read(self.inner.turn(worker_id, turn))
    }

    fn events(&self, worker_id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
        read(self.inner.events(worker_id, after, limit))
    }
}

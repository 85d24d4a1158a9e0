//! Stores whose `settle` breaks the contract.

use std::{sync::Arc, time::Duration};

use worker_runtime::{
    WorkerId,
    store::{Batch, Lease, Settlement, Store, StoreFuture},
};

use super::plain;
use crate::wrapper::{Answer, immediate};

plain! {
    /// Settles every commit as `NotApplied`.
    SaysNever {
        fn settle(&self, _: Lease, _: WorkerId, _: u64) -> Answer<Settlement> {
            StoreFuture::ready(Ok(Settlement::NotApplied))
        }
    }

    /// Compares only versions, so that the deletion of a Worker seems not to have taken effect.
    ForgetsDeletion {
        fn settle(&self, _: Lease, worker_id: WorkerId, version: u64) -> Answer<Settlement> {
            let workers = immediate(self.0.workers(0, usize::MAX)).unwrap();
            let found = workers.into_iter().flatten().find(|worker| worker.record.worker_id == worker_id);
            let present = found.map_or(0, |worker| worker.record.version);
            let settlement =
                if present >= version { Settlement::Committed } else { Settlement::NotApplied };
            StoreFuture::ready(Ok(settlement))
        }
    }

    /// Applies a batch after a delay, whatever `settle` answered before.
    LateSuccess {
        fn commit(&self, batch: &Batch) -> Answer<()> {
            let (inner, batch) = (Arc::clone(&self.0), batch.clone());
            let commit = tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                inner.commit(&batch).await
            });
            StoreFuture::pending(async move { commit.await.unwrap() })
        }
    }
}

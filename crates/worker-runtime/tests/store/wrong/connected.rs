//! A store behind a connection that can be cut, and that tells the truth about it or not.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use worker_runtime::store::{Batch, MemoryStore, Store, StoreError, StoreFuture, StoreWrapper};

use crate::wrapper::{Answer, immediate};

/// A store whose commits are applied at once and answered after a while, unless the connection is
/// cut in between.
#[derive(Default)]
pub(crate) struct Connected {
    inner: Arc<MemoryStore>,
    is_truthful: bool,
    cuts: Arc<AtomicU64>,
}

impl Connected {
    /// A store that answers a commit whose connection was cut as unknown, or wrongly as refused.
    pub(crate) fn new(is_truthful: bool) -> Self {
        Self { is_truthful, ..Self::default() }
    }

    pub(crate) fn cut(&self) {
        self.cuts.fetch_add(1, Ordering::Relaxed);
    }
}

impl StoreWrapper for Connected {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let (inner, batch) = (Arc::clone(&self.inner), batch.clone());
        let (cuts, is_truthful) = (Arc::clone(&self.cuts), self.is_truthful);
        let before = cuts.load(Ordering::Relaxed);
        StoreFuture::pending(async move {
            let answer = immediate(inner.commit(&batch));
            tokio::task::yield_now().await;
            let text = || "the connection was lost".to_owned();
            match (cuts.load(Ordering::Relaxed) == before, is_truthful) {
                (true, _) => answer,
                (false, true) => Err(StoreError::Unknown(text())),
                (false, false) => Err(StoreError::Refused(text())),
            }
        })
    }
}

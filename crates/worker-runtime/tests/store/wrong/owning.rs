//! Stores whose ownership breaks the contract.

use std::sync::{Arc, Mutex};

use worker_runtime::store::{
    Batch, FORMAT, Lease, MemoryStore, OpenError, OpenRequest, Opened, Store, StoreFuture,
    StoreWrapper,
};

use super::plain;
use crate::wrapper::{Answer, immediate};

plain! {
    /// Takes every Runtime for one of this version.
    ForgetsFormat {
        fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
            self.0.open(OpenRequest { format: FORMAT, ..request })
        }
    }
}

/// Compares only the fencing tokens of leases.
#[derive(Default)]
pub(crate) struct IgnoresEpoch {
    inner: Arc<MemoryStore>,
    newest: Mutex<Option<Lease>>,
}

impl StoreWrapper for IgnoresEpoch {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        let opened = immediate(self.inner.open(request));
        if let Ok(opened) = &opened {
            *self.newest.lock().unwrap() = Some(opened.lease);
        }
        StoreFuture::ready(opened)
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let newest = self.newest.lock().unwrap().unwrap();
        let is_newest = newest.fencing_token == batch.lease.fencing_token;
        let lease = if is_newest { newest } else { batch.lease };
        self.inner.commit(&Batch { lease, ..batch.clone() })
    }
}

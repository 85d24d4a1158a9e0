//! Stores whose ownership breaks the contract.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use worker_runtime::store::{
    Batch, FORMAT, Lease, MemoryStore, OpenError, OpenRequest, Opened, Store, StoreError,
    StoreFuture, StoreWrapper,
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

/// Takes the lease of an owner for lost after somebody else asked for the store.
#[derive(Default)]
pub(crate) struct LosesLease {
    inner: Arc<MemoryStore>,
    was_asked: AtomicBool,
}

impl StoreWrapper for LosesLease {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        let opened = immediate(self.inner.open(request));
        self.was_asked.store(opened.is_err(), Ordering::Relaxed);
        StoreFuture::ready(opened)
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        if self.was_asked.swap(false, Ordering::Relaxed) {
            return StoreFuture::ready(Err(StoreError::LeaseLost));
        }
        self.inner.commit(batch)
    }
}

/// Stays with its first owner until that gives it back, though the lease runs out.
#[derive(Default)]
pub(crate) struct OwnedForLife {
    inner: Arc<MemoryStore>,
    is_owned: AtomicBool,
}

impl StoreWrapper for OwnedForLife {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        if self.is_owned.swap(true, Ordering::Relaxed) {
            let remaining = Duration::from_secs(1);
            return StoreFuture::ready(Err(OpenError::Owned { remaining }));
        }
        self.inner.open(request)
    }

    fn release(&self, lease: Lease) -> Answer<()> {
        self.is_owned.store(false, Ordering::Relaxed);
        self.inner.release(lease)
    }
}

/// Cannot be opened.
#[derive(Default)]
pub(crate) struct Closed(MemoryStore);

impl StoreWrapper for Closed {
    fn inner(&self) -> &dyn Store {
        &self.0
    }

    fn open(&self, _: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        StoreFuture::ready(Err(OpenError::Failed("not yet".to_owned())))
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

//! A store that is in trouble for as long as a test wants.

use std::{
    future::pending,
    sync::{Arc, Mutex},
};

use worker_runtime::{
    WorkerId,
    model::TranscriptEntry,
    store::{
        Batch, Lease, MemoryStore, OpenError, OpenRequest, Opened, Store, StoreError, StoreFuture,
    },
};

use crate::wrapper::{Answer, Wrapper};

/// What is wrong.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Trouble {
    #[default]
    None,
    OpenHangs,
    OpenPanics,
    CommitsHang,
    CommitsOfHang(WorkerId),
    LeaseIsLost,
    RenewHangs,
    RenewPanics,
    ReadsFail,
    ReadsHang,
    ReadsPanic,
    ReadsPanicPending,
}

/// A store in memory, in trouble or not.
#[derive(Default)]
pub(crate) struct TroubledStore {
    pub(crate) inner: Arc<MemoryStore>,
    trouble: Mutex<Trouble>,
}

impl TroubledStore {
    pub(crate) fn set(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap() = trouble;
    }

    fn get(&self) -> Trouble {
        *self.trouble.lock().unwrap()
    }
}

impl Wrapper for TroubledStore {
    fn inner(&self) -> &Arc<MemoryStore> {
        &self.inner
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        match self.get() {
            Trouble::OpenHangs => StoreFuture::pending(pending()),
            Trouble::OpenPanics => StoreFuture::pending(async { panic!("trouble") }),
            _ => self.inner.open(request),
        }
    }

    fn commit(&self, batch: Arc<Batch>) -> Answer<()> {
        match self.get() {
            Trouble::CommitsHang => StoreFuture::pending(pending()),
            Trouble::CommitsOfHang(id) if id == batch.worker_id => StoreFuture::pending(pending()),
            Trouble::LeaseIsLost => StoreFuture::ready(Err(StoreError::LeaseLost)),
            _ => self.inner.commit(batch),
        }
    }

    fn renew(&self, lease: Lease, lease_ms: u64) -> Answer<()> {
        match self.get() {
            Trouble::RenewHangs => StoreFuture::pending(pending()),
            Trouble::RenewPanics => StoreFuture::pending(async { panic!("trouble") }),
            _ => self.inner.renew(lease, lease_ms),
        }
    }

    fn entries(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<TranscriptEntry>>> {
        match self.get() {
            Trouble::ReadsFail => {
                StoreFuture::ready(Err(StoreError::Unknown("trouble".to_owned())))
            }
            Trouble::ReadsHang => StoreFuture::pending(pending()),
            Trouble::ReadsPanic => panic!("trouble"),
            Trouble::ReadsPanicPending => StoreFuture::pending(async { panic!("trouble") }),
            _ => self.inner.entries(id, first, limit),
        }
    }
}

//! A store that fails in one way for as long as the test says.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use worker_runtime::{
    WorkerId,
    store::{
        Batch, Change, Lease, MemoryStore, OpenError, OpenRequest, Opened, Store, StoreError,
        StoreFuture, StoreWrapper, StoredEntry,
    },
};

use crate::Listed;
use crate::wrapper::Answer;

/// The way in which the store fails.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Trouble {
    #[default]
    None,
    OpenHangs,
    OpenPanics,
    CommitsHang,
    CommitsRefused,
    CommitsOfHang(WorkerId),
    /// Every deletion is refused but that of this Worker.
    DeletionsRefusedBut(WorkerId),
    /// Every deletion hangs but that of this Worker.
    DeletionsHangBut(WorkerId),
    LeaseIsLost,
    RenewHangs,
    RenewPanics,
    RenewRefused,
    ReleaseHangs,
    ReleaseRefused,
    ListingRepeats,
    ReadsFail,
    ReadsHang,
    ReadsPanic,
    ReadsPanicPending,
}

/// A store in memory that fails while a trouble is set.
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

impl StoreWrapper for TroubledStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        let trouble = self.get();
        if trouble == Trouble::OpenHangs {
            StoreFuture::pending(pending())
        } else if trouble == Trouble::OpenPanics {
            StoreFuture::pending(async { panic!("trouble") })
        } else {
            self.inner.open(request)
        }
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let trouble = self.get();
        let hangs = [Trouble::CommitsHang, Trouble::CommitsOfHang(batch.worker_id)];
        if hangs.contains(&trouble) {
            StoreFuture::pending(pending())
        } else if trouble == Trouble::CommitsRefused {
            StoreFuture::ready(Err(StoreError::Refused("trouble".to_owned())))
        } else if let Trouble::DeletionsRefusedBut(free) = trouble
            && matches!(batch.change, Change::Delete)
            && batch.worker_id != free
        {
            StoreFuture::ready(Err(StoreError::Refused("trouble".to_owned())))
        } else if let Trouble::DeletionsHangBut(free) = trouble
            && matches!(batch.change, Change::Delete)
            && batch.worker_id != free
        {
            StoreFuture::pending(pending())
        } else if trouble == Trouble::LeaseIsLost {
            StoreFuture::ready(Err(StoreError::LeaseLost))
        } else {
            self.inner.commit(batch)
        }
    }

    fn renew(&self, lease: Lease, duration: Duration) -> Answer<()> {
        let trouble = self.get();
        if trouble == Trouble::RenewHangs {
            StoreFuture::pending(pending())
        } else if trouble == Trouble::RenewPanics {
            StoreFuture::pending(async { panic!("trouble") })
        } else if trouble == Trouble::RenewRefused {
            StoreFuture::ready(Err(StoreError::Refused("trouble".to_owned())))
        } else {
            self.inner.renew(lease, duration)
        }
    }

    fn release(&self, lease: Lease) -> Answer<()> {
        let trouble = self.get();
        if trouble == Trouble::ReleaseHangs {
            StoreFuture::pending(pending())
        } else if trouble == Trouble::ReleaseRefused {
            StoreFuture::ready(Err(StoreError::Refused("trouble".to_owned())))
        } else {
            self.inner.release(lease)
        }
    }

    fn workers(&self, after: u64, limit: usize) -> Answer<Listed> {
        let repeats = self.get() == Trouble::ListingRepeats;
        self.inner.workers(if repeats { 0 } else { after }, limit)
    }

    fn entries(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredEntry>>> {
        let trouble = self.get();
        if trouble == Trouble::ReadsFail {
            StoreFuture::ready(Err(StoreError::Unknown("trouble".to_owned())))
        } else if trouble == Trouble::ReadsHang {
            StoreFuture::pending(pending())
        } else if trouble == Trouble::ReadsPanic {
            panic!("trouble")
        } else if trouble == Trouble::ReadsPanicPending {
            StoreFuture::pending(async { panic!("trouble") })
        } else {
            self.inner.entries(id, first, limit)
        }
    }
}

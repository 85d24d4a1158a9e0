//! Stores whose reads break the contract.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use worker_runtime::{
    WorkerId,
    store::{
        Batch, EventPage, FoundTurn, MemoryStore, OpenError, OpenRequest, Opened, Store,
        StoreFuture, StoreWrapper, StoredEntry, StoredTurn, TurnLookup,
    },
};

use super::plain;
use crate::Listed;
use crate::wrapper::{Answer, immediate};

plain! {
    /// Swaps the last two events of a page.
    Reorders {
        fn events(&self, id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
            let mut page = immediate(self.0.events(id, after, limit)).unwrap();
            if let [.., one, other] = page.events.as_mut_slice() {
                std::mem::swap(one, other);
            }
            StoreFuture::ready(Ok(page))
        }
    }

    /// Begins every page of entries but the first one entry too late.
    OffByOne {
        fn entries(&self, id: WorkerId, first: u64, limit: usize) -> Answer<Vec<Arc<StoredEntry>>> {
            self.0.entries(id, if first > 1 { first + 1 } else { first }, limit)
        }
    }

    /// Answers at most 200 events, however many are asked for.
    CapsPages {
        fn events(&self, id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
            self.0.events(id, after, limit.min(200))
        }
    }

    /// Keeps one event less than requested.
    Overprunes {
        fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
            let events_per_worker = request.events_per_worker - 1;
            self.0.open(OpenRequest { events_per_worker, ..request })
        }
    }

    /// Answers every other page of Workers without any.
    Hides {
        fn workers(&self, after: u64, limit: usize) -> Answer<Listed> {
            self.0.workers(if after % 2 == 1 { u64::MAX } else { after }, limit)
        }
    }

    /// Panics in `turns`.
    Panics {
        fn turns(&self, _: WorkerId, _: u64, _: usize) -> Answer<Vec<Arc<StoredTurn>>> {
            panic!("no turns today")
        }
    }
}

/// Returns a turn as it was before the latest commit.
#[derive(Default)]
pub(crate) struct Stale {
    inner: Arc<MemoryStore>,
    before: Mutex<HashMap<WorkerId, Option<FoundTurn>>>,
}

impl StoreWrapper for Stale {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        for (_, turn) in &batch.turns {
            let selector = TurnLookup::Id(turn.turn_id);
            let before = immediate(self.inner.turn(batch.worker_id, selector)).unwrap();
            self.before.lock().unwrap().insert(batch.worker_id, before);
        }
        self.inner.commit(batch)
    }

    fn turn(&self, id: WorkerId, selector: TurnLookup) -> Answer<Option<FoundTurn>> {
        let now = immediate(self.inner.turn(id, selector)).unwrap();
        let before = self.before.lock().unwrap().get(&id).cloned().flatten();
        let is_same = |before: &FoundTurn| {
            now.as_ref().is_some_and(|now| now.turn.turn_id == before.turn.turn_id)
        };
        let stale = before.filter(is_same);
        StoreFuture::ready(Ok(stale.or(now)))
    }
}

/// Shows the events of a batch later than its entries.
#[derive(Default)]
pub(crate) struct Torn {
    inner: Arc<MemoryStore>,
    /// The number of visible events of each Worker whose batch is being applied.
    shown: Arc<Mutex<HashMap<WorkerId, usize>>>,
}

impl StoreWrapper for Torn {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn commit(&self, batch: &Batch) -> Answer<()> {
        let id = batch.worker_id;
        let events = immediate(self.inner.events(id, 0, usize::MAX)).unwrap().events.len();
        let answer = immediate(self.inner.commit(batch));
        self.shown.lock().unwrap().insert(id, events);
        let shown = Arc::clone(&self.shown);
        StoreFuture::pending(async move {
            tokio::task::yield_now().await;
            shown.lock().unwrap().remove(&id);
            answer
        })
    }

    fn events(&self, id: WorkerId, after: u64, limit: usize) -> Answer<EventPage> {
        let mut page = immediate(self.inner.events(id, after, limit)).unwrap();
        if let Some(shown) = self.shown.lock().unwrap().get(&id) {
            page.events.truncate(shown.saturating_sub(usize::try_from(after).unwrap()));
        }
        StoreFuture::ready(Ok(page))
    }
}

//! The live stream that a subscriber polls.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_core::Stream;

use super::{
    reader::{LogReader, Reader},
    runtime_reader::RuntimeReader,
    worker_reader::WorkerReader,
};
use crate::{
    error::RuntimeError,
    identity::WorkerRef,
    model::{EventsFrom, LogId, Scope, StreamItem, Subscribe},
    state::{
        caller::{Caller, SubscriptionPlace},
        extent::Start,
        view::PageBudget,
    },
};

/// A live stream of [`StreamItem`]s.
///
/// A subscription holds a position in a log that all subscribers share, and reads the log when it
/// is polled: nothing is queued for a subscription, and no publisher waits for one. A subscription
/// does not keep its Runtime running. Polling is cancel safe; dropping the subscription frees its
/// place at once.
#[derive(Debug)]
#[must_use = "a stream gives nothing unless it is polled"]
pub struct Subscription {
    reader: Reader,
    _place: SubscriptionPlace,
}

/// The maximum number of items that [`Subscription::next_batch`] returns at once.
const BATCH: usize = 128;

impl Subscription {
    pub(crate) async fn new(caller: &Caller, subscribe: Subscribe) -> Result<Self, RuntimeError> {
        let Subscribe { scope, from, filter } = subscribe;
        let core = &caller.core;
        core.check_lease()?;
        let from = from.unwrap_or(EventsFrom::now());
        caller.check_filter(filter.as_ref())?;
        let place = caller.reserve_subscription()?;
        let (log, start, head) = match scope {
            Scope::Runtime(_) => {
                let extent = caller.runtime_extent();
                let start = core.start(caller.log_id(), &from, extent)?;
                let log = RuntimeReader::new(caller.clone());
                (LogReader::Runtime(log), start, extent.head)
            }
            Scope::Worker(scope) => worker_reader(caller, scope.worker, &from).await?,
        };
        let reader = Reader::new(Arc::clone(core), log, filter, start, head);
        Ok(Self { reader, _place: place })
    }

    /// Waits for the next item. Returns `None` after [`StreamItem::Ended`]. Cancel safe.
    #[expect(
        clippy::should_implement_trait,
        reason = "a stream's items are awaited, and `StreamExt` names this method like this"
    )]
    pub fn next(&mut self) -> impl Future<Output = Option<StreamItem>> + Send + Unpin {
        poll_fn(|context| self.reader.poll_next(context))
    }

    /// Waits for the next item, and returns it with the items that are ready after it, up to 128 in
    /// all, and no further one once they have 1 MiB of JSON together. The items and their order are the same as with [`next`](Self::next). Returns `None`
    /// after [`StreamItem::Ended`], and never an empty vector. Cancel safe.
    ///
    /// This is for callers that handle many items together, such as a transport that writes them in
    /// one go.
    pub async fn next_batch(&mut self) -> Option<Vec<StreamItem>> {
        let mut bytes = PageBudget::new();
        let first = self.next().await?;
        let mut has_room = bytes.has_room_after(&first);
        let mut batch = vec![first];
        let ready = poll_fn(|context| {
            while has_room
                && batch.len() < BATCH
                && let Poll::Ready(Some(item)) = self.reader.poll_next(context)
            {
                has_room = bytes.has_room_after(&item);
                batch.push(item);
            }
            Poll::Ready(())
        });
        ready.await;
        Some(batch)
    }
}

async fn worker_reader(
    caller: &Caller,
    worker: WorkerRef,
    from: &EventsFrom,
) -> Result<(LogReader, Start, u64), RuntimeError> {
    let (core, cell) = (&caller.core, caller.find(worker)?);
    let start = match from {
        // The reader lowers this to the end of the log at the time when it is created.
        EventsFrom::Now(_) => Start::at(u64::MAX),
        EventsFrom::Oldest(_) | EventsFrom::After(_) | EventsFrom::AfterSequence(_) => {
            let extent = core.worker_extent(&cell).await?;
            core.start(LogId::Worker(cell.worker_id), from, extent)?
        }
    };
    let (log, head) = WorkerReader::new(cell).ok_or(RuntimeError::WorkerNotFound {})?;
    Ok((LogReader::Worker(Box::new(log)), start, head))
}

impl Stream for Subscription {
    type Item = StreamItem;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<StreamItem>> {
        self.get_mut().reader.poll_next(context)
    }
}

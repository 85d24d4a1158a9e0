//! A live stream, for whoever subscribed.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
};

use futures_core::Stream;

use crate::{
    error::RuntimeError,
    identity::WorkerRef,
    model::{EventsFrom, Room, Scope, StreamItem, Subscribe},
    state::core::Core,
    stream::{
        Batch, SharedEvents,
        log_reader::{Feed, LogReader},
        runtime_feed::RuntimeFeed,
        worker_feed::WorkerFeed,
    },
};

/// A live stream of [`StreamItem`]s, one by one or in batches.
///
/// It holds a position in a log that all subscribers share, and reads when it is polled: nothing is
/// queued for it, and nobody waits for it. It does not keep its Runtime going. Polling is cancel
/// safe; dropping it frees its place at once.
#[derive(Debug)]
#[must_use = "a stream gives nothing unless it is polled"]
pub struct Subscription {
    reader: LogReader,
    /// Events that were read and not given out yet.
    ready: Option<SharedEvents>,
}

impl Subscription {
    pub(crate) async fn new(core: &Arc<Core>, subscribe: Subscribe) -> Result<Self, RuntimeError> {
        let Subscribe { scope, from, filter } = subscribe;
        let from = from.unwrap_or(EventsFrom::now());
        core.limits.check_filter(filter.as_ref())?;
        let reserved = Place::reserve(core)?;
        let (feed, position, head) = match scope {
            Scope::Runtime(_) => {
                let extent = core.runtime_extent();
                let position = core.position(Room::Runtime(core.epoch), &from, extent)?;
                (Feed::Runtime(RuntimeFeed::new(core)), position, extent.head)
            }
            Scope::Worker(it) => worker_feed(core, it.worker, &from).await?,
        };
        let reader = LogReader::new(Arc::clone(core), feed, filter, position, head);
        reserved.keep();
        Ok(Self { reader, ready: None })
    }

    /// What is ready at once: the same items as one by one, in the same order. `None` after
    /// [`StreamItem::Ended`].
    ///
    /// For whoever handles many items together, such as a transport that writes them in one go.
    /// Cancel safe.
    pub async fn next_batch(&mut self) -> Option<Batch> {
        poll_fn(|context| self.poll_batch(context)).await
    }

    /// Polls for what [`next_batch`](Self::next_batch) gives.
    pub fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<Option<Batch>> {
        self.look_anew();
        let ready = self.ready.take().and_then(|ready| ready.rest());
        match ready {
            Some(events) => Poll::Ready(Some(Batch::Events(events))),
            None => self.reader.poll_batch(context),
        }
    }

    /// Drops what is ready if it may show what was erased since.
    fn look_anew(&mut self) {
        if let Some(ready) = self.ready.take_if(|_| self.reader.is_outdated()) {
            ready.position().into_iter().for_each(|position| self.reader.go_back(position));
        }
    }
}

async fn worker_feed(
    core: &Arc<Core>,
    worker: WorkerRef,
    from: &EventsFrom,
) -> Result<(Feed, u64, u64), RuntimeError> {
    let cell = core.find(worker)?;
    let position = match from {
        // The end is where the stream begins, whatever happens until then.
        EventsFrom::Now(_) => u64::MAX,
        EventsFrom::Oldest(_) | EventsFrom::After(_) | EventsFrom::AfterSequence(_) => {
            let extent = core.worker_extent(&cell).await?;
            core.position(Room::Worker(cell.worker_id), from, extent)?
        }
    };
    let (feed, head) = WorkerFeed::new(cell).ok_or(RuntimeError::WorkerNotFound {})?;
    Ok((Feed::Worker(Box::new(feed)), position, head))
}

/// Room for a subscription that is being made.
struct Place<'a>(&'a Core);

impl<'a> Place<'a> {
    fn reserve(core: &'a Core) -> Result<Self, RuntimeError> {
        core.reserve_subscription().map(|()| Self(core))
    }

    fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.subscriptions.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Stream for Subscription {
    type Item = StreamItem;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<StreamItem>> {
        let this = self.get_mut();
        this.look_anew();
        loop {
            if let Some(event) = this.ready.as_mut().and_then(Iterator::next) {
                return Poll::Ready(Some(StreamItem::Event(event)));
            }
            match ready!(this.reader.poll_batch(context)) {
                Some(Batch::Events(events)) => this.ready = Some(events.into_iter()),
                Some(Batch::Notice(item)) => return Poll::Ready(Some(item)),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.reader.core.subscriptions.fetch_sub(1, Ordering::Relaxed);
    }
}

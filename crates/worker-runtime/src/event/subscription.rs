//! A live stream, for whoever subscribed.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use futures_core::Stream;

use super::{
    EventFilter, EventsFrom, Room, Scope, StreamItem, Subscribe, runtime_stream::RuntimeStream,
    worker_stream::WorkerStream,
};
use crate::{core::Core, error::RuntimeError};

/// A live stream of [`StreamItem`]s.
///
/// It holds a position in a log that all subscribers share, and reads when it is polled: nothing is
/// queued for it, and nobody waits for it. It does not keep its Runtime going. Polling is cancel
/// safe; dropping it frees its place at once.
#[derive(Debug)]
#[must_use = "a stream gives nothing unless it is polled"]
pub struct Subscription {
    // Boxed, so that a subscription is cheap to move.
    stream: Box<LogStream>,
    core: Arc<Core>,
}

#[derive(Debug)]
enum LogStream {
    Runtime(RuntimeStream),
    Worker(WorkerStream),
}

impl Subscription {
    pub(crate) async fn new(core: &Arc<Core>, subscribe: Subscribe) -> Result<Self, RuntimeError> {
        let Subscribe { scope, from, filter } = subscribe;
        let from = from.unwrap_or(EventsFrom::now());
        core.limits.check_filter(filter.as_ref())?;
        let reserved = Place::reserve(core)?;
        let stream = match scope {
            Scope::Runtime(_) => {
                let extent = core.runtime_extent();
                let position = core.position(Room::Runtime(core.epoch), &from, extent)?;
                let stream = RuntimeStream::new(Arc::clone(core), filter, position, extent.head);
                LogStream::Runtime(stream)
            }
            Scope::Worker(it) => {
                LogStream::Worker(worker_stream(core, it.worker, &from, filter).await?)
            }
        };
        reserved.keep();
        Ok(Self { stream: Box::new(stream), core: Arc::clone(core) })
    }
}

async fn worker_stream(
    core: &Arc<Core>,
    worker: crate::identity::WorkerRef,
    from: &EventsFrom,
    filter: Option<EventFilter>,
) -> Result<WorkerStream, RuntimeError> {
    let cell = core.find(worker)?;
    let position = match from {
        // The end is where the stream begins, whatever happens until then.
        EventsFrom::Now(_) => u64::MAX,
        EventsFrom::Oldest(_) | EventsFrom::After(_) | EventsFrom::AfterSequence(_) => {
            let extent = core.worker_extent(&cell).await?;
            core.position(Room::Worker(cell.worker_id), from, extent)?
        }
    };
    WorkerStream::new(Arc::clone(core), cell, filter, position)
        .ok_or(RuntimeError::WorkerNotFound {})
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

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<StreamItem>> {
        match &mut *self.stream {
            LogStream::Runtime(stream) => stream.poll_next(context),
            LogStream::Worker(stream) => stream.poll_next(context),
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.core.subscriptions.fetch_sub(1, Ordering::Relaxed);
    }
}

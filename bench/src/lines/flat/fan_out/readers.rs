//! What a subscriber does, each in a task of its own: it looks at every event, and tells when it has
//! a burst.

use std::{
    future::poll_fn,
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Poll, Waker},
};

use futures_util::StreamExt;
use parking_lot::Mutex;
use tokio::sync::broadcast;
use worker_runtime::{Batch, StreamItem, Subscription};

use super::{BURST, served::Served};

/// Which reader this is, and how much it has of the present burst.
pub(super) struct Reader {
    served: Arc<Served>,
    number: u64,
    events: u64,
}

impl Reader {
    pub(super) fn new(served: &Arc<Served>, number: u64) -> Self {
        Self { served: Arc::clone(served), number, events: 0 }
    }

    fn got(&mut self, events: u64) {
        self.events += events;
        if self.events == BURST {
            self.events = 0;
            self.served.one_more(self.number);
        }
    }

    fn got_notice(item: &StreamItem) {
        assert!(!matches!(item, StreamItem::Gap { .. }), "events were missed");
    }

    pub(super) async fn take_batches(mut self, mut stream: Subscription) {
        while let Some(batch) = stream.next_batch().await {
            match batch {
                Batch::Events(events) => {
                    events.iter().for_each(|it| _ = black_box(it.event.sequence));
                    self.got(events.len() as u64);
                }
                Batch::Notice(item) => Self::got_notice(&item),
            }
        }
    }

    pub(super) async fn take_items(mut self, mut stream: Subscription) {
        while let Some(item) = stream.next().await {
            match item {
                StreamItem::Event(it) => {
                    black_box(it.event.sequence);
                    self.got(1);
                }
                item => Self::got_notice(&item),
            }
        }
    }

    pub(super) async fn receive<T: Clone>(
        mut self,
        mut receiver: broadcast::Receiver<T>,
        look: fn(&T),
    ) {
        while let Ok(event) = receiver.recv().await {
            look(&event);
            self.got(1);
        }
    }

    pub(super) async fn only_wake(mut self, bell: Arc<Bell>) {
        let mut heard = 0;
        loop {
            heard = bell.after(heard).await;
            self.got(BURST);
        }
    }
}

/// Wakes those who wait, and no more: what delivering cannot go below.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: AtomicU64,
    waiting: Mutex<Vec<Waker>>,
}

impl Bell {
    pub(super) fn ring(&self) {
        let waiting = {
            let mut waiting = self.waiting.lock();
            self.rung.fetch_add(1, Ordering::Release);
            std::mem::take(&mut *waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Waits until it rang more often than so.
    async fn after(&self, heard: u64) -> u64 {
        poll_fn(|context| {
            let is_new = |rung: u64| (rung > heard).then_some(rung);
            if let Some(rung) = is_new(self.rung.load(Ordering::Acquire)) {
                return Poll::Ready(rung);
            }
            let mut waiting = self.waiting.lock();
            if let Some(rung) = is_new(self.rung.load(Ordering::Acquire)) {
                return Poll::Ready(rung);
            }
            waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

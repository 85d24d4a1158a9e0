//! Subscribers that hear a talker, of whom it is known whether all of them wait.

use std::{
    future::poll_fn,
    hint::black_box,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_core::Stream;
use worker_runtime::{StreamItem, Subscription};

/// Subscribers that hear a talker.
#[derive(Debug)]
pub struct Audience {
    /// How many there are.
    pub size: u64,
    /// Pieces of text that they have got.
    heard: AtomicU64,
    waiting: AtomicU64,
}

impl Audience {
    /// So many, each of whom is still to [`listen`](Self::listen).
    #[must_use]
    pub fn new(size: u64) -> Arc<Self> {
        Arc::new(Self { size, heard: AtomicU64::new(0), waiting: AtomicU64::new(0) })
    }

    /// Whether everybody has got so many pieces since a talk began, and waits for the next.
    pub fn waits_after(&self, pieces: u64) -> bool {
        self.heard.load(Ordering::Acquire) == pieces * self.size
            && self.waiting.load(Ordering::Acquire) == self.size
    }

    /// A talk begins.
    pub fn begin(&self) {
        self.heard.store(0, Ordering::Release);
    }

    /// Reads a stream to its end, as one of the audience.
    pub async fn listen(self: Arc<Self>, mut stream: Subscription) {
        let mut waits = false;
        loop {
            let next = poll_fn(|context| {
                let polled = Pin::new(&mut stream).poll_next(context);
                if polled.is_pending() && !waits {
                    self.waiting.fetch_add(1, Ordering::AcqRel);
                } else if polled.is_ready() && waits {
                    self.waiting.fetch_sub(1, Ordering::AcqRel);
                }
                waits = polled.is_pending();
                polled
            });
            match black_box(next.await) {
                Some(StreamItem::TextDelta { .. }) => self.heard.fetch_add(1, Ordering::AcqRel),
                Some(_) => 0,
                None => return,
            };
        }
    }
}

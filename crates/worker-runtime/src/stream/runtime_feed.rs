//! What the Runtime's log has for a reader.

use std::{
    ops::Range,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use crate::{
    log::{
        Parked, Readers,
        stretch::{Stretch, Told},
    },
    model::EndReason,
    state::core::Core,
    stream::log_reader::{Found, Wanted},
};

/// The Runtime's log, and the reader's place among those who wait for it.
#[derive(Debug)]
pub(crate) struct RuntimeFeed {
    readers: Arc<Readers>,
    parked: Parked,
}

impl RuntimeFeed {
    pub(crate) fn new(core: &Core) -> Self {
        Self { readers: Arc::clone(&core.log.lock().readers), parked: Parked::default() }
    }

    pub(crate) fn poll(
        &mut self,
        core: &Core,
        wanted: Wanted,
        context: &Context<'_>,
    ) -> Poll<Found> {
        let Self { readers, parked } = self;
        let Wanted { position, .. } = wanted;
        loop {
            // Before the rest: a log that is closed stays as it is.
            let is_closed = core.is_closed();
            if position < readers.floor() {
                return Poll::Ready(Found::Missed { floor: readers.floor() });
            }
            let head = readers.head();
            if position < head {
                let available = wanted.up_to(head);
                let found = readers.find(position, available).map(|it| part(it, available));
                return Poll::Ready(found.unwrap_or_else(|| look_up(core, readers, wanted)));
            }
            if is_closed {
                return Poll::Ready(Found::Ended(EndReason::RuntimeStopped));
            }
            let is_due = || position < readers.head() || core.is_closed();
            if readers.park(parked, context.waker(), is_due) {
                return Poll::Pending;
            }
        }
    }

    /// Frees the reader's place.
    pub(crate) fn leave(&self) {
        self.readers.leave(&self.parked);
    }
}

/// What the log has after a position, where it has something.
fn look_up(core: &Core, readers: &Readers, wanted: Wanted) -> Found {
    let Wanted { position, .. } = wanted;
    let log = core.log.lock();
    if position < log.floor() {
        return Found::Missed { floor: log.floor() };
    }
    let available = wanted.up_to(log.head);
    let commits = Told::Runtime(log.copy_after(position, available));
    let stretch = Arc::new(Stretch::new(core, position, available, commits));
    let is_alone = core.subscriptions.load(Ordering::Relaxed) == 1;
    let replaced = if is_alone { None } else { readers.keep(Arc::clone(&stretch)) };
    drop(log);
    drop(replaced);
    Found::Events(stretch, 0..available)
}

fn part((stretch, start): (Arc<Stretch>, usize), available: usize) -> Found {
    let places: Range<usize> = start..stretch.len().min(start + available);
    Found::Events(stretch, places)
}

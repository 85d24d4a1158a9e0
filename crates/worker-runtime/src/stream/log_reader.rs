//! One subscriber's place in a log: what it has got, what it is told next, and when it is in sync.

use std::{
    ops::Range,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
};

use crate::{
    log::{
        places::{CHOICE, Places},
        stretch::{LONGEST, Stretch},
    },
    model::{EndReason, EventFilter, Room, StreamItem},
    state::core::Core,
    stream::{Batch, Events, runtime_feed::RuntimeFeed, worker_feed::WorkerFeed},
};

/// Events that are filtered out before the cursor is told again.
const LONG_SILENCE: u64 = 256;

/// A reader of a log.
#[derive(Debug)]
pub(crate) struct LogReader {
    pub(crate) core: Arc<Core>,
    feed: Feed,
    filter: Option<Box<EventFilter>>,
    /// The last event that was delivered or filtered out.
    position: u64,
    /// Where the log ended when the reader was made, until that was said.
    sync_at: Option<u64>,
    /// Events that were filtered out since the cursor was last told.
    silence: u64,
    /// The Runtime's deletions before the log was last read.
    deletions: u64,
    ended: bool,
}

/// Whose log is read.
#[derive(Debug)]
pub(crate) enum Feed {
    Runtime(RuntimeFeed),
    // Boxed, so that a reader of the Runtime's log is small: many lie side by side in caches.
    Worker(Box<WorkerFeed>),
}

/// What a feed is asked for: what comes after a position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) position: u64,
    /// Where `synced` is due and events must not go past.
    pub(crate) sync_at: Option<u64>,
    /// How many events at once are of use.
    most: usize,
}

/// What a feed has.
#[derive(Debug)]
pub(crate) enum Found {
    /// Events right after the position: these places of a stretch.
    Events(Arc<Stretch>, Range<usize>),
    /// Nothing up to this sequence is kept any more.
    Missed {
        floor: u64,
    },
    /// Text of the running turn.
    Text(StreamItem),
    Ended(EndReason),
}

impl LogReader {
    /// A reader that comes after `position`, in a log that ends at `head`.
    pub(crate) fn new(
        core: Arc<Core>,
        feed: Feed,
        filter: Option<EventFilter>,
        position: u64,
        head: u64,
    ) -> Self {
        Self {
            core,
            feed,
            filter: filter.map(Box::new),
            position: position.min(head),
            sync_at: Some(head),
            silence: 0,
            deletions: 0,
            ended: false,
        }
    }

    /// Whether something was erased since the log was last read, so that events which nobody has
    /// seen yet must be read anew.
    pub(crate) fn is_outdated(&self) -> bool {
        self.deletions != self.core.deletions.load(Ordering::Acquire)
    }

    /// Goes back to a position from which events were read that nobody has seen.
    pub(crate) fn go_back(&mut self, position: u64) {
        self.position = position;
        self.silence = 0;
    }

    pub(crate) fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<Option<Batch>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            if self.sync_at.is_some_and(|at| self.position >= at) {
                self.sync_at = None;
                return Poll::Ready(Some(Batch::Notice(self.synced())));
            }
            // Before the log is read: a deletion from here on makes what is read outdated.
            let deletions = self.core.deletions.load(Ordering::Acquire);
            if deletions != self.deletions {
                self.deletions = deletions;
                self.feed.forget();
            }
            let batch = match ready!(self.poll_feed(context)) {
                Found::Events(stretch, places) => self.choose(stretch, places),
                Found::Missed { floor } => Some(Batch::Notice(self.gap_to(floor))),
                Found::Text(item) => Some(Batch::Notice(item)),
                Found::Ended(reason) => {
                    self.ended = true;
                    Some(Batch::Notice(StreamItem::Ended { reason }))
                }
            };
            if batch.is_some() {
                return Poll::Ready(batch);
            }
        }
    }

    fn poll_feed(&mut self, context: &mut Context<'_>) -> Poll<Found> {
        let most = if self.filter.is_some() { CHOICE } else { LONGEST };
        let wanted = Wanted { position: self.position, sync_at: self.sync_at, most };
        match &mut self.feed {
            Feed::Runtime(feed) => feed.poll(&self.core, wanted, context),
            Feed::Worker(feed) => feed.poll(&self.core, wanted, context),
        }
    }

    /// Those of the events that pass the filter; or `synced`, if for long none did.
    fn choose(&mut self, stretch: Arc<Stretch>, row: Range<usize>) -> Option<Batch> {
        let chosen = if let Some(filter) = &self.filter {
            stretch.choose(&row, filter)
        } else {
            Places::Row(row.clone())
        };
        self.position = stretch.before(row.end);
        let Some(last) = chosen.highest() else {
            self.silence += row.len() as u64;
            let is_long = self.sync_at.is_none() && self.silence >= LONG_SILENCE;
            return is_long.then(|| Batch::Notice(self.synced()));
        };
        self.silence = self.position - stretch.before(last + 1);
        Some(Batch::Events(Events::new(stretch, chosen)))
    }

    /// Tells that events up to `floor` were missed, and goes on from there.
    fn gap_to(&mut self, floor: u64) -> StreamItem {
        let missed = floor.saturating_sub(self.position);
        self.position = floor;
        self.silence = 0;
        StreamItem::Gap { missed, cursor: self.core.cursor_in(self.room(), floor) }
    }

    fn synced(&mut self) -> StreamItem {
        self.silence = 0;
        StreamItem::Synced { cursor: self.core.cursor_in(self.room(), self.position) }
    }

    fn room(&self) -> Room {
        match &self.feed {
            Feed::Runtime(_) => Room::Runtime(self.core.epoch),
            Feed::Worker(feed) => Room::Worker(feed.worker_id()),
        }
    }
}

impl Feed {
    /// Forgets what was read and not given out, because it may show what was erased.
    fn forget(&mut self) {
        match self {
            Self::Runtime(_) => {}
            Self::Worker(feed) => feed.forget(),
        }
    }
}

impl Wanted {
    /// How many of the events up to `head` may be taken.
    pub(crate) fn up_to(self, head: u64) -> usize {
        let until = self.sync_at.unwrap_or(head);
        usize::try_from(until - self.position).unwrap_or(usize::MAX).min(self.most)
    }
}

impl Drop for LogReader {
    fn drop(&mut self) {
        match &mut self.feed {
            Feed::Runtime(feed) => feed.leave(),
            Feed::Worker(feed) => feed.leave(),
        }
    }
}

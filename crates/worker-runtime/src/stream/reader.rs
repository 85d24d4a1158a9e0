//! A subscriber's position in a log, and the items that the subscriber receives from there.

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

use super::{next::Next, runtime_reader::RuntimeReader, worker_reader::WorkerReader};
use crate::{
    log::Published,
    model::{Cursor, EventFilter, LogId, ResetReason, StreamItem},
    state::{core::Core, extent::Start},
};

/// The number of consecutive events that are filtered out before the cursor is sent again.
const LONG_SILENCE: u64 = 256;

/// The most events that are examined in one poll.
const EXAMINED_AT_ONCE: u64 = 256;

/// Reads one log for one subscriber.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) core: Arc<Core>,
    log: LogReader,
    filter: Option<Box<EventFilter>>,
    /// The sequence of the last event that was delivered or filtered out.
    position: u64,
    /// The reason for which the reader begins with the oldest event; `None` once `reset` was sent.
    reset: Option<ResetReason>,
    /// The sequence of the newest event when the subscription was made; `None` once `synced` was
    /// sent.
    sync_at: Option<u64>,
    /// The number of events that were filtered out since the cursor was last sent.
    silence: u64,
    ended: bool,
}

/// The reader of the log that was subscribed to.
#[derive(Debug)]
pub(super) enum LogReader {
    Runtime(RuntimeReader),
    Worker(Box<WorkerReader>),
}

impl Reader {
    /// Creates a reader that begins at `start`, in a log whose newest event has the sequence `head`. A
    /// position beyond `head` is lowered to `head`.
    pub(super) fn new(
        core: Arc<Core>,
        log: LogReader,
        filter: Option<EventFilter>,
        start: Start,
        head: u64,
    ) -> Self {
        Self {
            core,
            log,
            filter: filter.map(Box::new),
            position: start.position.min(head),
            reset: start.reset,
            sync_at: Some(head),
            silence: 0,
            ended: false,
        }
    }

    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<StreamItem>> {
        for _ in 0..EXAMINED_AT_ONCE {
            if self.ended {
                return Poll::Ready(None);
            }
            if let Some(reason) = self.reset.take() {
                let cursor = self.cursor();
                return Poll::Ready(Some(StreamItem::Reset { reason, cursor }));
            }
            if self.sync_at.is_some_and(|at| self.position >= at) {
                self.sync_at = None;
                return Poll::Ready(Some(self.synced()));
            }
            let item = match ready!(self.poll_log(context)) {
                Next::Event(commit, index) => self.deliver(&commit, index),
                Next::Missed { floor } => Some(self.gap_to(floor)),
                Next::Text(item) => Some(item),
                Next::Ended(reason) => {
                    self.ended = true;
                    Some(StreamItem::Ended { reason })
                }
            };
            if item.is_some() {
                return Poll::Ready(item);
            }
        }
        // Other tasks run before more events are examined, all of which may be filtered out.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_log(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        match &mut self.log {
            LogReader::Runtime(log) => log.poll_next(self.position, context),
            LogReader::Worker(log) => {
                log.poll_next(&self.core, self.position, self.sync_at.is_none(), context)
            }
        }
    }

    /// Returns the event if it passes the filter, or `synced` if a long run of events did not pass.
    fn deliver(&mut self, commit: &Published, index: usize) -> Option<StreamItem> {
        self.position += 1;
        if self.filter.as_ref().is_none_or(|filter| commit.passes(index, filter)) {
            self.silence = 0;
            let shown = commit.shown(index, &self.core.presenter, self.log_id());
            return Some(StreamItem::Event(shown));
        }
        self.silence += 1;
        let is_long = self.sync_at.is_none() && self.silence >= LONG_SILENCE;
        is_long.then(|| self.synced())
    }

    /// Returns a gap up to `floor`, and moves the position there.
    fn gap_to(&mut self, floor: u64) -> StreamItem {
        let missed = floor.saturating_sub(self.position);
        self.position = floor;
        self.silence = 0;
        StreamItem::Gap { missed, cursor: self.cursor() }
    }

    fn synced(&mut self) -> StreamItem {
        self.silence = 0;
        StreamItem::Synced { cursor: self.cursor() }
    }

    fn cursor(&self) -> Cursor {
        self.core.presenter.cursor(self.log_id(), self.position)
    }

    fn log_id(&self) -> LogId {
        match &self.log {
            LogReader::Runtime(log) => log.log_id(),
            LogReader::Worker(log) => LogId::Worker(log.worker_id()),
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        match &mut self.log {
            LogReader::Runtime(log) => log.leave(),
            LogReader::Worker(log) => log.leave(),
        }
    }
}

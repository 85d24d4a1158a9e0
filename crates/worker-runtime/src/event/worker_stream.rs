//! A live stream of a Worker's log, with the text of its running turn.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use super::{
    EventFilter, EventType, Fact, Room, RuntimeEvent, StoredEvent, StreamEvent, StreamItem,
    WakeSlot,
    runtime_stream::{LONG_SILENCE, READ_AHEAD},
    stream_item::EndReason,
};
use crate::{
    cell::Cell,
    core::Core,
    identity::TurnId,
    live::{Live, Piece, ReadOffsets},
    model::Severity,
    store::{EventPage, StoreError, StoreFuture},
};

/// A reader of a Worker's log and of its running turn's text.
#[derive(Debug)]
pub(super) struct WorkerStream {
    core: Arc<Core>,
    cell: Arc<Cell>,
    filter: Option<EventFilter>,
    /// The last event that was delivered or filtered out.
    position: u64,
    /// Where the log ended when the stream was made, until that was said.
    sync_at: Option<u64>,
    ahead: VecDeque<StoredEvent>,
    /// The Runtime's deletions when `ahead` was read.
    deletions: u64,
    silence: u64,
    /// Older events on their way from the store, and the log's end when they were asked for.
    fetch: Option<(StoreFuture<Result<EventPage, StoreError>>, u64)>,
    turn: Option<Following>,
    slot: WakeSlot,
    ended: bool,
}

/// The turn whose text the reader gets, and how far it has come.
#[derive(Debug)]
struct Following {
    turn_id: TurnId,
    live: Option<Arc<Live>>,
    offsets: ReadOffsets,
    slot: WakeSlot,
}

impl Following {
    fn new(turn_id: TurnId, live: Option<Arc<Live>>, offsets: ReadOffsets) -> Self {
        Self { turn_id, live, offsets, slot: WakeSlot::default() }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        if let Some(live) = &self.live {
            live.leave(self.slot);
        }
    }
}

impl WorkerStream {
    /// A stream from `position`; `None` if the Worker was deleted meanwhile.
    pub(super) fn new(
        core: Arc<Core>,
        cell: Arc<Cell>,
        filter: Option<EventFilter>,
        position: u64,
    ) -> Option<Self> {
        let (head, turn) = {
            let mut state = cell.lock();
            if state.deleted {
                return None;
            }
            state.log.get_or_insert_default().readers += 1;
            // Reasoning starts where the reader joins.
            let turn = state.live.as_ref().map(|live| {
                let offsets = ReadOffsets { answer: 0, reasoning: live.reasoning_end() };
                Following::new(live.turn_id, Some(Arc::clone(live)), offsets)
            });
            (state.record.worker_sequence, turn)
        };
        Some(Self {
            core,
            cell,
            filter,
            position: position.min(head),
            sync_at: Some(head),
            ahead: VecDeque::new(),
            deletions: 0,
            silence: 0,
            fetch: None,
            turn,
            slot: WakeSlot::default(),
            ended: false,
        })
    }

    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<StreamItem>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            if self.sync_at.is_some_and(|at| self.position >= at) {
                self.sync_at = None;
                return Poll::Ready(Some(self.synced()));
            }
            // What was copied before a deletion holds what is gone since.
            if self.deletions != self.core.deletions.load(Ordering::Acquire) {
                self.ahead.clear();
            }
            if let Some(rest) = self.rest_of_turn() {
                return Poll::Ready(Some(rest));
            }
            if let Some(event) = self.ahead.pop_front() {
                self.position += 1;
                self.follow(&event);
                if let Some(item) = self.deliver(&event) {
                    return Poll::Ready(Some(item));
                }
                continue;
            }
            match self.read(context) {
                Read::Ahead => {}
                Read::Item(item) => return Poll::Ready(Some(item)),
                Read::Nothing => return Poll::Pending,
            }
        }
    }

    /// The text that the reader has not seen of a turn whose end comes next.
    fn rest_of_turn(&mut self) -> Option<StreamItem> {
        let turn = self.turn.as_mut()?;
        let Fact::TurnEnded { turn: ended, entry: Some(entry) } = &self.ahead.front()?.fact else {
            return None;
        };
        if ended.turn_id != turn.turn_id {
            return None;
        }
        let offset = turn.offsets.answer;
        let rest = entry.text.get(offset..).filter(|rest| !rest.is_empty())?;
        turn.offsets.answer = entry.text.len();
        let turn_id = turn.turn_id;
        Some(StreamItem::TextDelta { turn_id, offset: offset as u64, text: rest.to_owned() })
    }

    /// Begins to follow a turn that starts, and leaves one that is over.
    fn follow(&mut self, event: &StoredEvent) {
        let event_type = event.event_type();
        // A turn that started before the stream was made is followed from the beginning, if it runs.
        let is_new = self.sync_at.is_none();
        if event_type == EventType::TurnStarted && is_new {
            self.turn =
                event.turn_id.map(|turn_id| Following::new(turn_id, None, ReadOffsets::default()));
        } else if event_type.ends_turn()
            && self.turn.as_ref().map(|turn| turn.turn_id) == event.turn_id
        {
            self.turn = None;
        }
    }

    fn deliver(&mut self, event: &StoredEvent) -> Option<StreamItem> {
        if self.filter.as_ref().is_some_and(|filter| !filter.matches(event)) {
            self.silence += 1;
            let is_long = self.sync_at.is_none() && self.silence >= LONG_SILENCE;
            return is_long.then(|| self.synced());
        }
        self.silence = 0;
        let Core { owner, epoch, .. } = &*self.core;
        let worker_id = self.cell.worker_id;
        let event = RuntimeEvent::in_worker_scope(owner, *epoch, worker_id, self.position, event);
        let cursor = self.core.worker_cursor(worker_id, self.position);
        Some(StreamItem::Event(Box::new(StreamEvent { event, cursor })))
    }

    fn synced(&mut self) -> StreamItem {
        self.silence = 0;
        StreamItem::Synced { cursor: self.core.worker_cursor(self.cell.worker_id, self.position) }
    }

    /// Copies what is new, or gets it from the store, or parks.
    fn read(&mut self, context: &mut Context<'_>) -> Read {
        if let Some((fetch, head)) = &mut self.fetch {
            let head = *head;
            let Poll::Ready(page) = Pin::new(fetch).poll(context) else { return Read::Nothing };
            self.fetch = None;
            return self.fetched(page, head);
        }
        let cell = Arc::clone(&self.cell);
        let mut state = cell.lock();
        self.deletions = self.core.deletions.load(Ordering::Acquire);
        let head = state.record.worker_sequence;
        if self.position < head {
            let until = self.sync_at.unwrap_or(head);
            let due = usize::try_from(until - self.position).unwrap_or(usize::MAX);
            let limit = READ_AHEAD.min(due);
            let log = state.log.get_or_insert_default();
            if let Some(events) = log.after(self.position, head, limit) {
                self.ahead.extend(events);
                return Read::Ahead;
            }
            if state.deleted {
                let floor = head - state.log.as_ref().map_or(0, |log| log.len());
                drop(state);
                return self.gap_to(floor);
            }
            drop(state);
            let worker_id = cell.worker_id;
            let page = self.core.ask(|it| it.events(worker_id, self.position, limit));
            self.fetch = Some((page, head));
            return Read::Ahead;
        }
        if self.turn.as_ref().is_some_and(|turn| turn.live.is_none())
            && let Some(live) = &state.live
            && let Some(turn) = &mut self.turn
            && live.turn_id == turn.turn_id
        {
            turn.live = Some(Arc::clone(live));
        }
        let deleted = state.deleted;
        if !deleted {
            state.log.get_or_insert_default().waiting.park(&mut self.slot, context.waker());
        }
        drop(state);
        if !deleted && let Some(piece) = self.read_text(context) {
            return Read::Item(piece);
        }
        let reason = if deleted {
            EndReason::WorkerDeleted
        } else if self.core.is_closed() {
            EndReason::RuntimeStopped
        } else {
            return Read::Nothing;
        };
        self.ended = true;
        Read::Item(StreamItem::Ended { reason })
    }

    /// Everything new of the running turn's text or reasoning, as one delta.
    fn read_text(&mut self, context: &Context<'_>) -> Option<StreamItem> {
        let turn = self.turn.as_mut()?;
        let live = Arc::clone(turn.live.as_ref()?);
        let turn_id = turn.turn_id;
        match live.read(&mut turn.offsets, &mut turn.slot, context.waker())? {
            Piece::Reasoning { offset, text } => {
                Some(StreamItem::ReasoningDelta { turn_id, offset: offset as u64, text })
            }
            Piece::Answer { offset, mut text } => {
                while let Some(more) = live.more_answer(&mut turn.offsets) {
                    text.push_str(&more);
                }
                Some(StreamItem::TextDelta { turn_id, offset: offset as u64, text })
            }
        }
    }

    fn fetched(&mut self, page: Result<EventPage, StoreError>, head: u64) -> Read {
        match page {
            Ok(page) if page.oldest > self.position + 1 => self.gap_to((page.oldest - 1).min(head)),
            Ok(page) if page.events.is_empty() => self.gap_to(head),
            Ok(page) => {
                // The store may know more than was published when it was asked.
                let published = usize::try_from(head - self.position).unwrap_or(usize::MAX);
                self.ahead.extend(page.events.into_iter().take(published));
                Read::Ahead
            }
            Err(error) => {
                tracing::warn!(%error, "events could not be read");
                let message = "the store did not give older events to a subscriber";
                self.core.note(Severity::Error, message, Some(self.cell.worker_id), None);
                self.gap_to(head)
            }
        }
    }

    /// Tells that events up to `floor` were missed, and goes on from there.
    fn gap_to(&mut self, floor: u64) -> Read {
        let missed = floor.saturating_sub(self.position);
        self.position = floor;
        self.silence = 0;
        // The start of the running turn may be among what was missed.
        let live = self.cell.lock().live.clone();
        if self.turn.as_ref().map(|turn| turn.turn_id) != live.as_ref().map(|live| live.turn_id) {
            // What is left of a turn whose end was missed is not shown out of its place.
            self.turn = live
                .filter(|_| self.sync_at.is_none())
                .map(|live| Following::new(live.turn_id, Some(live), ReadOffsets::default()));
        }
        let cursor = self.core.cursor_in(Room::Worker(self.cell.worker_id), floor);
        Read::Item(StreamItem::Gap { missed, cursor })
    }
}

enum Read {
    Ahead,
    Item(StreamItem),
    Nothing,
}

impl Drop for WorkerStream {
    fn drop(&mut self) {
        self.cell.leave(self.slot);
    }
}

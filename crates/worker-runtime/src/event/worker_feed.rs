//! What a Worker's log has for a reader, older events from the store included, and the text of its
//! running turn.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use super::{
    EndReason, EventType, StoredEvent, WakeSlot,
    following::Following,
    log_reader::{Found, Wanted},
    stretch::{Stretch, Told},
};
use crate::{
    cell::Cell,
    core::Core,
    identity::WorkerId,
    model::Severity,
    store::{EventPage, StoreError, StoreFuture},
};

/// A Worker's log, and the reader's place among those who wait for it.
#[derive(Debug)]
pub(super) struct WorkerFeed {
    cell: Arc<Cell>,
    /// Older events on their way from the store, and the log's end when they were asked for.
    fetch: Option<(StoreFuture<Result<EventPage, StoreError>>, u64)>,
    turn: Option<Following>,
    slot: WakeSlot,
}

impl WorkerFeed {
    /// The Worker's log and where it ends; `None` if the Worker was deleted meanwhile.
    pub(super) fn new(cell: Arc<Cell>) -> Option<(Self, u64)> {
        let (head, turn) = {
            let mut state = cell.lock();
            if state.deleted {
                return None;
            }
            state.log.get_or_insert_default().readers += 1;
            (state.record.worker_sequence, state.live.as_ref().map(Following::joined))
        };
        Some((Self { cell, fetch: None, turn, slot: WakeSlot::default() }, head))
    }

    pub(super) fn worker_id(&self) -> WorkerId {
        self.cell.worker_id
    }

    pub(super) fn poll(
        &mut self,
        core: &Core,
        wanted: Wanted,
        context: &mut Context<'_>,
    ) -> Poll<Found> {
        if self.fetch.is_some() {
            return self.poll_fetch(core, wanted, context);
        }
        let Wanted { position, .. } = wanted;
        let mut state = self.cell.lock();
        let head = state.record.worker_sequence;
        if position < head {
            let limit = wanted.up_to(head);
            let log = state.log.get_or_insert_default();
            if let Some(events) = log.after(position, head, limit) {
                drop(state);
                return Poll::Ready(self.take(core, wanted, events));
            }
            if state.deleted {
                let floor = head - state.log.as_ref().map_or(0, |log| log.len());
                drop(state);
                return Poll::Ready(self.missed(wanted, floor));
            }
            drop(state);
            let page = core.ask(|it| it.events(self.worker_id(), position, limit));
            self.fetch = Some((page, head));
            return self.poll_fetch(core, wanted, context);
        }
        if state.deleted {
            return Poll::Ready(Found::Ended(EndReason::WorkerDeleted));
        }
        if let Some(turn) = &mut self.turn {
            turn.find(state.live.as_ref());
        }
        state.log.get_or_insert_default().waiting.park(&mut self.slot, context.waker());
        drop(state);
        if let Some(text) = self.turn.as_mut().and_then(|turn| turn.read(context)) {
            return Poll::Ready(Found::Text(text));
        }
        if core.is_closed() {
            return Poll::Ready(Found::Ended(EndReason::RuntimeStopped));
        }
        Poll::Pending
    }

    fn poll_fetch(
        &mut self,
        core: &Core,
        wanted: Wanted,
        context: &mut Context<'_>,
    ) -> Poll<Found> {
        let Some((fetch, head)) = &mut self.fetch else { return Poll::Pending };
        let head = *head;
        let page = ready!(Pin::new(fetch).poll(context));
        self.fetch = None;
        Poll::Ready(match page {
            Ok(page) if page.oldest > wanted.position + 1 => {
                self.missed(wanted, (page.oldest - 1).min(head))
            }
            Ok(page) if page.events.is_empty() => self.missed(wanted, head),
            Ok(mut page) => {
                // The store may know more than was published when it was asked.
                page.events.truncate(wanted.up_to(head));
                self.take(core, wanted, page.events)
            }
            Err(error) => {
                tracing::warn!(%error, "events could not be read");
                let message = "the store did not give older events to a subscriber";
                core.note(Severity::Error, message, Some(self.worker_id()), None);
                self.missed(wanted, head)
            }
        })
    }

    /// The events up to the end of a turn whose text the reader has not got; or that text.
    fn take(&mut self, core: &Core, wanted: Wanted, mut events: Vec<StoredEvent>) -> Found {
        let mut taken = 0;
        for event in &events {
            match &mut self.turn {
                Some(turn) if taken == 0 => {
                    if let Some(text) = turn.rest_before(event) {
                        return Found::Text(text);
                    }
                }
                Some(turn) if turn.comes_before(event) => break,
                Some(_) | None => {}
            }
            self.follow(wanted, event);
            taken += 1;
        }
        events.truncate(taken);
        let told = Told::Worker(self.worker_id(), events);
        let stretch = Stretch::new(core, wanted.position, taken, told);
        Found::Events(Arc::new(stretch), 0..taken)
    }

    /// Begins to follow a turn that starts, and leaves one that is over.
    fn follow(&mut self, wanted: Wanted, event: &StoredEvent) {
        let event_type = event.event_type();
        // A turn that started before the reader came is followed from the beginning, if it runs.
        let is_new = wanted.sync_at.is_none();
        if event_type == EventType::TurnStarted && is_new {
            self.turn = event.turn_id.map(Following::begun);
        } else if event_type.ends_turn() {
            self.turn.take_if(|turn| turn.is_of(event.turn_id));
        }
    }

    /// Nothing up to `floor` is kept, among it perhaps the start of the running turn.
    fn missed(&mut self, wanted: Wanted, floor: u64) -> Found {
        let live = self.cell.lock().live.clone();
        let turn_id = live.as_ref().map(|live| live.turn_id);
        let is_followed = self.turn.as_ref().map_or(turn_id.is_none(), |it| it.is_of(turn_id));
        if !is_followed {
            // What is left of a turn whose end was missed is not shown out of its place.
            self.turn = live.filter(|_| wanted.sync_at.is_none()).as_ref().map(Following::running);
        }
        Found::Missed { floor }
    }

    /// Frees the reader's place.
    pub(super) fn leave(&self) {
        self.cell.leave(self.slot);
    }
}

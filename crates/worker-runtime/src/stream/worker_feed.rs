//! What a Worker's log has for a reader, older events from the store included, and the text of its
//! running turn.

use std::{
    ops::Range,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use crate::{
    identity::WorkerId,
    log::{
        EventRun, Part, Parts,
        run::Turning,
        stretch::{Stretch, Told},
    },
    model::{EndReason, Severity},
    state::{core::Core, worker_cell::Cell},
    store::{EventPage, StoreError, StoreFuture, StoredEvent},
    stream::{
        following::Following,
        log_reader::{Found, Wanted},
    },
    sync::WakeSlot,
};

/// A Worker's log, and the reader's place among those who wait for it.
#[derive(Debug)]
pub(crate) struct WorkerFeed {
    cell: Arc<Cell>,
    /// Older events on their way from the store, and the log's end when they were asked for.
    fetch: Option<(StoreFuture<Result<EventPage, StoreError>>, u64)>,
    /// Where what was read has not been given out, because text was due before it.
    rest: Option<(Arc<Stretch>, Range<usize>)>,
    turn: Option<Following>,
    slot: WakeSlot,
}

/// Text that is due before an event.
struct Due<'a> {
    /// The event's place in its stretch.
    place: usize,
    text: &'a str,
}

impl WorkerFeed {
    /// The Worker's log and where it ends; `None` if the Worker was deleted meanwhile.
    pub(crate) fn new(cell: Arc<Cell>) -> Option<(Self, u64)> {
        let (head, turn) = {
            let mut state = cell.lock();
            if state.deleted {
                return None;
            }
            state.log_mut().readers += 1;
            (state.record.worker_sequence, state.live.as_ref().map(Following::joined))
        };
        Some((Self { cell, fetch: None, rest: None, turn, slot: WakeSlot::default() }, head))
    }

    pub(crate) fn worker_id(&self) -> WorkerId {
        self.cell.worker_id
    }

    /// Forgets what was read and not given out.
    pub(crate) fn forget(&mut self) {
        self.rest = None;
    }

    pub(crate) fn poll(
        &mut self,
        core: &Core,
        wanted: Wanted,
        context: &mut Context<'_>,
    ) -> Poll<Found> {
        if self.fetch.is_some() {
            return self.poll_fetch(core, wanted, context);
        }
        if let Some((stretch, places)) = self.rest.take() {
            return Poll::Ready(self.give(wanted, stretch, places));
        }
        let Wanted { position, .. } = wanted;
        let mut state = self.cell.lock();
        let head = state.record.worker_sequence;
        if position < head {
            let limit = wanted.up_to(head);
            let log = state.log_mut();
            if let Some(parts) = log.copy_after(position, limit) {
                drop(state);
                return Poll::Ready(self.give_first(core, wanted, parts));
            }
            let floor = log.floor();
            if state.deleted {
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
        state.log_mut().waiting.park(&mut self.slot, context.waker());
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
                let alone = |event: StoredEvent| Part { commit: event.into(), places: 0..1 };
                let parts = page.events.into_iter().map(alone).collect();
                self.give_first(core, wanted, parts)
            }
            Err(error) => {
                tracing::warn!(%error, "events could not be read");
                let message = "the store did not give older events to a subscriber";
                core.note(Severity::Error, message, Some(self.worker_id()), None);
                self.missed(wanted, head)
            }
        })
    }

    /// What comes first of events that were read right after the position.
    fn give_first(&mut self, core: &Core, wanted: Wanted, parts: Parts<EventRun>) -> Found {
        let count = parts.iter().map(|it| it.places.len()).sum();
        let told = Told::Worker(self.worker_id(), parts);
        self.give(wanted, Arc::new(Stretch::new(core, wanted.position, count, told)), 0..count)
    }

    /// What comes first of these places, the first of which is right after the position: the events up
    /// to the end of a turn whose text the reader has not got, or that text.
    fn give(&mut self, wanted: Wanted, stretch: Arc<Stretch>, mut places: Range<usize>) -> Found {
        // A turn that started before the reader came is followed from the beginning, if it runs.
        let is_new = wanted.sync_at.is_none();
        if let Some(Due { place, text }) = self.follow(&stretch, &places, is_new) {
            if let Some(turn) = self.turn.as_mut().filter(|_| place == places.start) {
                let text = turn.take_rest(text);
                self.rest = Some((stretch, places));
                return Found::Text(text);
            }
            self.rest = Some((Arc::clone(&stretch), place..places.end));
            places.end = place;
        }
        Found::Events(stretch, places)
    }

    /// Follows turns that begin and leaves those that end, up to one that ends before the reader has
    /// got its text.
    fn follow<'a>(
        &mut self,
        stretch: &'a Stretch,
        places: &Range<usize>,
        is_new: bool,
    ) -> Option<Due<'a>> {
        for (place, turning) in stretch.turnings(places) {
            match turning {
                Turning::Begins(turn_id) if is_new => {
                    self.turn = Some(Following::begun(turn_id));
                }
                Turning::Begins(_) => {}
                Turning::Ends { turn_id, answer } => {
                    let turn = self.turn.take_if(|it| it.is_of(Some(turn_id)));
                    let unread = turn.as_ref().and_then(|it| it.unread(answer?));
                    if let Some(text) = unread {
                        self.turn = turn;
                        return Some(Due { place, text });
                    }
                }
            }
        }
        None
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
    pub(crate) fn leave(&self) {
        self.cell.leave(self.slot);
    }
}

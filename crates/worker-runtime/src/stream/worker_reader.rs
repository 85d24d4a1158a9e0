//! Reads a Worker's log, older events from the store included, and the text of its running turn.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use super::{
    following::{Following, Read},
    next::{AT_ONCE, Next, event_after},
};
use crate::{
    identity::WorkerId,
    log::{Published, Source},
    model::{EndReason, Severity, StreamItem},
    state::{core::Core, older_events::OlderEvents, worker_cell::Cell},
    store::{StoreError, StoredEventBody},
    sync::WakeSlot,
};

/// Reads a Worker's log, and the text of the turn that the subscriber follows.
pub(super) struct WorkerReader {
    cell: Arc<Cell>,
    /// Commits that were read and not given out as a whole.
    pending: VecDeque<Arc<Published>>,
    /// Older events on their way from the store, and the log's head when they were asked for.
    fetch: Option<(Fetch, u64)>,
    turn: Option<Following>,
    slot: WakeSlot,
}

type Fetch = Pin<Box<dyn Future<Output = Result<OlderEvents, StoreError>> + Send>>;

impl WorkerReader {
    /// Reads the Worker's log; gives the sequence of its newest event as well. `None` if the Worker
    /// was deleted meanwhile.
    pub(super) fn new(cell: Arc<Cell>) -> Option<(Self, u64)> {
        let (head, turn) = {
            let mut state = cell.lock();
            if state.deleted {
                return None;
            }
            state.log_mut().readers += 1;
            (state.record.worker_sequence, state.live.as_ref().map(Following::joined))
        };
        let (pending, slot) = (VecDeque::new(), WakeSlot::default());
        Some((Self { cell, pending, fetch: None, turn, slot }, head))
    }

    pub(super) fn worker_id(&self) -> WorkerId {
        self.cell.worker_id
    }

    /// Forgets what was read and not given out.
    pub(super) fn forget(&mut self) {
        self.pending.clear();
        self.fetch = None;
    }

    /// What comes after `position`; parks the waker if that is nothing yet. Turns that start once the
    /// reader is synced are followed from their beginning.
    pub(super) fn poll_next(
        &mut self,
        core: &Arc<Core>,
        position: u64,
        is_synced: bool,
        context: &mut Context<'_>,
    ) -> Poll<Next> {
        loop {
            if let Some((commit, index)) = event_after(position, &mut self.pending) {
                let text = self.follow(&commit, index, is_synced);
                return Poll::Ready(text.map_or_else(|| Next::Event(commit, index), Next::Text));
            }
            if self.fetch.is_some() {
                if let Some(missed) = ready!(self.poll_fetch(core, is_synced, context)) {
                    return Poll::Ready(missed);
                }
                continue;
            }
            let mut state = self.cell.lock();
            let head = state.record.worker_sequence;
            if position < head {
                let log = state.log_mut();
                let floor = log.events.floor();
                if position >= floor {
                    self.pending = log.events.after(position, AT_ONCE);
                } else if state.deleted {
                    drop(state);
                    return Poll::Ready(self.missed(floor, is_synced));
                } else {
                    drop(state);
                    self.fetch = Some((self.older_events(core, position, head), head));
                }
                continue;
            }
            if state.deleted {
                return Poll::Ready(Next::Ended(EndReason::WorkerDeleted));
            }
            if let Some(turn) = &mut self.turn {
                turn.find(state.live.as_ref());
            }
            state.log_mut().waiting.park(&mut self.slot, context.waker());
            drop(state);
            match self.turn.as_mut().map_or(Read::Nothing, |turn| turn.read(context)) {
                Read::Text(item) => return Poll::Ready(Next::Text(item)),
                // The turn has ended since the log was read: its end is in the log, or the Runtime
                // has closed.
                Read::Over if !core.is_closed() => {}
                Read::Over | Read::Nothing if core.is_closed() => {
                    return Poll::Ready(Next::Ended(EndReason::RuntimeStopped));
                }
                Read::Over | Read::Nothing => return Poll::Pending,
            }
        }
    }

    fn older_events(&self, core: &Arc<Core>, position: u64, head: u64) -> Fetch {
        let (core, worker_id) = (Arc::clone(core), self.cell.worker_id);
        // The store may know more than is published.
        let limit = usize::try_from(head - position).unwrap_or(usize::MAX).min(AT_ONCE);
        Box::pin(async move { core.older_events(worker_id, position, limit).await })
    }

    /// Waits for events from the store; gives what was missed if they are not there.
    fn poll_fetch(
        &mut self,
        core: &Core,
        is_synced: bool,
        context: &mut Context<'_>,
    ) -> Poll<Option<Next>> {
        let Some((fetch, head)) = &mut self.fetch else { return Poll::Ready(None) };
        let head = *head;
        let found = ready!(fetch.as_mut().poll(context));
        self.fetch = None;
        Poll::Ready(match found {
            Ok(OlderEvents::Events(block)) => {
                let page = Published::new(block.first, Source::Worker(Arc::new(block)));
                self.pending.push_back(Arc::new(page));
                None
            }
            Ok(OlderEvents::Missed { floor }) => Some(self.missed(floor.min(head), is_synced)),
            Ok(OlderEvents::Absent) => Some(self.missed(head, is_synced)),
            Err(error) => {
                tracing::warn!(%error, "events could not be read");
                let message = "the store did not give older events to a subscriber";
                core.note(Severity::Error, message, Some(self.worker_id()), None);
                Some(self.missed(head, is_synced))
            }
        })
    }

    /// Follows a turn that begins with an event, and leaves one that ends with it. Gives the text that
    /// is due before the event.
    fn follow(&mut self, commit: &Published, index: usize, is_synced: bool) -> Option<StreamItem> {
        let Source::Worker(block) = &commit.source else { return None };
        let event = &block.events[index];
        match (&event.stored.body, event.stored.turn_id) {
            (StoredEventBody::TurnStarted, Some(turn_id)) if is_synced => {
                self.turn = Some(Following::begun(turn_id));
            }
            (StoredEventBody::TurnEnded { .. }, Some(turn_id)) => {
                let turn = self.turn.as_mut().filter(|turn| turn.is_of(Some(turn_id)))?;
                let rest = turn.rest(commit.reasoning.as_deref(), event.entry.as_deref());
                if rest.is_some() {
                    return rest;
                }
                self.turn = None;
            }
            (
                StoredEventBody::WorkerCreated { .. }
                | StoredEventBody::WorkerUpdated { .. }
                | StoredEventBody::WorkerStateChanged { .. }
                | StoredEventBody::WorkerDeleted
                | StoredEventBody::InputAccepted { .. }
                | StoredEventBody::TurnStarted
                | StoredEventBody::TurnRetrying { .. }
                | StoredEventBody::TurnEnded { .. },
                _,
            ) => {}
        }
        None
    }

    /// Nothing up to `floor` is kept, among it perhaps the start of the running turn.
    fn missed(&mut self, floor: u64, is_synced: bool) -> Next {
        let live = self.cell.lock().live.clone();
        let turn_id = live.as_ref().map(|live| live.turn_id);
        let is_followed = self.turn.as_ref().map_or(turn_id.is_none(), |turn| turn.is_of(turn_id));
        if !is_followed {
            // What is left of a turn whose end was missed is not shown out of its place.
            self.turn = live.filter(|_| is_synced).as_ref().map(Following::running);
        }
        Next::Missed { floor }
    }

    /// Frees the reader's place among those who wait.
    pub(super) fn leave(&self) {
        self.cell.leave(self.slot);
    }
}

impl fmt::Debug for WorkerReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerReader")
            .field("worker_id", &self.cell.worker_id)
            .field("turn", &self.turn)
            .finish_non_exhaustive()
    }
}

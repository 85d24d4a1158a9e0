//! Reads a Worker's log, older events from the store included, and the text of its running turn.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use super::{
    following::{Following, Read},
    next::{AT_ONCE, Next, event_after},
};
use crate::{
    identity::WorkerId,
    log::{Published, Source},
    model::{EndReason, StreamItem},
    state::{core::Core, older_events::OlderEvents, station::Station, worker_cell::WorkerCell},
    store::{Complaint, ReadError, StoredEventBody},
    sync::{Timer, WakeSlot, after},
};

/// Reads a Worker's log, and the text of the turn that the subscriber follows.
pub(super) struct WorkerReader {
    cell: Arc<WorkerCell>,
    /// Commits that were read and not delivered completely.
    pending: VecDeque<Arc<Published>>,
    /// The request for older events from the store, and the last of them that it asks for.
    fetch: Option<(Fetch, u64)>,
    /// The time at which this request is given up, once the Runtime has ended.
    gives_up: Option<Timer>,
    turn: Option<Following>,
    slot: WakeSlot,
}

/// The time after the end of the Runtime for which older events are waited for.
const PATIENCE: Duration = Duration::from_millis(500);

type Fetch = Pin<Box<dyn Future<Output = Result<OlderEvents, ReadError>> + Send>>;

impl WorkerReader {
    /// Creates a reader of the Worker's log. Returns the sequence of the newest event too, or
    /// `None` if the Worker was deleted meanwhile.
    pub(super) fn new(cell: Arc<WorkerCell>) -> Option<(Self, u64)> {
        let (head, turn) = {
            let mut state = cell.lock();
            if state.deleted {
                return None;
            }
            state.log_mut().readers += 1;
            (state.record.worker_sequence, state.live.as_ref().map(Following::joined))
        };
        let (pending, slot) = (VecDeque::new(), WakeSlot::default());
        Some((Self { cell, pending, fetch: None, gives_up: None, turn, slot }, head))
    }

    pub(super) fn worker_id(&self) -> WorkerId {
        self.cell.worker_id
    }

    /// Returns the item after `position`, or parks the waker if there is none yet. Turns that start
    /// once the reader is synced are followed from their beginning.
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
                // The end of the Runtime wakes the reader, whatever the store does.
                self.slot.bring(context);
                self.cell.lock().log_mut().waiting.park(&mut self.slot);
                if core.is_cut_off() {
                    self.fetch = None;
                    return Poll::Ready(Next::Ended(EndReason::RuntimeStopped));
                }
                match self.poll_fetch(core, is_synced, context) {
                    Poll::Ready(Some(missed)) => return Poll::Ready(missed),
                    Poll::Ready(None) => continue,
                    Poll::Pending => {
                        ready!(self.poll_gives_up(core, context));
                        let last = self.fetch.take().map_or(position, |(_, last)| last);
                        return Poll::Ready(self.missed(last, is_synced));
                    }
                }
            }
            self.slot.bring(context);
            // Whether the Runtime has ended is read before the log is: nothing is published after
            // the end, so that the log that is read afterwards is complete.
            let is_closed = core.is_closed();
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
                } else if core.is_cut_off() {
                    return Poll::Ready(Next::Ended(EndReason::RuntimeStopped));
                } else {
                    drop(state);
                    self.fetch = Some((self.older_events(core, position, floor), floor));
                    self.gives_up = None;
                }
                continue;
            }
            if state.deleted {
                return Poll::Ready(Next::Ended(EndReason::WorkerDeleted));
            }
            if is_closed {
                return Poll::Ready(Next::Ended(EndReason::RuntimeStopped));
            }
            if let Some(turn) = &mut self.turn {
                turn.find(state.live.as_ref());
            }
            state.log_mut().waiting.park(&mut self.slot);
            drop(state);
            core.stations.pass(Station::Read, self.worker_id());
            match self.turn.as_mut().map_or(Read::Nothing, |turn| turn.read(context)) {
                Read::Text(item) => return Poll::Ready(Next::Text(item)),
                // The turn has ended since the log was read. The log is read again, because the end
                // of the turn is in it by now.
                Read::Over => {}
                // The Runtime may have ended, and have woken its readers, before this one was
                // parked. The log is read again here too.
                Read::Nothing if core.is_closed() => {}
                Read::Nothing => return Poll::Pending,
            }
        }
    }

    /// Asks the store for the events after `position` up to `floor`, after which the log has them.
    /// The events of the log are those that were published, and alone have the reasoning.
    fn older_events(&self, core: &Arc<Core>, position: u64, floor: u64) -> Fetch {
        let (core, cell) = (Arc::clone(core), Arc::clone(&self.cell));
        let limit = usize::try_from(floor - position).unwrap_or(usize::MAX).min(AT_ONCE);
        Box::pin(async move { core.older_events(&cell, position, limit).await })
    }

    /// Waits for events from the store. Returns `Next::Missed` if the store does not give them.
    fn poll_fetch(
        &mut self,
        core: &Core,
        is_synced: bool,
        context: &mut Context<'_>,
    ) -> Poll<Option<Next>> {
        let Some((fetch, last)) = &mut self.fetch else { return Poll::Ready(None) };
        let last = *last;
        let found = ready!(fetch.as_mut().poll(context));
        self.fetch = None;
        Poll::Ready(match found {
            Ok(OlderEvents::Events(block)) => {
                let page = Published::new(block.first, Source::Worker(Arc::new(block)));
                self.pending.push_back(Arc::new(page));
                None
            }
            Ok(OlderEvents::Missed { floor }) => Some(self.missed(floor.min(last), is_synced)),
            Err(ReadError::Deleted | ReadError::Contradiction) => {
                Some(self.missed(last, is_synced))
            }
            Err(ReadError::Failed(error)) => {
                tracing::warn!(%error, "events could not be read");
                // The events of a Worker that was deleted meanwhile are not owed to anybody.
                if !self.cell.erased.is_set() {
                    core.store.complain(Complaint::NotGiven, self.worker_id());
                }
                Some(self.missed(last, is_synced))
            }
        })
    }

    /// Waits until the Runtime has ended and a while has passed since, so that a store that hangs
    /// keeps no stream from its end.
    fn poll_gives_up(&mut self, core: &Core, context: &mut Context<'_>) -> Poll<()> {
        if !core.is_closed() {
            return Poll::Pending;
        }
        let until = || core.executor.timer(after(core.executor.now(), PATIENCE));
        Pin::new(self.gives_up.get_or_insert_with(until)).poll(context)
    }

    /// Follows a turn that begins with an event, and leaves the turn that ends with it. Returns the
    /// text that must be delivered before the event.
    fn follow(&mut self, commit: &Published, index: usize, is_synced: bool) -> Option<StreamItem> {
        let Source::Worker(block) = &commit.source else { return None };
        let event = &block.events[index];
        let turn_id = event.stored.turn_id?;
        if is_synced && matches!(event.stored.body, StoredEventBody::TurnStarted) {
            self.turn = Some(Following::begun(turn_id));
        }
        if matches!(event.stored.body, StoredEventBody::TurnEnded { .. }) {
            let turn = self.turn.as_mut().filter(|turn| turn.is_of(Some(turn_id)))?;
            if !block.is_erased() {
                let rest = turn.rest(commit.reasoning.as_deref(), event.entry.as_deref());
                if rest.is_some() {
                    return rest;
                }
            }
            self.turn = None;
        }
        None
    }

    /// Returns a gap up to `floor`. The start of the running turn may be in the gap, so a reader
    /// that is synced follows that turn from here.
    fn missed(&mut self, floor: u64, is_synced: bool) -> Next {
        let live = self.cell.lock().live.clone();
        let turn_id = live.as_ref().map(|live| live.turn_id);
        let is_followed = self.turn.as_ref().map_or(turn_id.is_none(), |turn| turn.is_of(turn_id));
        if !is_followed {
            // The rest of a turn whose end was missed is not delivered, because it would be out of
            // order.
            self.turn = live.filter(|_| is_synced).as_ref().map(Following::running);
        }
        Next::Missed { floor }
    }

    /// Removes the reader from the Worker's log, which is dropped with its last reader.
    pub(super) fn leave(&self) {
        self.cell.leave(&self.slot);
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

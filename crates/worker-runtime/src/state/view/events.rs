//! Reads pages of an event log for queries.

use std::{collections::VecDeque, pin::pin, sync::Arc};

use super::{PageBudget, Reader, Stride};
use crate::{
    error::RuntimeError,
    identity::WorkerRef,
    log::{JoinedEvent, Published, Source},
    model::{EventFilter, EventsFrom, LogId, RuntimeEvent, Scope},
    state::{extent::Start, older_events::OlderEvents, worker_cell::WorkerCell},
    sync::fair,
};

/// One page of a log: the events that pass the filter, and the position that was reached.
#[derive(Debug)]
pub(crate) struct EventRange {
    pub(crate) items: Vec<RuntimeEvent>,
    /// The sequence of the last event that was examined.
    pub(crate) examined: u64,
    /// Whether the log has events after `examined`.
    pub(crate) more: bool,
}

/// A page that is being filled, and the room that is left in it.
struct Page<'a> {
    filter: Option<&'a EventFilter>,
    log: LogId,
    items: Vec<RuntimeEvent>,
    /// The sequence of the last event that was examined.
    examined: u64,
    items_left: usize,
    bytes: PageBudget,
    /// The number of events that are read from the store at once.
    stride: Stride,
    /// Whether the next event would be too much for the page.
    is_full: bool,
    events_left: usize,
}

/// The most events of a Worker that are read from memory at once.
const AT_ONCE: usize = 256;

impl Reader<'_> {
    /// Returns the position at which a reader begins that starts at `from`.
    pub(crate) async fn begin(
        self,
        scope: Scope,
        from: &EventsFrom,
    ) -> Result<Start, RuntimeError> {
        match scope {
            Scope::Runtime(_) => {
                self.core().start(self.caller.log_id(), from, self.caller.runtime_extent())
            }
            Scope::Worker(scope) => {
                let cell = self.caller.find(scope.worker)?;
                let extent = pin!(self.core().worker_extent(&cell));
                let extent = self.in_time(&cell, extent).await?;
                self.core().start(LogId::Worker(cell.worker_id), from, extent)
            }
        }
    }

    /// Returns the events after the sequence `after` that pass the filter, at most `limit` of them.
    ///
    /// The page may end sooner: when it is full in bytes, or when the bound on examined events is
    /// reached.
    pub(crate) async fn events(
        self,
        scope: Scope,
        after: u64,
        filter: Option<&EventFilter>,
        limit: usize,
    ) -> Result<EventRange, RuntimeError> {
        let log = match scope {
            Scope::Runtime(_) => self.caller.log_id(),
            Scope::Worker(scope) => LogId::Worker(scope.worker.worker_id),
        };
        let examined = usize::try_from(self.limits().page_items.max(1000)).unwrap_or(usize::MAX);
        let page = Page {
            filter,
            log,
            items: Vec::new(),
            examined: after,
            items_left: limit,
            bytes: PageBudget::new(),
            stride: Stride::new(),
            is_full: false,
            events_left: examined.max(limit),
        };
        match scope {
            Scope::Runtime(_) => self.runtime_events(page),
            Scope::Worker(scope) => self.worker_events(scope.worker, page).await,
        }
    }

    fn runtime_events(self, mut page: Page<'_>) -> Result<EventRange, RuntimeError> {
        let (commits, head) = {
            let board = self.core().log.lock();
            let part = board.part(self.caller.tenant.as_deref());
            let Some(events) = part.map(|part| &part.events) else {
                return Ok(page.into_range(0));
            };
            if page.examined < events.floor() {
                let earliest = self.caller.runtime_cursor(events.floor());
                return Err(RuntimeError::CursorExpired { earliest });
            }
            (events.after(page.examined, page.events_left), events.head())
        };
        page.take(self, &commits);
        Ok(page.into_range(head))
    }

    async fn worker_events(
        self,
        worker: WorkerRef,
        mut page: Page<'_>,
    ) -> Result<EventRange, RuntimeError> {
        let cell = self.caller.find(worker)?;
        let mut head = cell.record()?.worker_sequence;
        while page.has_room() && page.examined < head {
            let commits = match self.worker_commits(&cell, &mut page, head).await {
                // The time is up, and the reply has what there is.
                Err(_)
                    if !page.items.is_empty() && self.until.is_some_and(|it| self.is_past(it)) =>
                {
                    break;
                }
                commits => commits?,
            };
            page.take(self, &commits);
            // If the Worker was deleted in between, this returns the error.
            head = cell.record()?.worker_sequence;
            if page.has_room() && page.examined < head {
                fair().await;
            }
        }
        Ok(page.into_range(head))
    }

    /// Reads events of a Worker for a page, at least one, from memory or else from the store. No event after `head` is taken from the store, which may have events that are
    /// committed and not published yet.
    async fn worker_commits(
        self,
        cell: &Arc<WorkerCell>,
        page: &mut Page<'_>,
        head: u64,
    ) -> Result<VecDeque<Arc<Published>>, RuntimeError> {
        let after = page.examined;
        let in_memory = {
            let state = cell.lock();
            let log = state.log.as_ref().filter(|log| after >= log.events.floor());
            log.map(|log| log.events.after(after, AT_ONCE)).filter(|commits| !commits.is_empty())
        };
        if let Some(commits) = in_memory {
            return Ok(commits);
        }
        let published = usize::try_from(head - after).unwrap_or(usize::MAX);
        let older = self.core().older_events(cell, after, published.min(page.at_once()));
        match self.in_time(cell, pin!(older)).await? {
            OlderEvents::Events(block) => {
                page.stride.learn(block.events.iter().map(JoinedEvent::text_bytes));
                let page = Published::new(block.first, Source::Worker(Arc::new(block)));
                Ok(VecDeque::from([Arc::new(page)]))
            }
            OlderEvents::Missed { floor } => {
                let earliest = self.core().worker_cursor(cell.worker_id, floor);
                Err(RuntimeError::CursorExpired { earliest })
            }
        }
    }
}

impl Page<'_> {
    /// Returns the number of events to read from the store.
    fn at_once(&self) -> usize {
        let wanted = if self.filter.is_some() { usize::MAX } else { self.items_left };
        self.stride.get().min(wanted)
    }

    fn has_room(&self) -> bool {
        self.items_left > 0 && !self.is_full && self.events_left > 0
    }

    /// Examines the events that follow the last examined one, until the page is full.
    fn take(&mut self, reader: Reader<'_>, commits: &VecDeque<Arc<Published>>) {
        for commit in commits {
            while let Some(index) = commit.index_of(self.examined + 1) {
                if !self.has_room() {
                    return;
                }
                if self.filter.is_none_or(|filter| commit.passes(index, filter)) {
                    let shown = commit.shown(index, &reader.core().presenter, self.log);
                    if !self.bytes.takes(&shown.event) {
                        self.is_full = true;
                        return;
                    }
                    self.items_left -= 1;
                    self.items.push(shown.event.clone());
                }
                self.examined += 1;
                self.events_left -= 1;
            }
        }
    }

    fn into_range(self, head: u64) -> EventRange {
        EventRange { more: self.examined < head, examined: self.examined, items: self.items }
    }
}

//! The events that one commit, or the Runtime itself, added to a log.

use std::sync::{Arc, OnceLock};

use super::{EventBlock, Presenter, RuntimeFact, RuntimeSource, Tail};
use crate::model::{EventFilter, Labels, LogId, StreamEvent};

/// The events of one commit in one log, created once and shared by every reader.
#[derive(Debug)]
pub(crate) struct Published {
    /// The sequence of the commit's first event in the log.
    pub(crate) first: u64,
    pub(crate) source: Source,
    /// In the log of the Runtime or of a tenant: the sequence of an event of the same Worker's previous
    /// commit, or 0 if there is none. A deletion follows these sequences to erase all events of the
    /// Worker.
    pub(crate) previous: u64,
    /// In the log of a tenant: the sequence of the first event in the Runtime's log.
    pub(crate) in_runtime: u64,
    /// In a Worker's log: the end of the reasoning of the turn that the commit ended, for
    /// subscribers that have not read it yet.
    pub(crate) reasoning: Option<Arc<Tail>>,
    /// The events as subscribers receive them, created when the first reader asks for them.
    shown: OnceLock<Box<[Arc<StreamEvent>]>>,
}

/// The source of events: a Worker or the Runtime itself.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Worker(Arc<EventBlock>),
    /// Behind a pointer, so that the many events of Workers take no memory for it.
    Runtime(Arc<RuntimeSource>),
}

impl Source {
    /// Returns the tenant that the events are about, if they are about one.
    pub(crate) fn tenant(&self) -> Option<&str> {
        match self {
            Self::Worker(block) => block.owner.tenant.as_deref(),
            Self::Runtime(source) => match &source.fact {
                RuntimeFact::Diagnostic(diagnostic) => diagnostic.tenant.as_deref(),
                RuntimeFact::Started | RuntimeFact::Stopping { .. } | RuntimeFact::Stopped => None,
            },
        }
    }
}

impl Published {
    pub(crate) fn new(first: u64, source: Source) -> Self {
        Self { first, source, previous: 0, in_runtime: 0, reasoning: None, shown: OnceLock::new() }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.source {
            Source::Worker(block) => block.events.len(),
            Source::Runtime(_) => 1,
        }
    }

    /// Returns the sequence of the last event.
    pub(crate) fn last(&self) -> u64 {
        self.first + self.len() as u64 - 1
    }

    /// Returns the index of the event with this sequence, or `None` if it is not in this commit.
    pub(crate) fn index_of(&self, sequence: u64) -> Option<usize> {
        let index = usize::try_from(sequence.checked_sub(self.first)?).ok()?;
        (index < self.len()).then_some(index)
    }

    /// Returns whether the event at `index` passes a filter. The filter is compared with the labels
    /// that the Worker had after the event, and with those before the event if it changed them.
    pub(crate) fn passes(&self, index: usize, filter: &EventFilter) -> bool {
        match &self.source {
            Source::Worker(block) => {
                let event = &block.events[index].stored;
                let redacted;
                let event = if block.is_erased() {
                    redacted = event.redacted();
                    &redacted
                } else {
                    event
                };
                let tenant = block.owner.tenant.as_deref();
                filter.passes(event.event_type(), tenant, &event.labels, event.labels_before())
            }
            Source::Runtime(source) => {
                let tenant = self.source.tenant();
                filter.passes(source.fact.event_type(), tenant, &Labels::new(), None)
            }
        }
    }

    /// Returns the event at `index` as subscribers to the log `log` receive it.
    pub(crate) fn shown(
        &self,
        index: usize,
        presenter: &Presenter,
        log: LogId,
    ) -> Arc<StreamEvent> {
        let shown = self.shown.get_or_init(|| presenter.show(self, log));
        let event = &shown[index];
        if self.is_erased() && !event.event.redacted {
            // The Worker was deleted since the events were first shown.
            return presenter.show_one(self, index, log);
        }
        Arc::clone(event)
    }

    /// Whether the names and texts of the events are erased.
    pub(crate) fn is_erased(&self) -> bool {
        match &self.source {
            Source::Worker(block) => block.is_erased(),
            Source::Runtime(_) => false,
        }
    }

    /// Returns the same events without names and texts.
    pub(crate) fn redacted(&self) -> Arc<Self> {
        let source = match &self.source {
            Source::Worker(block) => Source::Worker(Arc::new(block.redacted())),
            Source::Runtime(source) => Source::Runtime(Arc::clone(source)),
        };
        let Self { previous, in_runtime, .. } = *self;
        Arc::new(Self { previous, in_runtime, ..Self::new(self.first, source) })
    }
}

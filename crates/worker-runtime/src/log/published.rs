//! What one commit, or the Runtime itself, left in a log.

use std::sync::{Arc, OnceLock};

use super::{EventBlock, Presenter, RuntimeSource, Tail};
use crate::model::{EventFilter, Labels, LogId, StreamEvent};

/// The events of one commit in one log: made once, shared by every reader.
#[derive(Debug)]
pub(crate) struct Published {
    /// The sequence in the log of the first event.
    pub(crate) first: u64,
    pub(crate) source: Source,
    /// In the Runtime's log: the sequence of an event of the same Worker's previous commit, so that
    /// a deletion finds them all; 0 for none.
    pub(crate) previous: u64,
    /// In a Worker's log: the end of the reasoning of the turn that the commit ended, for subscribers
    /// who have not read it yet.
    pub(crate) reasoning: Option<Arc<Tail>>,
    /// The events as people see them, made when the first reader asks.
    shown: OnceLock<Box<[Arc<StreamEvent>]>>,
}

/// Whose events they are.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Worker(Arc<EventBlock>),
    Runtime(RuntimeSource),
}

impl Published {
    pub(crate) fn new(first: u64, source: Source) -> Self {
        Self { first, source, previous: 0, reasoning: None, shown: OnceLock::new() }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.source {
            Source::Worker(block) => block.events.len(),
            Source::Runtime(_) => 1,
        }
    }

    /// The sequence of the last event.
    pub(crate) fn last(&self) -> u64 {
        self.first + self.len() as u64 - 1
    }

    /// The place of the event with this sequence, if it is one of these.
    pub(crate) fn index_of(&self, sequence: u64) -> Option<usize> {
        let index = usize::try_from(sequence.checked_sub(self.first)?).ok()?;
        (index < self.len()).then_some(index)
    }

    /// Whether the event at `index` passes a filter, by what the Worker was when it happened.
    pub(crate) fn passes(&self, index: usize, filter: &EventFilter) -> bool {
        match &self.source {
            Source::Worker(block) => {
                let event = &block.events[index].stored;
                filter.passes(event.event_type(), &event.labels, event.labels_before())
            }
            Source::Runtime(source) => {
                filter.passes(source.fact.event_type(), &Labels::new(), None)
            }
        }
    }

    /// The events as people see them in the log `log`.
    pub(crate) fn shown(&self, presenter: &Presenter, log: LogId) -> &[Arc<StreamEvent>] {
        self.shown.get_or_init(|| presenter.show(self, log))
    }

    /// The same without names and texts.
    pub(crate) fn redacted(&self) -> Self {
        let source = match &self.source {
            Source::Worker(block) => Source::Worker(Arc::new(block.redacted())),
            Source::Runtime(source) => Source::Runtime(source.clone()),
        };
        Self { previous: self.previous, ..Self::new(self.first, source) }
    }
}

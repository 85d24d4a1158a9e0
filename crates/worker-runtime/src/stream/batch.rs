//! What a subscription has ready at once.

use std::sync::Arc;

use crate::{
    log::{places::Places, stretch::Stretch},
    model::{StreamEvent, StreamItem},
    stream::SharedEvent,
};

/// What a subscription has ready at once.
#[derive(Clone, Debug)]
pub enum Batch {
    /// Events, at least one.
    Events(Events),
    /// One item that is no event.
    Notice(StreamItem),
}

/// Events of one log, in its order. Those who read the log on the same thread share them, so looking
/// at one costs next to nothing.
#[derive(Clone, Debug)]
pub struct Events {
    stretch: Arc<Stretch>,
    chosen: Places,
}

impl Events {
    pub(crate) fn new(stretch: Arc<Stretch>, chosen: Places) -> Self {
        Self { stretch, chosen }
    }

    /// How many there are; at least one.
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.chosen.len()
    }

    /// The events, in order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &StreamEvent> {
        let events = self.stretch.events();
        self.chosen.clone().map(move |place| &events[place])
    }
}

impl IntoIterator for Events {
    type Item = SharedEvent;
    type IntoIter = SharedEvents;

    fn into_iter(self) -> SharedEvents {
        let Self { stretch, chosen } = self;
        SharedEvents { stretch, chosen }
    }
}

/// The events of a batch, to be kept one by one.
#[derive(Clone, Debug)]
pub struct SharedEvents {
    stretch: Arc<Stretch>,
    chosen: Places,
}

impl SharedEvents {
    /// The sequence before the next event, if there is one.
    pub(crate) fn position(&self) -> Option<u64> {
        self.chosen.lowest().map(|place| self.stretch.before(place))
    }

    /// What is left, as a batch.
    pub(crate) fn rest(&self) -> Option<Events> {
        self.chosen.lowest().map(|_| Events::new(Arc::clone(&self.stretch), self.chosen.clone()))
    }
}

impl Iterator for SharedEvents {
    type Item = SharedEvent;

    fn next(&mut self) -> Option<SharedEvent> {
        let place = self.chosen.next()?;
        Some(SharedEvent::in_stretch(Arc::clone(&self.stretch), place))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.chosen.size_hint()
    }
}

impl ExactSizeIterator for SharedEvents {}

//! An event in a stream, shared with others who read the same log.

use std::{fmt, ops::Deref, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{log::stretch::Stretch, model::StreamEvent};

/// A [`StreamEvent`] that is shared with others who read the same log. Cloning it is cheap.
///
/// As long as it is kept, so are the events that were read together with it: up to 128, as people
/// see them.
#[derive(Clone)]
pub struct SharedEvent(Held);

#[derive(Clone)]
enum Held {
    InStretch { stretch: Arc<Stretch>, place: usize },
    Alone(Arc<StreamEvent>),
}

impl SharedEvent {
    pub(crate) fn in_stretch(stretch: Arc<Stretch>, place: usize) -> Self {
        Self(Held::InStretch { stretch, place })
    }
}

impl Deref for SharedEvent {
    type Target = StreamEvent;

    fn deref(&self) -> &StreamEvent {
        match &self.0 {
            Held::InStretch { stretch, place } => &stretch.events()[*place],
            Held::Alone(event) => event,
        }
    }
}

impl From<StreamEvent> for SharedEvent {
    fn from(event: StreamEvent) -> Self {
        Self(Held::Alone(Arc::new(event)))
    }
}

impl PartialEq for SharedEvent {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for SharedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl Serialize for SharedEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SharedEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StreamEvent::deserialize(deserializer).map(Self::from)
    }
}

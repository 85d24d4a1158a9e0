//! The items of a subscription's stream.

use std::{ops::Deref, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::{Cursor, EventType, RuntimeEvent, UnknownVariant};
use crate::identity::TurnId;

/// An item that a subscription delivers. On the wire an event is one flat object, which has the
/// `cursor` beside the event's own fields.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StreamItem {
    /// An event. All readers of a log share one allocation of it.
    Event(Arc<StreamEvent>),
    /// More of the running turn's answer. Offset 0 replaces what was shown, any other appends.
    TextDelta {
        /// The running turn.
        turn_id: TurnId,
        /// Where the text begins in the answer, in bytes of UTF-8.
        offset: u64,
        /// The text.
        text: String,
    },
    /// More of the running turn's reasoning. A jump in the offset shows that some was missed.
    ReasoningDelta {
        /// The running turn.
        turn_id: TurnId,
        /// Where the text begins in the reasoning, in bytes of UTF-8.
        offset: u64,
        /// The text.
        text: String,
    },
    /// Everything up to here was delivered or filtered out.
    Synced {
        /// Where to go on from.
        cursor: Cursor,
    },
    /// The log moved past the reader. The stream goes on.
    Gap {
        /// How many events were missed.
        missed: u64,
        /// Where the stream goes on from.
        cursor: Cursor,
    },
    /// Nothing more will come.
    Ended {
        /// Why.
        reason: EndReason,
    },
    /// A notice that this version of the crate does not know. An event of an unknown type is an
    /// [`Event`](Self::Event) with an unknown body.
    Unknown(UnknownVariant),
}

/// An event in a stream.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StreamEvent {
    /// The event.
    #[serde(flatten)]
    pub event: RuntimeEvent,
    /// The position right after it, in the subscription's scope.
    pub cursor: Cursor,
}

impl StreamEvent {
    /// Makes an item of an event and the position right after the event.
    #[must_use]
    pub fn new(event: RuntimeEvent, cursor: Cursor) -> Self {
        Self { event, cursor }
    }
}

impl Deref for StreamEvent {
    type Target = RuntimeEvent;

    fn deref(&self) -> &RuntimeEvent {
        &self.event
    }
}

/// Why a stream ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EndReason {
    /// The Worker was deleted.
    WorkerDeleted,
    /// The Runtime has stopped.
    RuntimeStopped,
}

/// The items that are no events, as they are written.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Notice {
    /// More of the running turn's answer. Offset 0 replaces what was shown, any other appends.
    TextDelta {
        /// The running turn.
        turn_id: TurnId,
        /// Where the text begins in the answer, in bytes of UTF-8.
        #[schemars(range(max = 9_007_199_254_740_991_u64))]
        offset: u64,
        /// The text.
        text: String,
    },
    /// More of the running turn's reasoning. A jump in the offset shows that some was missed.
    ReasoningDelta {
        /// The running turn.
        turn_id: TurnId,
        /// Where the text begins in the reasoning, in bytes of UTF-8.
        #[schemars(range(max = 9_007_199_254_740_991_u64))]
        offset: u64,
        /// The text.
        text: String,
    },
    /// Everything up to here was delivered or filtered out.
    Synced {
        /// Where to go on from.
        cursor: Cursor,
    },
    /// The log moved past the reader. The stream goes on.
    Gap {
        /// How many events were missed.
        #[schemars(range(max = 9_007_199_254_740_991_u64))]
        missed: u64,
        /// Where the stream goes on from.
        cursor: Cursor,
    },
    /// Nothing more will come.
    Ended {
        /// Why.
        reason: EndReason,
    },
}

/// The `type` of every notice.
const NOTICES: [&str; 5] = ["text_delta", "reasoning_delta", "synced", "gap", "ended"];

impl Serialize for StreamItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.clone() {
            Self::Event(event) => return event.serialize(serializer),
            Self::TextDelta { turn_id, offset, text } => {
                Notice::TextDelta { turn_id, offset, text }
            }
            Self::ReasoningDelta { turn_id, offset, text } => {
                Notice::ReasoningDelta { turn_id, offset, text }
            }
            Self::Synced { cursor } => Notice::Synced { cursor },
            Self::Gap { missed, cursor } => Notice::Gap { missed, cursor },
            Self::Ended { reason } => Notice::Ended { reason },
            Self::Unknown(unknown) => return unknown.serialize(serializer),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StreamItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let tag = value.get("type").and_then(Value::as_str).unwrap_or_default();
        if EventType::ALL.iter().any(|event_type| event_type.as_str() == tag) {
            let event = StreamEvent::deserialize(value).map_err(de::Error::custom)?;
            return Ok(Self::Event(Arc::new(event)));
        }
        if !NOTICES.contains(&tag) {
            // An event of an unknown type still has all the fields that every event has.
            if let Ok(event) = StreamEvent::deserialize(&value) {
                return Ok(Self::Event(Arc::new(event)));
            }
            let unknown = UnknownVariant::read(value, |_| false).map_err(de::Error::custom)?;
            return Ok(Self::Unknown(unknown));
        }
        Ok(match Notice::deserialize(value).map_err(de::Error::custom)? {
            Notice::TextDelta { turn_id, offset, text } => {
                Self::TextDelta { turn_id, offset, text }
            }
            Notice::ReasoningDelta { turn_id, offset, text } => {
                Self::ReasoningDelta { turn_id, offset, text }
            }
            Notice::Synced { cursor } => Self::Synced { cursor },
            Notice::Gap { missed, cursor } => Self::Gap { missed, cursor },
            Notice::Ended { reason } => Self::Ended { reason },
        })
    }
}

impl JsonSchema for StreamItem {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StreamItem".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let event = generator.subschema_for::<RuntimeEvent>();
        let notice = generator.subschema_for::<Notice>();
        json_schema!({
            "description": "What a subscription delivers: an event with its cursor, or a notice.",
            "oneOf": [event, notice]
        })
    }
}

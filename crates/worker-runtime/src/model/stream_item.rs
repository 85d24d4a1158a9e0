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
    /// A piece of the answer of the running turn. A piece with offset 0 replaces the text that was
    /// shown before; any other piece is appended.
    TextDelta {
        /// The id of the running turn.
        turn_id: TurnId,
        /// The place in the answer at which the piece begins, in bytes of UTF-8.
        offset: u64,
        /// The text of the piece.
        text: String,
    },
    /// A piece of the model's reasoning in the running turn. If the offset jumps, some of the
    /// reasoning was missed.
    ReasoningDelta {
        /// The id of the running turn.
        turn_id: TurnId,
        /// The place in the reasoning at which the piece begins, in bytes of UTF-8.
        offset: u64,
        /// The text of the piece.
        text: String,
    },
    /// A notice that the cursor of the request could not be used, so that the stream begins with the
    /// oldest event that is kept. It is the first item.
    Reset {
        /// The reason for which the cursor could not be used.
        reason: ResetReason,
        /// The position right before the oldest event that is kept.
        cursor: Cursor,
    },
    /// A notice that everything up to the cursor was delivered or filtered out.
    Synced {
        /// The position up to which everything was delivered or filtered out. Another subscription
        /// can go on from it.
        cursor: Cursor,
    },
    /// A notice that events were missed, because the log no longer keeps them. The stream goes on.
    Gap {
        /// The number of events that were missed, including those that the filter would have left
        /// out.
        missed: u64,
        /// The position right after the missed events, from which the stream goes on.
        cursor: Cursor,
    },
    /// A notice that the stream has ended. It is the last item.
    Ended {
        /// The reason for which the stream ended.
        reason: EndReason,
    },
    /// A notice that this version of the crate does not know. An event of an unknown type is an
    /// [`Event`](Self::Event) with an unknown body.
    Unknown(UnknownVariant),
}

impl StreamItem {
    /// Returns the `type` of the item on the wire, such as `turn_completed` or `text_delta`. It is the
    /// `event` of a server-sent event.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Event(item) => item.event.body.name(),
            Self::TextDelta { .. } => "text_delta",
            Self::ReasoningDelta { .. } => "reasoning_delta",
            Self::Reset { .. } => "reset",
            Self::Synced { .. } => "synced",
            Self::Gap { .. } => "gap",
            Self::Ended { .. } => "ended",
            Self::Unknown(unknown) => &unknown.r#type,
        }
    }

    /// Returns the position from which another subscription goes on after this item, if the item has
    /// one: text has none, because a new subscription gives the running answer from its beginning. It is
    /// the `id` of a server-sent event.
    #[must_use]
    pub fn cursor(&self) -> Option<&Cursor> {
        match self {
            Self::Event(item) => Some(&item.cursor),
            Self::Reset { cursor, .. } | Self::Synced { cursor } | Self::Gap { cursor, .. } => {
                Some(cursor)
            }
            Self::TextDelta { .. }
            | Self::ReasoningDelta { .. }
            | Self::Ended { .. }
            | Self::Unknown(_) => None,
        }
    }
}

/// An event in a stream.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StreamEvent {
    /// The event.
    #[serde(flatten)]
    pub event: RuntimeEvent,
    /// The position right after the event, in the scope of the subscription.
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

/// The reason for which a stream ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EndReason {
    /// The Worker was deleted.
    WorkerDeleted,
    /// The Runtime has stopped.
    RuntimeStopped,
}

/// The reason for which a cursor could not be used: the code of the error with which the cursor would
/// have been refused.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResetReason {
    /// The events after the cursor are no longer kept.
    CursorExpired,
    /// The cursor lies past the end of the log, as after a store was restored from a backup.
    CursorAhead,
    /// The cursor belongs to another log, as to that of another start of the Runtime.
    CursorForeign,
    /// The text is not a cursor of any Runtime.
    CursorMalformed,
}

/// A notice in a stream: an item that is not an event.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Notice {
    /// A piece of the answer of the running turn. A piece with offset 0 replaces the text that was
    /// shown before; any other piece is appended.
    TextDelta {
        /// The id of the running turn.
        turn_id: TurnId,
        /// The place in the answer at which the piece begins, in bytes of UTF-8.
        #[schemars(range(max = 9_007_199_254_740_991_u64))]
        offset: u64,
        /// The text of the piece.
        text: String,
    },
    /// A piece of the model's reasoning in the running turn. If the offset jumps, some of the
    /// reasoning was missed.
    ReasoningDelta {
        /// The id of the running turn.
        turn_id: TurnId,
        /// The place in the reasoning at which the piece begins, in bytes of UTF-8.
        #[schemars(range(max = 9_007_199_254_740_991_u64))]
        offset: u64,
        /// The text of the piece.
        text: String,
    },
    /// A notice that the cursor of the request could not be used, so that the stream begins with the
    /// oldest event that is kept. It is the first item.
    Reset {
        /// The reason for which the cursor could not be used.
        reason: ResetReason,
        /// The position right before the oldest event that is kept.
        cursor: Cursor,
    },
    /// A notice that everything up to the cursor was delivered or filtered out.
    Synced {
        /// The position up to which everything was delivered or filtered out. Another subscription
        /// can go on from it.
        cursor: Cursor,
    },
    /// A notice that events were missed, because the log no longer keeps them. The stream goes on.
    Gap {
        /// The number of events that were missed, including those that the filter would have left
        /// out.
        #[schemars(range(max = 9_007_199_254_740_991_u64))]
        missed: u64,
        /// The position right after the missed events, from which the stream goes on.
        cursor: Cursor,
    },
    /// A notice that the stream has ended. It is the last item.
    Ended {
        /// The reason for which the stream ended.
        reason: EndReason,
    },
}

/// The `type` of every notice.
const NOTICES: [&str; 6] = ["text_delta", "reasoning_delta", "reset", "synced", "gap", "ended"];

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
            Self::Reset { reason, cursor } => Notice::Reset { reason, cursor },
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
            Notice::Reset { reason, cursor } => Self::Reset { reason, cursor },
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
            "description": "An item that a subscription delivers: an event with its cursor, or a notice.",
            "oneOf": [event, notice]
        })
    }
}

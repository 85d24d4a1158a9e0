//! Cursors: opaque positions in a log, which detect that they belong to another log.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::identity::{Epoch, RuntimeId, WorkerId};

/// A position in a log: right after some event, or before the first.
///
/// A cursor is opaque: it may be kept, sent and compared for equality, and is valid only in the log
/// that it came from. Equal positions have equal texts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cursor(Repr);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Repr {
    At(Position),
    /// A text that is not a position: an altered cursor, or the empty cursor in a preview of a
    /// creation.
    Text(Box<str>),
}

/// The kind of thing that a cursor belongs to another one of.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CursorOrigin {
    /// The cursor belongs to another Runtime.
    Runtime,
    /// The cursor belongs to another start of this Runtime.
    Epoch,
    /// The cursor belongs to the other scope: to the Runtime where a Worker's is needed, or the
    /// reverse.
    Scope,
    /// The cursor belongs to another Worker.
    Worker,
}

impl CursorOrigin {
    /// Returns the word for the origin in messages.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Runtime => "Runtime",
            Self::Epoch => "start of the Runtime",
            Self::Scope => "scope",
            Self::Worker => "worker",
        }
    }
}

impl CursorOrigin {
    /// Returns what to do with a cursor of another origin.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Runtime => "begin at `oldest` or `now`, or ask the Runtime that it came from",
            Self::Epoch => "begin at `oldest` or `now`, or go on by the cursors of the workers",
            Self::Scope => "use it in the scope that it came from, or begin at `oldest` or `now`",
            Self::Worker => {
                "use it for the worker that it came from, or begin at `oldest` or `now`"
            }
        }
    }
}

/// The reason why a cursor is not a position in a log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NotAPosition {
    /// The text is not a cursor of any Runtime.
    Malformed,
    /// The cursor is well-formed, but belongs to another log.
    Foreign(CursorOrigin),
}

/// A position in a log: the log, and the number of its events before the position.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Position {
    pub(crate) runtime_id: RuntimeId,
    pub(crate) log: LogId,
    pub(crate) sequence: u64,
}

/// One of the logs of a Runtime.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LogId {
    /// The log of one start of the Runtime.
    Runtime(Epoch),
    /// The log of a Worker.
    Worker(WorkerId),
}

const VERSION: u8 = 1;
const BODY: usize = 1 + 1 + 16 + 16 + 8;

impl Cursor {
    /// Returns the empty cursor, which stands for the log of a Worker that does not exist yet.
    pub(crate) fn nowhere() -> Self {
        Self(Repr::Text("".into()))
    }

    /// Returns the sequence of the cursor, or the reason why the cursor is not a position in `log`.
    pub(crate) fn sequence_in(
        &self,
        runtime_id: RuntimeId,
        log: LogId,
    ) -> Result<u64, NotAPosition> {
        let Repr::At(position) = &self.0 else {
            return Err(NotAPosition::Malformed);
        };
        let foreign = |what| Err(NotAPosition::Foreign(what));
        if position.runtime_id != runtime_id {
            return foreign(CursorOrigin::Runtime);
        }
        match (position.log, log) {
            (LogId::Runtime(theirs), LogId::Runtime(ours)) if theirs != ours => {
                foreign(CursorOrigin::Epoch)
            }
            (LogId::Worker(theirs), LogId::Worker(ours)) if theirs != ours => {
                foreign(CursorOrigin::Worker)
            }
            (LogId::Runtime(_), LogId::Worker(_)) | (LogId::Worker(_), LogId::Runtime(_)) => {
                foreign(CursorOrigin::Scope)
            }
            (LogId::Runtime(_), LogId::Runtime(_)) | (LogId::Worker(_), LogId::Worker(_)) => {
                Ok(position.sequence)
            }
        }
    }

    fn parse(text: &str) -> Option<Position> {
        let mut bytes = [0; BODY + 4];
        let written = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (body, check) = bytes.split_at(BODY);
        if written != bytes.len()
            || check != crc32fast::hash(body).to_be_bytes()
            || body[0] != VERSION
        {
            return None;
        }
        let uuid = |from: usize| Uuid::from_slice(&body[from..from + 16]).ok();
        let log = match body[1] {
            b'r' => LogId::Runtime(Epoch::from_uuid(uuid(18)?)),
            b'w' => LogId::Worker(WorkerId::from_uuid(uuid(18)?)),
            _ => return None,
        };
        Some(Position {
            runtime_id: RuntimeId::from_uuid(uuid(2)?),
            log,
            sequence: u64::from_be_bytes(body[34..42].try_into().ok()?),
        })
    }
}

impl From<Position> for Cursor {
    fn from(position: Position) -> Self {
        Self(Repr::At(position))
    }
}

impl From<&str> for Cursor {
    fn from(text: &str) -> Self {
        Self(Self::parse(text).map_or_else(|| Repr::Text(text.into()), Repr::At))
    }
}

impl Position {
    fn encode<T>(&self, use_text: impl FnOnce(&str) -> T) -> T {
        let (tag, id) = match &self.log {
            LogId::Runtime(epoch) => (b'r', epoch.as_uuid()),
            LogId::Worker(worker_id) => (b'w', worker_id.as_uuid()),
        };
        let mut bytes = [0; BODY + 4];
        bytes[0] = VERSION;
        bytes[1] = tag;
        bytes[2..18].copy_from_slice(self.runtime_id.as_uuid().as_bytes());
        bytes[18..34].copy_from_slice(id.as_bytes());
        bytes[34..42].copy_from_slice(&self.sequence.to_be_bytes());
        let check = crc32fast::hash(&bytes[..BODY]);
        bytes[BODY..].copy_from_slice(&check.to_be_bytes());
        let mut text = [0; (BODY + 4) * 4 / 3 + 4];
        let length = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text).unwrap_or_default();
        use_text(std::str::from_utf8(&text[..length]).unwrap_or_default())
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::At(position) => position.encode(|text| f.write_str(text)),
            Repr::Text(text) => f.write_str(text),
        }
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Repr::At(position) => position.encode(|text| serializer.serialize_str(text)),
            Repr::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self::from(text.as_str()))
    }
}

impl JsonSchema for Cursor {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cursor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A position in a log of events: an opaque text, to be kept, sent back and \
                compared for equality. It is valid only in the log that it came from.",
            "type": "string"
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn position(runtime: u128, other: u128, worker: bool, sequence: u64) -> Position {
        let other = Uuid::from_u128(other);
        Position {
            runtime_id: RuntimeId::from_uuid(Uuid::from_u128(runtime)),
            log: if worker {
                LogId::Worker(WorkerId::from_uuid(other))
            } else {
                LogId::Runtime(Epoch::from_uuid(other))
            },
            sequence,
        }
    }

    proptest! {
        #[test]
        fn a_cursor_survives_its_text(runtime: u128, other: u128, worker: bool, sequence: u64) {
            let cursor = Cursor::from(position(runtime, other, worker, sequence));
            prop_assert_eq!(Cursor::from(cursor.to_string().as_str()), cursor);
        }

        #[test]
        fn an_altered_text_is_no_position(
            runtime: u128, other: u128, sequence: u64,
            at in 0_usize..62, to in "[-A-Za-z0-9_=. ]",
        ) {
            let mut text = Cursor::from(position(runtime, other, true, sequence)).to_string();
            prop_assume!(at < text.len() && text[at..=at] != to);
            text.replace_range(at..=at, &to);
            let altered = Cursor::from(text.as_str());
            prop_assert!(matches!(altered.0, Repr::Text(_)));
        }
    }
}

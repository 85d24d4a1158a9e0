//! The form of an error on the wire.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value, json};

use super::RuntimeError;

impl Serialize for RuntimeError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", self.code())?;
        map.serialize_entry("message", &self.to_string())?;
        map.serialize_entry("retry", &self.retry())?;
        if let Value::Object(fields) = self.fields() {
            for (name, value) in &fields {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

impl RuntimeError {
    /// Returns the fields of the error's code.
    fn fields(&self) -> Value {
        match self {
            Self::InvalidRequest { field, problem } => {
                json!({ "field": field, "problem": problem })
            }
            Self::WorkerBusy { turn_id, started_at_ms } => {
                json!({ "turn_id": turn_id, "started_at_ms": started_at_ms })
            }
            Self::ScopeConflict { resource, holder } => {
                json!({ "resource": resource, "holder": holder })
            }
            Self::LimitOutOfRange { field, min, max } => {
                json!({ "field": field, "min": min, "max": max })
            }
            Self::TooLarge { field, max } => json!({ "field": field, "max": max }),
            Self::CapacityExhausted { what, max } => json!({ "what": what, "max": max }),
            Self::CursorExpired { earliest } => json!({ "earliest": earliest }),
            Self::CursorAhead { latest } => json!({ "latest": latest }),
            Self::CursorForeign { what } => json!({ "what": what }),
            Self::NotAllowed { what } => json!({ "what": what }),
            Self::StoreFailed { certain, repeatable: _ } => json!({ "certain": certain }),
            Self::Internal { diagnostic_id } => json!({ "diagnostic_id": diagnostic_id }),
            Self::Unknown(error) => Value::Object(error.fields.clone()),
            Self::WrongRuntime {}
            | Self::RuntimeStopping {}
            | Self::RuntimeStopped {}
            | Self::WorkerNotFound {}
            | Self::TurnNotFound {}
            | Self::WorkerStopping {}
            | Self::WorkerEnded {}
            | Self::WorkerNotTerminal {}
            | Self::ProfileNotFound {}
            | Self::IdempotencyConflict {}
            | Self::CursorMalformed {} => Value::Object(Map::new()),
        }
    }
}

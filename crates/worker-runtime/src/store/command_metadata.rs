//! The idempotency key and the metadata of a command, as stored with the events that it caused.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::Meta;
use crate::store::StoredTurn;

/// The idempotency key and the metadata of the command that caused an event.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CommandMetadata {
    /// The idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<Arc<str>>,
    /// The metadata; never empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Arc<Meta>>,
}

impl CommandMetadata {
    /// Returns the metadata of a command, or `None` if the command has neither metadata nor a key.
    pub(crate) fn of_command(
        meta: Option<&Meta>,
        idempotency_key: Option<&str>,
    ) -> Option<Arc<Self>> {
        let meta = meta.filter(|meta| !meta.is_empty()).cloned().map(Arc::new);
        Self { idempotency_key: idempotency_key.map(Arc::from), meta }.unless_empty()
    }

    /// Returns the metadata of the command that began the turn, or `None` if that command has
    /// neither metadata nor a key.
    pub(crate) fn of_turn(turn: &StoredTurn) -> Option<Arc<Self>> {
        Self { idempotency_key: turn.idempotency_key.clone(), meta: turn.meta.clone() }
            .unless_empty()
    }

    fn unless_empty(self) -> Option<Arc<Self>> {
        (self != Self::default()).then(|| Arc::new(self))
    }
}

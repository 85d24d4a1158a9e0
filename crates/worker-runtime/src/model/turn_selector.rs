//! Selectors of a turn.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::TurnId;

/// The choice of one of a Worker's turns.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each payload documents itself")]
#[non_exhaustive]
pub enum TurnSelector {
    Id(TurnSelectorId),
    Key(TurnSelectorKey),
    Latest(TurnSelectorLatest),
}

impl TurnSelector {
    /// Selects the turn with this id.
    #[must_use]
    pub const fn id(turn_id: TurnId) -> Self {
        Self::Id(TurnSelectorId { turn_id })
    }

    /// Selects the latest turn whose command had this idempotency key.
    pub fn key(idempotency_key: impl Into<String>) -> Self {
        Self::Key(TurnSelectorKey { idempotency_key: idempotency_key.into() })
    }

    /// Selects the turn that began last.
    #[must_use]
    pub const fn latest() -> Self {
        Self::Latest(TurnSelectorLatest {})
    }
}

impl From<TurnId> for TurnSelector {
    fn from(turn_id: TurnId) -> Self {
        Self::id(turn_id)
    }
}

/// The turn with a given id.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TurnSelectorId {
    /// The id of the turn.
    pub turn_id: TurnId,
}

/// The latest turn whose command had a given idempotency key.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TurnSelectorKey {
    /// The idempotency key of the command that began the turn, of 1 to `key_chars` characters.
    #[schemars(length(min = 1, max = 128))]
    pub idempotency_key: String,
}

/// The turn that began last.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TurnSelectorLatest {}

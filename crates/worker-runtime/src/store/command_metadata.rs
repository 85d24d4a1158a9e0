//! The idempotency key and the metadata of a command.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{Meta, Shared, TurnDetail, Usual};

/// The idempotency key and the metadata of a command, which events, entries and turns that the command
/// causes show. Most commands have neither.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Tags {
    /// The idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<Arc<str>>,
    /// The metadata; never empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Arc<Meta>>,
}

impl Usual for Tags {
    fn usual() -> &'static Self {
        &Self { idempotency_key: None, meta: None }
    }
}

impl Tags {
    pub(crate) fn new(meta: Option<&Meta>, idempotency_key: Option<&str>) -> Shared<Self> {
        let meta = meta.filter(|meta| !meta.is_empty()).cloned().map(Arc::new);
        Self { idempotency_key: idempotency_key.map(Arc::from), meta }.into()
    }

    /// The metadata and the key of the command that began the turn.
    pub(crate) fn of_turn(turn: &TurnDetail) -> Shared<Self> {
        Self { idempotency_key: turn.idempotency_key.clone(), meta: turn.meta.clone() }.into()
    }
}

//! What a Backend adds to a command.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{Meta, Shared, Usual};

/// The key that a command came with, and the Backend's remarks on it. Shown on everything that the
/// command causes; most have neither.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Tags {
    /// The key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<Arc<str>>,
    /// The remarks; never empty.
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
        let meta = meta.filter(|it| !it.is_empty()).cloned().map(Arc::new);
        Self { idempotency_key: idempotency_key.map(Arc::from), meta }.into()
    }
}

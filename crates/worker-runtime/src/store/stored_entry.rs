//! An entry of a transcript as stores keep it.

use std::sync::Arc;

use llm_engine::Role;
use serde::{Deserialize, Serialize};

use crate::{
    identity::TurnId,
    model::{Meta, TranscriptEntry, Usage},
};

/// An entry of a Worker's transcript as it is committed and kept. It never changes once it is there.
///
/// The Runtime shows it as a [`TranscriptEntry`]. The two are types of their own, so that what is
/// stored can have parts that nobody is shown.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StoredEntry {
    /// The number of the entry in the transcript; the first is 1, and no number is left out.
    pub sequence: u64,
    /// The speaker of the entry.
    pub role: Role,
    /// The text that was said.
    pub text: Arc<str>,
    /// The turn that the entry began or that wrote the entry; absent if the Worker was created with
    /// the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// When the text was said, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Whether the turn ended before the model had finished the text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// The usage of the turn that wrote the entry.
    #[serde(default, skip_serializing_if = "Usage::is_zero")]
    pub usage: Usage,
    /// The idempotency key of the command that caused the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<Arc<str>>,
    /// The metadata of the command that caused the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Arc<Meta>>,
}

impl StoredEntry {
    /// Returns whether the model said the text, and not who uses it.
    pub(crate) fn is_answer(&self) -> bool {
        self.role == Role::Assistant
    }

    /// Returns the entry as replies and events show it.
    pub(crate) fn shown(&self) -> TranscriptEntry {
        TranscriptEntry {
            sequence: self.sequence,
            role: self.role,
            text: Arc::clone(&self.text),
            turn_id: self.turn_id,
            at_ms: self.at_ms,
            truncated: self.truncated,
            usage: self.usage,
            idempotency_key: self.idempotency_key.clone(),
            meta: self.meta.clone(),
        }
    }
}

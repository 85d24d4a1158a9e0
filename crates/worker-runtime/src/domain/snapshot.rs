//! A Worker at the moment of a decision, as a value.

use std::sync::Arc;

use llm_engine::TokenUsage;

use crate::{
    domain::idempotency::KeyWindow,
    identity::RuntimeIdentity,
    model::WorkerDetail,
    store::{InputKey, WorkerRecord},
};

/// A Worker at the moment of a decision.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot<'a> {
    pub(crate) record: &'a WorkerRecord,
    /// The answer of the running turn so far; empty if the decision cannot end the turn.
    pub(crate) answer: PartialAnswer,
    /// The idempotency keys of earlier inputs.
    pub(crate) keys: Option<&'a KeyWindow<InputKey>>,
    /// The number of outputs of the latest turn's engine that came after the turn had ended. The
    /// record does not hold this number, because it changes without a commit.
    pub(crate) late_dropped: u64,
}

/// The text and the tokens that a running turn has produced so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartialAnswer {
    pub(crate) text: Arc<str>,
    /// The tokens that the provider has reported so far.
    pub(crate) usage: TokenUsage,
}

impl Snapshot<'_> {
    /// Returns the Worker as replies show it once `record` is its record.
    pub(crate) fn detail_of(
        &self,
        record: &WorkerRecord,
        identity: &RuntimeIdentity,
    ) -> WorkerDetail {
        record.detail(identity, self.late_dropped)
    }

    /// Returns the Worker as replies show it.
    pub(crate) fn detail(&self, identity: &RuntimeIdentity) -> WorkerDetail {
        self.detail_of(self.record, identity)
    }
}

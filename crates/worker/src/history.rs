//! Chooses the part of a conversation that a model is given.

mod open_turn;
mod selection;

use llm_engine::Message;

pub use selection::HistorySelection;

/// The limits of the history that a model is given. The newest messages that fit are chosen.
///
/// The newest message is always given, even if it alone is larger than the budget. Instructions do
/// not count.
///
/// The struct stays open to functional update: `HistoryBudget { max_bytes, ..Default::default() }`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HistoryBudget {
    /// The most bytes of text.
    pub max_bytes: usize,
    /// The most messages.
    pub max_messages: usize,
    /// The most tokens. Only the provider can count tokens, so they are [estimated](TokenEstimate):
    /// a Worker's first turn counts four bytes a token, and later turns use the count that the
    /// provider last reported for a prompt. The estimate is only in the Worker's memory: after a
    /// restart of its process it is four bytes a token again.
    pub max_tokens: Option<u64>,
}

impl Default for HistoryBudget {
    fn default() -> Self {
        Self { max_bytes: 256 * 1024, max_messages: 1000, max_tokens: None }
    }
}

impl HistoryBudget {
    /// Begins to choose messages, newest first, so that a transcript can be read page by page and
    /// only as far as needed.
    #[must_use]
    pub fn selector(&self) -> HistorySelection {
        self.selector_with(TokenEstimate::default())
    }

    /// Begins to choose messages like [`selector`](Self::selector), with an estimate of the bytes
    /// in a token.
    #[must_use]
    pub fn selector_with(&self, estimate: TokenEstimate) -> HistorySelection {
        let bytes = self.max_tokens.map_or(usize::MAX, |tokens| estimate.bytes_in(tokens));
        HistorySelection::new(self.max_bytes.min(bytes), self.max_messages)
    }

    /// Returns the newest messages of `conversation` that fit, oldest first.
    ///
    /// A message with a [step](Message::step) counts as one, with all that it holds. If the newest
    /// messages are the steps of a turn, its input and its last step are always among the result,
    /// and its oldest steps are left out first, after all older turns.
    #[must_use]
    pub fn select(&self, conversation: &[Message], estimate: TokenEstimate) -> Vec<Message> {
        open_turn::choose(conversation, self.selector_with(estimate))
    }
}

/// The most tokens that a byte of a prompt is believed to have.
const TOKENS_IN_A_BYTE: u64 = 4;

/// The most bytes that a token of a prompt is believed to have.
const BYTES_IN_A_TOKEN: u64 = 64;

/// An estimate of the bytes of text in a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TokenEstimate {
    bytes: u64,
    tokens: u64,
}

/// Four bytes a token, about right for English.
impl Default for TokenEstimate {
    fn default() -> Self {
        Self { bytes: 4, tokens: 1 }
    }
}

impl TokenEstimate {
    /// Creates an estimate from the `tokens` that a provider has counted in a text of `bytes`, such
    /// as the prompt of the last turn. Counts that cannot be right, with less than a quarter of a
    /// byte or more than 64 bytes a token, give the default.
    #[must_use]
    pub fn observed(bytes: u64, tokens: u64) -> Self {
        Self::believed(bytes, tokens).unwrap_or_default()
    }

    /// Creates an estimate like [`observed`](Self::observed). `None` for counts that cannot be
    /// right.
    pub(crate) fn believed(bytes: u64, tokens: u64) -> Option<Self> {
        // A token is a byte or more, but a short prompt has more tokens in its frame than in its
        // text.
        let is_possible = tokens > 0
            && bytes >= tokens.div_ceil(TOKENS_IN_A_BYTE)
            && bytes <= tokens.saturating_mul(BYTES_IN_A_TOKEN);
        is_possible.then_some(Self { bytes, tokens })
    }

    /// Returns the bytes of that many tokens, rounded down.
    #[must_use]
    pub fn bytes_in(&self, tokens: u64) -> usize {
        let bytes = u128::from(tokens) * u128::from(self.bytes) / u128::from(self.tokens);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
}

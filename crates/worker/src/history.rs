//! Chooses the part of a conversation that a model is given.

use std::mem;

use llm_engine::Message;

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
        HistorySelection {
            bytes_left: self.max_bytes.min(bytes),
            messages_left: self.max_messages,
            has_newest: false,
            is_full: false,
        }
    }

    /// Returns the newest messages of `conversation` that fit, oldest first.
    #[must_use]
    pub fn select<'a>(
        &self,
        conversation: &'a [Message],
        estimate: TokenEstimate,
    ) -> &'a [Message] {
        let mut selection = self.selector_with(estimate);
        let chosen =
            conversation.iter().rev().take_while(|message| selection.offer(message)).count();
        &conversation[conversation.len() - chosen..]
    }
}

/// An unfinished choice. Messages are offered to it, newest first.
///
/// ```
/// use llm_engine::Message;
/// use worker::HistoryBudget;
///
/// let transcript = ["oldest", "middle", "newest"].map(Message::user);
/// let mut selection = HistoryBudget { max_bytes: 12, ..HistoryBudget::default() }.selector();
/// let mut history: Vec<Message> =
///     transcript.into_iter().rev().take_while(|message| selection.offer(message)).collect();
/// history.reverse();
/// assert_eq!(history, ["middle", "newest"].map(Message::user));
/// ```
#[derive(Clone, Debug)]
pub struct HistorySelection {
    bytes_left: usize,
    messages_left: usize,
    has_newest: bool,
    is_full: bool,
}

impl HistorySelection {
    /// Returns whether `message`, the next older one, belongs to the history. After one refusal all
    /// messages are refused, so that the history has no gap.
    pub fn offer(&mut self, message: &Message) -> bool {
        let bytes = message.text.len();
        let fits = !self.is_full && bytes <= self.bytes_left && self.messages_left > 0;
        if fits {
            self.bytes_left -= bytes;
            self.messages_left -= 1;
        }
        self.is_full = !fits;
        let is_newest = !mem::replace(&mut self.has_newest, true);
        fits || is_newest
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

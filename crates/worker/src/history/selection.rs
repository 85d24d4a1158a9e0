//! Chooses messages one by one, newest first.

use std::mem;

use llm_engine::Message;

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
    pub(super) fn new(max_bytes: usize, max_messages: usize) -> Self {
        Self {
            bytes_left: max_bytes,
            messages_left: max_messages,
            has_newest: false,
            is_full: false,
        }
    }

    /// Returns whether `message`, the next older one, belongs to the history. After one refusal all
    /// messages are refused, so that the history has no gap.
    pub fn offer(&mut self, message: &Message) -> bool {
        let fits = self.offer_always(message);
        let is_newest = !mem::replace(&mut self.has_newest, true);
        fits || is_newest
    }

    /// Counts `message`, which belongs to the history whether it fits or not. Returns whether it
    /// fits; if not, what is offered later is refused.
    pub(super) fn offer_always(&mut self, message: &Message) -> bool {
        let bytes = message.bytes();
        let fits = !self.is_full && bytes <= self.bytes_left && self.messages_left > 0;
        if fits {
            self.bytes_left -= bytes;
            self.messages_left -= 1;
        }
        self.is_full = !fits;
        fits
    }
}

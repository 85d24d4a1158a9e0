//! The turn whose text a subscriber receives, and the subscriber's position in that text.

use std::{sync::Arc, task::Context};

use crate::{
    identity::TurnId,
    log::Tail,
    model::StreamItem,
    state::live::{Live, Piece, ReadOffsets},
    store::StoredEntry,
    sync::WakeSlot,
};

/// The turn whose text a subscriber receives.
#[derive(Debug)]
pub(super) struct Following {
    turn_id: TurnId,
    /// `None` until the turn is found running.
    live: Option<Arc<Live>>,
    offsets: ReadOffsets,
    slot: WakeSlot,
}

/// The result of reading a running turn.
pub(super) enum Read {
    /// More text.
    Text(StreamItem),
    /// There is no new text. If the turn was found, the waker is parked until the text grows.
    Nothing,
    /// The turn has ended. The rest of its text comes with its terminal event.
    Over,
}

impl Following {
    /// Follows a turn that the subscriber saw begin.
    pub(super) fn begun(turn_id: TurnId) -> Self {
        Self { turn_id, live: None, offsets: ReadOffsets::default(), slot: WakeSlot::default() }
    }

    /// Follows a running turn from the beginning of the text that is still kept.
    pub(super) fn running(live: &Arc<Live>) -> Self {
        let mut following = Self::begun(live.turn_id);
        following.live = Some(Arc::clone(live));
        following
    }

    /// Follows a turn that runs when the subscription is made. The reasoning starts at its present
    /// end, the answer at its beginning.
    pub(super) fn joined(live: &Arc<Live>) -> Self {
        let mut following = Self::running(live);
        following.offsets.reasoning = live.reasoning_end();
        following
    }

    pub(super) fn is_of(&self, turn_id: Option<TurnId>) -> bool {
        turn_id == Some(self.turn_id)
    }

    /// Keeps `live` if it is the followed turn and the turn was not found before.
    pub(super) fn find(&mut self, live: Option<&Arc<Live>>) {
        if self.live.is_none() {
            self.live = live.filter(|live| live.turn_id == self.turn_id).cloned();
        }
    }

    /// Returns the next text that the subscriber has not received of a turn that has ended: the end
    /// of its reasoning, then the rest of its answer, each as one delta.
    pub(super) fn rest(
        &mut self,
        reasoning: Option<&Tail>,
        answer: Option<&StoredEntry>,
    ) -> Option<StreamItem> {
        let turn_id = self.turn_id;
        let tail = reasoning.and_then(|tail| tail.rest(self.offsets.reasoning));
        if let Some((offset, text)) = tail {
            self.offsets.reasoning = offset + text.len();
            let (offset, text) = (offset as u64, text.to_owned());
            return Some(StreamItem::ReasoningDelta { turn_id, offset, text });
        }
        let offset = self.offsets.answer;
        let text = answer?.text.get(offset..).filter(|rest| !rest.is_empty())?.to_owned();
        self.offsets.answer += text.len();
        Some(StreamItem::TextDelta { turn_id, offset: offset as u64, text })
    }

    /// Returns the next delta: a piece of the reasoning if there is more of it, otherwise all of
    /// the new answer. Parks the waker if there is no new text.
    pub(super) fn read(&mut self, context: &Context<'_>) -> Read {
        let Some(live) = &self.live else { return Read::Nothing };
        let turn_id = self.turn_id;
        self.slot.bring(context);
        match live.read(&mut self.offsets, &mut self.slot) {
            Some(Piece::Reasoning { offset, text }) => {
                let offset = offset as u64;
                Read::Text(StreamItem::ReasoningDelta { turn_id, offset, text })
            }
            Some(Piece::Answer { offset, mut text }) => {
                while let Some(more) = live.more_answer(&mut self.offsets) {
                    text.push_str(&more);
                }
                Read::Text(StreamItem::TextDelta { turn_id, offset: offset as u64, text })
            }
            None if live.is_over() => Read::Over,
            None => Read::Nothing,
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        if let Some(live) = &self.live {
            live.leave(&self.slot);
        }
    }
}

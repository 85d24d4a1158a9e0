//! The turn whose text a subscriber gets, and how far the subscriber has come in it.

use std::{sync::Arc, task::Context};

use crate::{
    identity::TurnId,
    log::Tail,
    model::{StreamItem, TranscriptEntry},
    state::live::{Live, Piece, ReadOffsets},
    sync::WakeSlot,
};

/// The turn whose text a subscriber gets.
#[derive(Debug)]
pub(super) struct Following {
    turn_id: TurnId,
    /// `None` until the turn is found running.
    live: Option<Arc<Live>>,
    offsets: ReadOffsets,
    slot: WakeSlot,
}

/// What a running turn has for the subscriber.
pub(super) enum Read {
    /// More text.
    Text(StreamItem),
    /// Nothing new; the waker is parked where the text grows.
    Nothing,
    /// The turn has ended: what is left of it comes with its terminal event.
    Over,
}

impl Following {
    /// A turn that the subscriber saw begin.
    pub(super) fn begun(turn_id: TurnId) -> Self {
        Self { turn_id, live: None, offsets: ReadOffsets::default(), slot: WakeSlot::default() }
    }

    /// A turn that runs, with all of its text that is still there.
    pub(super) fn running(live: &Arc<Live>) -> Self {
        Self { live: Some(Arc::clone(live)), ..Self::begun(live.turn_id) }
    }

    /// A turn that runs when the subscription is made: its reasoning starts there.
    pub(super) fn joined(live: &Arc<Live>) -> Self {
        let mut following = Self::running(live);
        following.offsets.reasoning = live.reasoning_end();
        following
    }

    pub(super) fn is_of(&self, turn_id: Option<TurnId>) -> bool {
        turn_id == Some(self.turn_id)
    }

    /// Finds the turn, if it is the one that runs.
    pub(super) fn find(&mut self, live: Option<&Arc<Live>>) {
        if self.live.is_none() {
            self.live = live.filter(|live| live.turn_id == self.turn_id).cloned();
        }
    }

    /// What the subscriber has not got of the turn, now that it has ended: the end of its reasoning,
    /// then the rest of its answer, each as one delta.
    pub(super) fn rest(
        &mut self,
        reasoning: Option<&Tail>,
        answer: Option<&TranscriptEntry>,
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

    /// Everything new of the turn's reasoning or answer, as one delta; or waits for more.
    pub(super) fn read(&mut self, context: &Context<'_>) -> Read {
        let Some(live) = &self.live else { return Read::Nothing };
        let turn_id = self.turn_id;
        match live.read(&mut self.offsets, &mut self.slot, context.waker()) {
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
            live.leave(self.slot);
        }
    }
}

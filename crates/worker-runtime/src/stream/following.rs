//! The turn whose text a reader gets, and how far the reader has come in it.

use std::{sync::Arc, task::Context};

use crate::{
    identity::TurnId,
    model::{StreamItem, TranscriptEntry},
    state::live::{Live, Piece, ReadOffsets},
    sync::WakeSlot,
};

/// The turn whose text a reader gets.
#[derive(Debug)]
pub(crate) struct Following {
    turn_id: TurnId,
    /// `None` until the turn is found running.
    live: Option<Arc<Live>>,
    offsets: ReadOffsets,
    slot: WakeSlot,
}

impl Following {
    /// A turn that the reader saw begin.
    pub(crate) fn begun(turn_id: TurnId) -> Self {
        Self { turn_id, live: None, offsets: ReadOffsets::default(), slot: WakeSlot::default() }
    }

    /// A turn that runs, with all of its text that is still there.
    pub(crate) fn running(live: &Arc<Live>) -> Self {
        let mut following = Self::begun(live.turn_id);
        following.live = Some(Arc::clone(live));
        following
    }

    /// A turn that the reader joins: reasoning starts there.
    pub(crate) fn joined(live: &Arc<Live>) -> Self {
        let mut following = Self::running(live);
        following.offsets.reasoning = live.reasoning_end();
        following
    }

    pub(crate) fn is_of(&self, turn_id: Option<TurnId>) -> bool {
        turn_id == Some(self.turn_id)
    }

    /// Finds the turn among what runs.
    pub(crate) fn find(&mut self, live: Option<&Arc<Live>>) {
        if self.live.is_none() {
            self.live = live.filter(|live| live.turn_id == self.turn_id).cloned();
        }
    }

    /// How much of this turn's answer the reader has not got.
    pub(crate) fn unread<'a>(&self, answer: &'a TranscriptEntry) -> Option<&'a str> {
        answer.text.get(self.offsets.answer..).filter(|rest| !rest.is_empty())
    }

    /// The rest of the answer, as a delta.
    pub(crate) fn take_rest(&mut self, unread: &str) -> StreamItem {
        let text = unread.to_owned();
        let offset = self.offsets.answer as u64;
        self.offsets.answer += text.len();
        StreamItem::TextDelta { turn_id: self.turn_id, offset, text }
    }

    /// Everything new of the turn's text or reasoning, as one delta; or waits for more.
    pub(crate) fn read(&mut self, context: &Context<'_>) -> Option<StreamItem> {
        let live = self.live.as_ref()?;
        let turn_id = self.turn_id;
        match live.read(&mut self.offsets, &mut self.slot, context.waker())? {
            Piece::Reasoning { offset, text } => {
                Some(StreamItem::ReasoningDelta { turn_id, offset: offset as u64, text })
            }
            Piece::Answer { offset, mut text } => {
                while let Some(more) = live.more_answer(&mut self.offsets) {
                    text.push_str(&more);
                }
                Some(StreamItem::TextDelta { turn_id, offset: offset as u64, text })
            }
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

//! The turn whose text a reader gets, and how far the reader has come in it.

use std::{sync::Arc, task::Context};

use super::{Fact, StoredEvent, StreamItem, WakeSlot};
use crate::{
    identity::TurnId,
    live::{Live, Piece, ReadOffsets},
};

/// The turn whose text a reader gets.
#[derive(Debug)]
pub(super) struct Following {
    turn_id: TurnId,
    /// `None` until the turn is found running.
    live: Option<Arc<Live>>,
    offsets: ReadOffsets,
    slot: WakeSlot,
}

impl Following {
    /// A turn that the reader saw begin.
    pub(super) fn begun(turn_id: TurnId) -> Self {
        Self { turn_id, live: None, offsets: ReadOffsets::default(), slot: WakeSlot::default() }
    }

    /// A turn that runs, with all of its text that is still there.
    pub(super) fn running(live: &Arc<Live>) -> Self {
        let mut following = Self::begun(live.turn_id);
        following.live = Some(Arc::clone(live));
        following
    }

    /// A turn that the reader joins: reasoning starts there.
    pub(super) fn joined(live: &Arc<Live>) -> Self {
        let mut following = Self::running(live);
        following.offsets.reasoning = live.reasoning_end();
        following
    }

    pub(super) fn is_of(&self, turn_id: Option<TurnId>) -> bool {
        turn_id == Some(self.turn_id)
    }

    /// Finds the turn among what runs.
    pub(super) fn find(&mut self, live: Option<&Arc<Live>>) {
        if self.live.is_none() {
            self.live = live.filter(|live| live.turn_id == self.turn_id).cloned();
        }
    }

    /// How much of the answer the reader has not got, if `event` ends the turn.
    fn unread<'a>(&self, event: &'a StoredEvent) -> Option<&'a str> {
        let Fact::TurnEnded { turn, entry: Some(entry) } = &event.fact else { return None };
        let rest = entry.text.get(self.offsets.answer..).filter(|rest| !rest.is_empty());
        rest.filter(|_| turn.turn_id == self.turn_id)
    }

    /// Whether text is due before `event`.
    pub(super) fn comes_before(&self, event: &StoredEvent) -> bool {
        self.unread(event).is_some()
    }

    /// The text that is due before `event`.
    pub(super) fn rest_before(&mut self, event: &StoredEvent) -> Option<StreamItem> {
        let text = self.unread(event)?.to_owned();
        let offset = self.offsets.answer as u64;
        self.offsets.answer += text.len();
        Some(StreamItem::TextDelta { turn_id: self.turn_id, offset, text })
    }

    /// Everything new of the turn's text or reasoning, as one delta; or waits for more.
    pub(super) fn read(&mut self, context: &Context<'_>) -> Option<StreamItem> {
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

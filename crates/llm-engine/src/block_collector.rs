//! Makes the output of a model call from the events of a turn.

use std::mem;

use crate::{Block, TurnEvent};

/// Collects the blocks of one model call from the events of a turn.
#[derive(Clone, Debug, Default)]
pub struct BlockCollector {
    blocks: Vec<Block>,
    /// The text since the last block.
    text: String,
}

impl BlockCollector {
    /// Takes an event. Events without a block are passed over.
    pub fn take(&mut self, event: &TurnEvent) {
        match event {
            TurnEvent::TextDelta(text) => self.text.push_str(text),
            TurnEvent::CallComplete { call, .. } => self.push(Block::Call(call.clone())),
            TurnEvent::Opaque(opaque) => self.push(Block::Opaque(opaque.clone())),
            _ => {}
        }
    }

    /// Returns the blocks, in the order of their events. Text between two other blocks is one block.
    #[must_use]
    pub fn finish(mut self) -> Vec<Block> {
        self.end_text();
        self.blocks
    }

    fn push(&mut self, block: Block) {
        self.end_text();
        self.blocks.push(block);
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.blocks.push(Block::Text(mem::take(&mut self.text).into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelCall;

    #[test]
    fn text_between_two_other_blocks_is_one_block() {
        let call = |index| TurnEvent::CallComplete { index, call: ModelCall::new("f", "") };
        let text = |text: &str| TurnEvent::TextDelta(text.into());
        let events = [text("a"), text("b"), call(0), call(1), TurnEvent::Started, text("c")];
        let mut collector = BlockCollector::default();
        for event in &events {
            collector.take(event);
        }
        let call = || Block::Call(ModelCall::new("f", ""));
        let blocks = [Block::Text("ab".into()), call(), call(), Block::Text("c".into())];
        assert_eq!(collector.finish(), blocks);
    }
}

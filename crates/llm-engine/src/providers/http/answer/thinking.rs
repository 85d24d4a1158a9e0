//! Reasoning that its provider signs.

use super::{Answer, parts::Signed};

/// The longest signature. One without end would take memory that no cap counts.
const MOST_SIGNATURE: usize = 1024 * 1024;

impl Answer {
    /// Begins a block of signed reasoning.
    pub(in crate::providers) fn begin_thinking(&mut self) {
        self.thinking = Some(Signed { kind: "thinking", ..Signed::default() });
    }

    /// Adds a piece of the block's text and of its signature, if one has begun.
    pub(in crate::providers) fn add_thinking(&mut self, text: &str, signature: &str) {
        if let Some(thinking) = &mut self.thinking {
            thinking.thinking.push_str(text);
            thinking.signature.push_str(signature);
            if thinking.signature.len() > MOST_SIGNATURE {
                self.thinking = None;
            }
        }
    }

    /// Ends a block. One without a signature was cut off, and one in which half a character was
    /// mended is not what was signed: neither can go back.
    pub(in crate::providers) fn end_thinking(&mut self) {
        let whole = self.thinking.take_if(|thinking| {
            !thinking.signature.is_empty() && !thinking.thinking.contains('\u{fffd}')
        });
        if let Some(Ok(block)) = whole.as_ref().map(serde_json::to_string) {
            self.opaque("thinking", &block);
        }
    }
}

//! Notices a model that makes the same call again and again.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::{ModelCall, ToolResult};

/// What a model is told that makes the same call again and again.
const NOTE: &str =
    "\n[You made this very call several times, with the same result. Do not make it again.]";

/// The calls of a turn with their results, each with its number.
#[derive(Clone, Debug)]
pub(super) struct Repeats {
    /// The number after which the model is told. 0 counts nothing.
    most: u32,
    seen: HashMap<[u8; 32], u32>,
}

/// What comes of a call that is counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Repeat {
    Allowed,
    Told,
    TooOften,
}

impl Repeats {
    pub(super) fn new(most: u32) -> Self {
        Self { most, seen: HashMap::new() }
    }

    /// Counts a call.
    pub(super) fn count(&mut self, call: &ModelCall, result: &ToolResult) -> Repeat {
        if self.most == 0 {
            return Repeat::Allowed;
        }
        let count = self.seen.entry(digest(call, result)).or_default();
        *count = count.saturating_add(1);
        match (*count).cmp(&self.most) {
            std::cmp::Ordering::Less => Repeat::Allowed,
            std::cmp::Ordering::Equal => Repeat::Told,
            std::cmp::Ordering::Greater => Repeat::TooOften,
        }
    }
}

impl Repeat {
    pub(super) fn is_too_often(self) -> bool {
        self == Self::TooOften
    }

    /// Returns the result for the model, with words about the repetition if they are due.
    pub(super) fn tell(self, result: &ToolResult) -> ToolResult {
        match self {
            Self::Allowed => result.clone(),
            Self::Told | Self::TooOften => {
                let text = format!("{}{NOTE}", result.text);
                ToolResult { text: text.into(), is_error: result.is_error }
            }
        }
    }
}

/// A digest, so that nothing large is kept.
fn digest(call: &ModelCall, result: &ToolResult) -> [u8; 32] {
    let arguments = call
        .arguments_object()
        .map_or_else(|| call.arguments.as_ref().to_owned(), |object| object.canonical());
    // The words for the model are no part of what the tool said.
    let text = result.text.strip_suffix(NOTE).unwrap_or(&result.text);
    let mut hash = Sha256::new();
    for part in [&*call.name, &arguments, text] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.update([u8::from(result.is_error)]);
    hash.finalize().into()
}

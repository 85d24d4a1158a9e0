//! The texts of a request, some with a mark up to which the provider keeps them in its cache.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

/// A text, with or without a mark.
pub(super) struct Text<'a> {
    text: Cow<'a, str>,
    has_mark: bool,
}

impl<'a> Text<'a> {
    pub(super) fn of(text: Cow<'a, str>, has_mark: bool) -> Self {
        Self { text, has_mark }
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.has_mark {
            return self.text.serialize(serializer);
        }
        [Block { kind: "text", text: &self.text, cache_control: MARK }].serialize(serializer)
    }
}

#[derive(Serialize)]
struct Block<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    text: &'a str,
    cache_control: Mark,
}

/// The mark of a block.
pub(super) const MARK: Mark = Mark { kind: "ephemeral" };

#[derive(Clone, Copy, Serialize)]
pub(super) struct Mark {
    #[serde(rename = "type")]
    kind: &'static str,
}

//! The blocks of a message's content.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    EngineError,
    providers::{
        dialect::{
            said::Said,
            support::{arguments, name, word},
        },
        http::{Answer, Begun, End, Written},
    },
};

/// A block of content, or the beginning of one.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Block<'a> {
    #[serde(rename = "type", deserialize_with = "word")]
    kind: String,
    #[serde(deserialize_with = "name")]
    id: Option<String>,
    #[serde(deserialize_with = "word")]
    name: String,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(deserialize_with = "word")]
    thinking: String,
    #[serde(deserialize_with = "word")]
    signature: String,
}

impl Block<'_> {
    /// Reads the beginning of a block. A block of reasoning that shows none is whole there.
    pub(super) fn start(
        json: Option<&RawValue>,
        index: i64,
        answer: &mut Answer,
    ) -> Result<(), EngineError> {
        answer.end_told();
        let block: Block = piece(json);
        match &*block.kind {
            "tool_use" => {
                answer.begin_call(block.call(Some(index)))?;
            }
            "redacted_thinking" => answer.opaque(&block.kind, json.map_or("", RawValue::get)),
            "thinking" => {
                answer.begin_thinking();
                answer.add_thinking(&block.thinking, &block.signature);
                answer.reasoning(block.thinking);
            }
            _ => answer.say(Said::of(json)),
        }
        Ok(())
    }

    /// Reads a whole block, which goes back as it is written.
    pub(super) fn whole(json: &RawValue, answer: &mut Answer) -> Result<(), EngineError> {
        let block: Block = piece(Some(json));
        match &*block.kind {
            "tool_use" => {
                let input = arguments(block.input);
                answer.whole_call(block.call(None), &input)?;
            }
            "redacted_thinking" => answer.opaque(&block.kind, json.get()),
            "thinking" => {
                answer.reasoning(block.thinking);
                if !block.signature.is_empty() {
                    answer.opaque(&block.kind, json.get());
                }
            }
            _ => answer.say(Said::of(Some(json))),
        }
        Ok(())
    }

    /// Returns the call of the block. Most servers begin with an empty input, whose pieces follow,
    /// and some with the whole.
    fn call(self, key: Option<i64>) -> Begun {
        let input = arguments(self.input);
        let is_empty = input.chars().all(|sign| "{}".contains(sign) || sign.is_whitespace());
        let arguments = if is_empty { String::new() } else { input };
        Begun { key, id: self.id, name: self.name, arguments, ..Begun::default() }
    }
}

/// A piece of a block.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Delta {
    #[serde(deserialize_with = "word")]
    partial_json: String,
    #[serde(deserialize_with = "word")]
    thinking: String,
    #[serde(deserialize_with = "word")]
    signature: String,
}

impl Delta {
    pub(super) fn read(json: Option<&RawValue>, index: i64, answer: &mut Answer) {
        let delta: Self = piece(json);
        answer.add_thinking(&delta.thinking, &delta.signature);
        answer.say(Said::of(json));
        if let Some(call) = open_call(index, answer) {
            answer.add_arguments(call, &delta.partial_json);
        }
    }
}

/// Reads the end of a block.
pub(super) fn stop(index: i64, answer: &mut Answer) {
    answer.end_thinking();
    if let Some(call) = open_call(index, answer) {
        answer.end_call(call);
    }
}

/// Returns the call of a block. Blocks of the server's own tools are none.
fn open_call(index: i64, answer: &mut Answer) -> Option<usize> {
    let is_open = |call: &Written| call.end == End::Open && call.begun.key == Some(index);
    answer.calls().iter().rposition(is_open)
}

/// Reads a piece in the form that its event has. A piece of another form says nothing.
pub(super) fn piece<'a, T: Default + Deserialize<'a>>(json: Option<&'a RawValue>) -> T {
    json.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default()
}

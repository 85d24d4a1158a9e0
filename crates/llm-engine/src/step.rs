//! The output of a model call, and the results of the tool calls in it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Json;

/// A part of the output of a model call. The order of the parts is the provider's.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Block {
    /// Text of the answer.
    Text(Arc<str>),
    /// A call of a tool.
    Call(ModelCall),
    /// A part that only the provider understands, such as signed reasoning. It is given back to the
    /// same provider, in its place, and to no other.
    Opaque(Opaque),
}

/// A call of a tool, as the model wrote it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ModelCall {
    /// The provider's name for the call. Some providers give none, and some give one twice.
    pub id: Option<Arc<str>>,
    /// The name of the tool.
    pub name: Arc<str>,
    /// The arguments as they were written. They may be no JSON, or none at all.
    pub arguments: Arc<str>,
    /// What the provider wants back with this call.
    pub state: Option<Opaque>,
}

impl ModelCall {
    /// Creates a call without a provider's name for it.
    pub fn new(name: impl Into<Arc<str>>, arguments: impl Into<Arc<str>>) -> Self {
        Self { id: None, name: name.into(), arguments: arguments.into(), state: None }
    }

    /// Returns the arguments if they are one whole JSON object. No text at all is the empty object.
    #[must_use]
    pub fn arguments_object(&self) -> Option<Json> {
        let text = self.arguments.trim();
        let text = if text.is_empty() { "{}" } else { text };
        Json::parse(text).ok().filter(Json::is_object)
    }
}

/// A part of an output that is given back as it came, and only to whom it came from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Opaque {
    /// The provider, by its kind and address.
    pub provider: Arc<str>,
    /// The model, as the request named it.
    pub model: Arc<str>,
    /// What it is, in a word of the dialect.
    pub kind: Arc<str>,
    /// The part itself.
    pub bytes: Arc<str>,
}

/// The result of a tool call, as the model is given it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ToolResult {
    /// The text of the result.
    pub text: Arc<str>,
    /// Whether the tool failed.
    pub is_error: bool,
}

impl ToolResult {
    /// Creates the result of a tool that succeeded.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), is_error: false }
    }

    /// Creates the result of a tool that failed.
    pub fn error(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), is_error: true }
    }
}

/// The output of a model call with a result for each tool call in it.
///
/// A conversation holds calls in no other way, so that none can be without its result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    blocks: Vec<Block>,
    results: Vec<ToolResult>,
}

/// The results are not as many as the calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a step has {calls} calls and {results} results; each call needs one result")]
pub struct UnpairedResults {
    /// The number of calls.
    pub calls: usize,
    /// The number of results.
    pub results: usize,
}

impl Step {
    /// Creates a step. The results are in the order of the calls.
    pub fn new(blocks: Vec<Block>, results: Vec<ToolResult>) -> Result<Self, UnpairedResults> {
        let calls = calls_of(&blocks).count();
        if calls == results.len() {
            Ok(Self { blocks, results })
        } else {
            Err(UnpairedResults { calls, results: results.len() })
        }
    }

    /// Returns the output of the model, in its order.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Returns each call with its result, in the model's order.
    pub fn calls(&self) -> impl Iterator<Item = (&ModelCall, &ToolResult)> {
        calls_of(&self.blocks).zip(&self.results)
    }

    /// Returns the joined texts of the output.
    #[must_use]
    pub fn text(&self) -> String {
        text_of(&self.blocks)
    }

    /// Returns the bytes that the step takes in a request, without the frame around its parts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let state = |state: &Option<Opaque>| state.as_ref().map_or(0, |it| it.bytes.len());
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Text(text) => text.len(),
            Block::Call(call) => call.name.len() + call.arguments.len() + state(&call.state),
            Block::Opaque(opaque) => opaque.bytes.len(),
        });
        blocks.chain(self.results.iter().map(|result| result.text.len())).sum()
    }
}

/// Returns the calls of an output, in the model's order.
pub(crate) fn calls_of(blocks: &[Block]) -> impl Iterator<Item = &ModelCall> {
    blocks.iter().filter_map(|block| match block {
        Block::Call(call) => Some(call),
        Block::Text(_) | Block::Opaque(_) => None,
    })
}

/// Returns the joined texts of an output.
pub(crate) fn text_of(blocks: &[Block]) -> String {
    let texts = blocks.iter().filter_map(|block| match block {
        Block::Text(text) => Some(&**text),
        Block::Call(_) | Block::Opaque(_) => None,
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_needs_a_result() {
        let blocks = || vec![Block::Text("a".into()), Block::Call(ModelCall::new("f", ""))];
        let step = Step::new(blocks(), vec![ToolResult::new("r")]).unwrap();
        assert_eq!((step.calls().count(), &*step.text(), step.bytes()), (1, "a", 3));
        let error = UnpairedResults { calls: 1, results: 0 };
        assert_eq!(Step::new(blocks(), vec![]), Err(error));
    }

    #[test]
    fn only_one_whole_object_can_be_arguments() {
        for (arguments, object) in [
            ("", Some("{}")),
            (" {\"a\": 1} ", Some("{\"a\": 1}")),
            ("{", None),
            ("[]", None),
            ("null", None),
            ("{}{}", None),
        ] {
            let read = ModelCall::new("f", arguments).arguments_object();
            assert_eq!(read.as_ref().map(Json::as_str), object, "{arguments:?}");
        }
    }
}

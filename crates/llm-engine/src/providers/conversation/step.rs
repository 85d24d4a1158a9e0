//! A step of the model in the form that a provider accepts.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::json;

use super::call_ids::CallIds;
use crate::{Block, Json, ModelCall, Opaque, Step, ToolResult, providers::origin::Origin};

/// The longest name of a tool that all providers take.
const NAME_LENGTH: usize = 64;

/// A step of the model: its output in the order of the model, without blank texts and without what
/// another provider or model wants back.
#[derive(Debug, Eq, PartialEq)]
pub(in crate::providers) struct WireStep<'a> {
    pub(in crate::providers) parts: Vec<Part<'a>>,
}

/// A part of the output of a step.
#[derive(Debug, Eq, PartialEq)]
pub(in crate::providers) enum Part<'a> {
    Text(&'a str),
    Call(WireCall<'a>),
    Opaque(&'a Opaque),
}

/// A call with its result. Both have the same id and name, whatever a dialect does with them.
#[derive(Debug, Eq, PartialEq)]
pub(in crate::providers) struct WireCall<'a> {
    pub(in crate::providers) id: String,
    /// Whether the model's provider gave the call an id, be it this one or another.
    pub(in crate::providers) had_id: bool,
    pub(in crate::providers) name: Cow<'a, str>,
    pub(in crate::providers) arguments: Arguments<'a>,
    pub(in crate::providers) state: Option<&'a Opaque>,
    pub(in crate::providers) result: &'a ToolResult,
}

/// The arguments of a call. They are written as a JSON object.
#[derive(Debug, Eq, PartialEq)]
pub(in crate::providers) enum Arguments<'a> {
    /// An object, as the model wrote it.
    Object(Json),
    /// What the model wrote in its place. It is written as an object with the one field `text`, so
    /// that the model sees what it wrote and no server has to read it.
    Broken(&'a str),
}

impl Arguments<'_> {
    /// Returns the object as a text.
    pub(in crate::providers) fn text(&self) -> String {
        match self {
            Self::Object(object) => object.as_str().to_owned(),
            Self::Broken(text) => json!({ "text": text }).to_string(),
        }
    }
}

impl Serialize for Arguments<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(object) => object.serialize(serializer),
            Self::Broken(text) => json!({ "text": text }).serialize(serializer),
        }
    }
}

impl<'a> WireStep<'a> {
    pub(super) fn new(step: &'a Step, origin: &Origin, ids: &mut CallIds) -> Self {
        let mut results = step.calls().map(|(_, result)| result);
        let parts = step.blocks().iter().filter_map(|block| match block {
            Block::Text(text) => (!is_blank(text)).then_some(Part::Text(text)),
            Block::Opaque(part) => origin.made(part).then_some(Part::Opaque(part)),
            Block::Call(call) => {
                let call = WireCall::new(call, results.next()?, origin, ids);
                Some(Part::Call(call))
            }
        });
        Self { parts: parts.collect() }
    }

    /// Leaves out opaque parts that nothing follows, for providers that refuse them.
    pub(super) fn end_with_what_is_said(&mut self) {
        while let Some(Part::Opaque(_)) = self.parts.last() {
            self.parts.pop();
        }
    }

    /// Returns whether the model said nothing, neither a text nor a call.
    pub(super) fn is_silent(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Opaque(_)))
    }

    /// Returns the calls with their results, in the order of the model.
    pub(in crate::providers) fn calls(&self) -> impl Iterator<Item = &WireCall<'a>> {
        self.parts.iter().filter_map(|part| match part {
            Part::Call(call) => Some(call),
            Part::Text(_) | Part::Opaque(_) => None,
        })
    }

    pub(in crate::providers) fn has_calls(&self) -> bool {
        self.calls().next().is_some()
    }

    /// Returns the texts of the step as one, for providers that have one text beside the calls.
    pub(in crate::providers) fn text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(*text),
            Part::Call(_) | Part::Opaque(_) => None,
        });
        texts.collect()
    }

    /// Returns the opaque parts of a kind, joined.
    pub(in crate::providers) fn opaque(&self, kind: &str) -> Option<String> {
        let parts = self.parts.iter().filter_map(|part| match part {
            Part::Opaque(part) if &*part.kind == kind => Some(&*part.bytes),
            Part::Opaque(_) | Part::Text(_) | Part::Call(_) => None,
        });
        let joined: String = parts.collect();
        (!joined.is_empty()).then_some(joined)
    }
}

impl<'a> WireCall<'a> {
    fn new(
        call: &'a ModelCall,
        result: &'a ToolResult,
        origin: &Origin,
        ids: &mut CallIds,
    ) -> Self {
        Self {
            id: ids.next(call.id.as_deref()),
            had_id: call.id.is_some(),
            name: wire_name(&call.name),
            arguments: call
                .arguments_object()
                .map_or(Arguments::Broken(&call.arguments), Arguments::Object),
            state: call.state.as_ref().filter(|state| origin.made(state)),
            result,
        }
    }
}

/// Returns the name of a tool in signs that all providers take: a model may have called any name.
pub(in crate::providers) fn wire_name(name: &str) -> Cow<'_, str> {
    let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "_-".contains(sign);
    if (1..=NAME_LENGTH).contains(&name.len()) && name.chars().all(is_sign) {
        return name.into();
    }
    let signs = name.chars().take(NAME_LENGTH).map(|sign| if is_sign(sign) { sign } else { '_' });
    let name: String = signs.collect();
    if name.is_empty() { "_".into() } else { name.into() }
}

pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_signs_that_all_providers_take() {
        let long = "é".repeat(70);
        for (name, written) in [
            ("get-Weather_2", "get-Weather_2"),
            ("a.b c/ü", "a_b_c__"),
            ("", "_"),
            (&*long, &*"_".repeat(64)),
        ] {
            assert_eq!(wire_name(name), written);
        }
    }

    #[test]
    fn arguments_are_always_an_object() {
        for (arguments, text) in [
            ("", "{}"),
            (
                r#"{"b": 1.0, "a": 123456789012345678901}"#,
                r#"{"b": 1.0, "a": 123456789012345678901}"#,
            ),
            (r#"{"a": "#, r#"{"text":"{\"a\": "}"#),
            ("[1]", r#"{"text":"[1]"}"#),
        ] {
            let call = ModelCall::new("f", arguments);
            let result = ToolResult::new("");
            let mut ids = CallIds::new(super::super::IdForm::Any);
            let call = WireCall::new(&call, &result, &Origin::default(), &mut ids);
            assert_eq!(call.arguments.text(), text);
            assert_eq!(serde_json::to_string(&call.arguments).unwrap(), text);
        }
    }
}

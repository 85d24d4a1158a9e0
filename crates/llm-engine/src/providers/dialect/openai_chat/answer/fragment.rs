//! A piece of a call, as a server of chat completions writes it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    EngineError,
    providers::{
        dialect::{
            counts::loose,
            part_kinds::EXTRA_CONTENT,
            support::{arguments, from_json, name, word},
        },
        http::{Answer, Begun},
    },
};

/// A piece of a call, or all of it. Servers leave out whatever they please.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Fragment<'a> {
    /// The number by which the protocol tells calls apart. Some servers have one number for all.
    #[serde(deserialize_with = "loose")]
    pub(super) index: Option<i64>,
    #[serde(deserialize_with = "name")]
    pub(super) id: Option<String>,
    #[serde(borrow)]
    function: Function<'a>,
    /// What Gemini adds to a call in this protocol.
    #[serde(borrow)]
    extra_content: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Function<'a> {
    #[serde(deserialize_with = "word")]
    name: String,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

impl<'a> Fragment<'a> {
    /// Reads a call in the older form, of which an answer has one.
    pub(super) fn of_older(json: &'a RawValue) -> Result<Option<Self>, EngineError> {
        let function: Option<Function> = from_json(json.get())?;
        let of = |function| Self { index: Some(0), function, ..Self::default() };
        Ok(function
            .map(of)
            .filter(|call| !call.function.name.is_empty() || !call.arguments().is_empty()))
    }

    pub(super) fn name(&self) -> &str {
        &self.function.name
    }

    pub(super) fn arguments(&self) -> String {
        arguments(self.function.arguments)
    }

    /// Returns the beginning of the call.
    pub(super) fn begun(&self, answer: &Answer) -> Begun {
        let state = self.extra_content.filter(|extra| extra.get() != "null");
        Begun {
            key: self.index,
            id: self.id.clone(),
            name: self.function.name.clone(),
            state: state.map(|extra| answer.state(EXTRA_CONTENT, extra.get())),
            ..Begun::default()
        }
    }
}

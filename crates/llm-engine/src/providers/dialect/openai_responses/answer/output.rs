//! The items of a response's output.

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{
    EngineError,
    providers::{
        dialect::{
            counts::loose,
            part_kinds::REASONING_ITEM,
            said::Said,
            support::{arguments, list, name, word},
        },
        failure::protocol,
        http::{Answer, Begun, End, Written},
    },
};

/// An item of the output, or the beginning of one.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(rename = "type", deserialize_with = "word")]
    kind: String,
    #[serde(deserialize_with = "name")]
    id: Option<String>,
    #[serde(deserialize_with = "name")]
    call_id: Option<String>,
    #[serde(deserialize_with = "word")]
    name: String,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(deserialize_with = "word")]
    status: String,
}

/// The names by which an event tells which item it is about.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Key {
    #[serde(deserialize_with = "loose")]
    output_index: Option<i64>,
    #[serde(deserialize_with = "name")]
    item_id: Option<String>,
}

impl<'a> Item<'a> {
    fn read(json: Option<&'a RawValue>) -> Self {
        json.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default()
    }

    fn begun(&self, key: Option<i64>) -> Begun {
        let (item, id) = (self.id.clone(), self.call_id.clone());
        Begun { key, item, id, name: self.name.clone(), ..Begun::default() }
    }

    fn is_call(&self) -> bool {
        self.kind == "function_call"
    }

    /// Returns the call that the item is the whole of. `taken` are calls of other items.
    fn call(&self, key: Option<i64>, taken: &[usize], answer: &mut Answer) -> Option<usize> {
        let arguments = arguments(self.arguments);
        let fits = |call: &Written| {
            let same = |one: &Option<String>, other: &Option<String>| {
                one.as_ref().zip(other.as_ref()).map(|(one, other)| one == other)
            };
            let is_same_text = call.end == End::Open || call.arguments == arguments;
            call.begun.name == self.name
                && match (same(&call.begun.id, &self.call_id), same(&call.begun.item, &self.id)) {
                    (Some(false), _) => false,
                    (Some(true), _) | (None, Some(true)) => is_same_text,
                    (None, Some(false) | None) => call.begun.key == key && is_same_text,
                }
        };
        let calls = answer.calls().iter().enumerate();
        let mut fitting = calls.filter(|(index, call)| !taken.contains(index) && fits(call));
        fitting.next().map(|(index, _)| index)
    }

    /// Adds the whole of a call, as far as it did not come before. Returns its number.
    fn end(
        &self,
        key: Option<i64>,
        taken: &[usize],
        answer: &mut Answer,
    ) -> Result<usize, EngineError> {
        let whole = arguments(self.arguments);
        let call = self.call(key, taken, answer);
        let call = match call {
            Some(call) => call,
            None => answer.begin_call(self.begun(key))?,
        };
        add_rest(call, &whole, answer)?;
        if self.status != "incomplete" {
            answer.end_call(call);
        }
        Ok(call)
    }
}

/// Reads the beginning of an item. A call that has no name there begins at its end.
pub(super) fn begin(
    key: &Key,
    item: Option<&RawValue>,
    answer: &mut Answer,
) -> Result<(), EngineError> {
    let item = Item::read(item);
    if item.is_call() && !item.name.is_empty() {
        let call = answer.begin_call(item.begun(key.output_index))?;
        answer.add_arguments(call, &arguments(item.arguments));
    }
    Ok(())
}

/// Reads a piece of the arguments of a call. One of a call that nobody began is passed over: the
/// whole of the call comes at its end.
pub(super) fn piece(key: &Key, piece: &str, answer: &mut Answer) {
    if let Some(call) = key.open_call(answer) {
        answer.add_arguments(call, piece);
    }
}

/// Reads the whole arguments of a call.
pub(super) fn arguments_end(
    key: &Key,
    whole: Option<&RawValue>,
    answer: &mut Answer,
) -> Result<(), EngineError> {
    match key.open_call(answer) {
        Some(call) => add_rest(call, &arguments(whole), answer),
        None => Ok(()),
    }
}

/// Reads a whole item.
pub(super) fn end(
    key: &Key,
    json: Option<&RawValue>,
    answer: &mut Answer,
) -> Result<(), EngineError> {
    let item = Item::read(json);
    if item.is_call() {
        item.end(key.output_index, &[], answer)?;
    } else {
        answer.end_told();
        answer.say_whole(Said::of(json));
        answer.reasoning_item(json);
    }
    Ok(())
}

/// Reads the whole output, of which most servers have sent every item before.
pub(super) fn whole(output: Option<&RawValue>, answer: &mut Answer) -> Result<(), EngineError> {
    let missing = answer.missing();
    let items = list::<&RawValue>(output)?;
    if items.is_empty() {
        answer.say_missing(Said::of(output), missing);
    }
    let mut taken = Vec::new();
    for (key, json) in (0..).zip(items) {
        let item = Item::read(Some(json));
        if item.is_call() {
            taken.push(item.end(Some(key), &taken, answer)?);
        } else {
            answer.say_missing(Said::of(Some(json)), missing);
            answer.reasoning_item(Some(json));
        }
    }
    Ok(())
}

/// Adds what is missing of the arguments of a call.
fn add_rest(call: usize, whole: &str, answer: &mut Answer) -> Result<(), EngineError> {
    let before = &answer.calls()[call].arguments;
    let Some(rest) = whole.strip_prefix(before.as_str()) else {
        // A server that streamed the arguments may leave them out at the end.
        return if whole.is_empty() { Ok(()) } else { Err(protocol(OTHER)) };
    };
    let rest = rest.to_owned();
    answer.add_arguments(call, &rest);
    Ok(())
}

/// What is wrong with two versions of the same arguments.
const OTHER: &str = "the arguments of a call are not those that came in pieces";

impl Key {
    /// Returns the call that an event is about, if its end did not come.
    fn open_call(&self, answer: &mut Answer) -> Option<usize> {
        let calls = answer.calls();
        let is_open = |call: &&Written| call.end == End::Open;
        let by_item = calls.iter().filter(is_open).any(|call| call.begun.item == self.item_id);
        let is_meant = |call: &Written| {
            is_open(&call)
                && if by_item && self.item_id.is_some() {
                    call.begun.item == self.item_id
                } else {
                    self.output_index.is_some() && call.begun.key == self.output_index
                }
        };
        calls.iter().rposition(is_meant)
    }
}

impl Answer {
    /// Adds an item of encrypted reasoning, once. Without its id and its status it is what a server
    /// takes that stored nothing. One that is not encrypted could only be looked up there.
    fn reasoning_item(&mut self, json: Option<&RawValue>) {
        let item = json.and_then(|json| serde_json::from_str(json.get()).ok());
        let Some(mut item): Option<Map<String, Value>> = item else { return };
        let encrypted = item.get("encrypted_content").and_then(Value::as_str);
        let is_kept = item.get("type").and_then(Value::as_str) == Some(REASONING_ITEM)
            && encrypted.is_some_and(|it| !it.is_empty());
        if is_kept {
            item.retain(|field, _| !matches!(field.as_str(), "id" | "status"));
            self.opaque_once(REASONING_ITEM, &Value::Object(item).to_string());
        }
    }
}

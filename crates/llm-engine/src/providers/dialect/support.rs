//! Functions that all dialects share.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};

use super::Ask;
use crate::{EngineError, ErrorKind, ModelRequest, providers::failure::protocol};

/// Writes a request as JSON, with the additional fields.
pub(super) fn to_json(body: &impl Serialize, ask: &Ask<'_>) -> Result<Vec<u8>, EngineError> {
    with_extra(body, &ask.form.extra).map_err(|_| refused("it cannot be written as JSON"))
}

/// Writes a body with the additional fields. Fields that they do not touch stay as they are
/// written, to the byte.
fn with_extra(body: &impl Serialize, extra: &Map<String, Value>) -> serde_json::Result<Vec<u8>> {
    let written = serde_json::to_string(body)?;
    if extra.is_empty() {
        return Ok(written.into_bytes());
    }
    let mut fields: Fields = serde_json::from_str(&written)?;
    for (name, value) in extra {
        let place = fields.0.iter().position(|(field, _)| field == name);
        let mut merged = match place {
            Some(place) if value.is_object() => serde_json::from_str(fields.0[place].1.get())?,
            Some(_) | None => Value::Null,
        };
        merge_value(&mut merged, value);
        let merged = to_raw_value(&merged)?;
        match place {
            Some(place) if value.is_null() => drop(fields.0.remove(place)),
            Some(place) => fields.0[place].1 = merged,
            None if value.is_null() => {}
            None => fields.0.push((name.clone(), merged)),
        }
    }
    serde_json::to_vec(&fields)
}

/// The fields of an object in their order, each as it is written.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Read)
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Merges a value into another one, as a JSON merge patch.
fn merge_value(into: &mut Value, value: &Value) {
    match value {
        Value::Object(fields) => merge(into, fields),
        _ => *into = value.clone(),
    }
}

/// Merges `extra` into `body`, as a JSON merge patch: objects are merged, `null` removes a field,
/// and any other value replaces it.
fn merge(body: &mut Value, extra: &Map<String, Value>) {
    if !body.is_object() {
        *body = Value::Object(Map::new());
    }
    let Value::Object(fields) = body else { return };
    for (name, value) in extra {
        match value {
            Value::Null => drop(fields.shift_remove(name)),
            value => merge_value(fields.entry(name.as_str()).or_insert(Value::Null), value),
        }
    }
}

/// Reads a part of an answer from JSON.
pub(super) fn from_json<'de, T: Deserialize<'de>>(part: &'de str) -> Result<T, EngineError> {
    // Serde's error is dropped, because it may quote the part.
    serde_json::from_str(part).map_err(|_| protocol("a part of it cannot be understood"))
}

/// Reads a word, such as the type of an event. Any other value in its place is read as none.
pub(super) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(serde_json::from_str(<&RawValue>::deserialize(deserializer)?.get()).unwrap_or_default())
}

/// Reads a name that the server gives, such as the id of a call. Some servers write `null` as a text
/// where they have none.
pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = word(deserializer)?;
    Ok((!matches!(name.trim(), "" | "null" | "None")).then_some(name))
}

/// Returns arguments of a call as a text: most servers write them as one, and some as an object,
/// which is kept as it is written.
pub(super) fn arguments(json: Option<&RawValue>) -> String {
    let json = json.map_or("null", RawValue::get);
    match serde_json::from_str::<String>(json) {
        Ok(text) => text,
        Err(_) if json == "null" => String::new(),
        Err(_) => json.to_owned(),
    }
}

/// Reads a list that a server may leave out, or write another value for. Fails if it is a list that
/// cannot be understood, because nothing in it may be lost.
pub(super) fn list<'de, T: Deserialize<'de>>(
    json: Option<&'de RawValue>,
) -> Result<Vec<T>, EngineError> {
    match json.map(RawValue::get) {
        Some(list) if list.starts_with('[') => from_json(list),
        Some(_) | None => Ok(Vec::new()),
    }
}

/// Reads the reason of an end, which may be in an object. What is no text and yet there is a reason
/// that nobody knows.
pub(super) fn reason<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let reason = <&RawValue>::deserialize(deserializer)?.get();
    Ok(match serde_json::from_str(reason).unwrap_or_default() {
        Value::Null => String::new(),
        Value::String(reason) => reason,
        Value::Object(object) => {
            let mut words =
                ["type", "reason", "finish_reason"].iter().filter_map(|key| object.get(*key));
            words.find_map(Value::as_str).unwrap_or("unknown").to_owned()
        }
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => "unknown".to_owned(),
    })
}

/// Returns the name of the model, for providers that have no default. Fails if there is none.
pub(super) fn model(request: &ModelRequest) -> Result<&str, EngineError> {
    request
        .model
        .as_deref()
        .ok_or_else(|| refused("it names no model, and this provider wants one"))
}

/// Returns the name of the model as one segment of a path. Fails if it is none.
pub(super) fn deployment(request: &ModelRequest) -> Result<&str, EngineError> {
    match model(request)? {
        "" | "." | ".." => Err(refused("the model's name is not one of a deployment")),
        name => Ok(name),
    }
}

/// Fails if a parameter is set that the provider does not have.
pub(super) fn refuse_if(is_set: bool, parameter: &str) -> Result<(), EngineError> {
    if is_set {
        return Err(refused(&format!("{parameter} is set, which this provider does not have")));
    }
    Ok(())
}

/// Returns the error of a request that is wrong before it is sent.
pub(super) fn refused(why: &str) -> EngineError {
    EngineError::new(ErrorKind::InvalidRequest, format!("the request was not sent: {why}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn extra_fields_are_a_merge_patch() {
        let body = json!({"a": 1, "b": {"c": 2, "d": 3}, "e": 4, "j": 7});
        let extra = json!({
            "a": "x", "b": {"c": null, "f": {"g": null, "h": 5}}, "e": {"i": 6}, "j": null, "k": null,
        });
        let body = with_extra(&body, extra.as_object().unwrap()).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body, json!({"a": "x", "b": {"d": 3, "f": {"h": 5}}, "e": {"i": 6}}));
    }

    #[test]
    fn what_extra_fields_do_not_touch_stays_as_it_is_written() {
        let body = r#"{"a":1,"b":{"z":1.0, "y":123456789012345678901234567890}}"#;
        let extra = json!({"a": 2});
        let body: &RawValue = serde_json::from_str(body).unwrap();
        let written = with_extra(&body, extra.as_object().unwrap()).unwrap();
        let expected = r#"{"a":2,"b":{"z":1.0, "y":123456789012345678901234567890}}"#;
        assert_eq!(str::from_utf8(&written).unwrap(), expected);
    }
}

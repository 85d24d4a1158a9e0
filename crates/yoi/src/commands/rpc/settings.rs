//! The limits that are set on the command line, by name.

use std::str::FromStr;

use llm_engine::ShortText;
use serde_json::{Map, Value};
use worker_runtime::Limits;

use crate::failure::Failure;

/// A limit and its value, written `NAME=N`.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    name: String,
    value: u64,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("must be LIMIT=N")?;
        let value = value.parse().map_err(|error| format!("{error}"))?;
        Ok(Self { name: name.to_owned(), value })
    }
}

/// Returns the default limits with `settings` applied.
pub(super) fn limits(settings: &[Setting]) -> Result<Limits, Failure> {
    let mut values: Map<String, Value> =
        Limits::default().iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    for Setting { name, value } in settings {
        let limit = values.get_mut(name).ok_or_else(|| {
            let name = ShortText::cut(name, 64);
            Failure::usage(format!("no limit `{name}`; `get_runtime` lists them"))
        })?;
        *limit = (*value).into();
    }
    serde_json::from_value(Value::Object(values))
        .map_err(|error| Failure::usage(format!("the limits cannot be set: {error}")))
}

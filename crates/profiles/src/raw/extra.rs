//! The fields that a profile adds to the body of each request.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Number, Value as Json};
use toml::{Table, Value as Toml};

/// Fields, as JSON.
pub(crate) struct RawExtra(pub(crate) Map<String, Json>);

impl<'de> Deserialize<'de> for RawExtra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A value of any type is read first, because the errors of derived code would repeat it.
        let Toml::Table(table) = Toml::deserialize(deserializer)? else {
            return Err(D::Error::custom("expected a table such as { seed = 1 }"));
        };
        let wrong = || D::Error::custom("has a number that JSON does not have");
        object(table).map(Self).ok_or_else(wrong)
    }
}

fn object(table: Table) -> Option<Map<String, Json>> {
    table.into_iter().map(|(name, value)| Some((name, json(value)?))).collect()
}

fn json(value: Toml) -> Option<Json> {
    Some(match value {
        Toml::String(text) => text.into(),
        Toml::Integer(number) => number.into(),
        Toml::Float(number) => Number::from_f64(number)?.into(),
        Toml::Boolean(is_true) => is_true.into(),
        Toml::Datetime(time) => time.to_string().into(),
        Toml::Array(values) => values.into_iter().map(json).collect::<Option<Vec<_>>>()?.into(),
        Toml::Table(table) => object(table)?.into(),
    })
}

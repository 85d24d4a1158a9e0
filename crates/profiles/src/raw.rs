//! The keys of a profiles file with their types, as serde reads them.

mod compatibility;
mod extra;
mod headers;
mod limits;
mod sampling;
mod secrets;

use std::{collections::BTreeMap, str::FromStr};

use llm_engine::providers::Auth;
use serde::{Deserialize, Deserializer, de::Error};
use toml::Spanned;

use self::{
    compatibility::RawCompatibility,
    limits::{RawDeadlines, RawHistory, RawRetry},
    sampling::RawSampling,
};
pub(crate) use self::{
    extra::RawExtra,
    headers::RawHeaders,
    secrets::{RawPlace, RawSecret},
};
use crate::ProviderKind;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFile {
    pub(crate) default: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Spanned<RawProfile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProfile {
    pub(crate) provider: Named<ProviderKind>,
    #[serde(default, deserialize_with = "not_blank")]
    pub(crate) model: Option<String>,
    pub(crate) base_url: Option<Spanned<String>>,
    pub(crate) key: Option<Spanned<RawPlace>>,
    pub(crate) auth: Option<Spanned<Named<Auth>>>,
    pub(crate) headers: Option<Spanned<RawHeaders>>,
    pub(crate) extra: Option<Spanned<RawExtra>>,
    pub(crate) compatibility: Option<Spanned<RawCompatibility>>,
    pub(crate) cache: Option<Spanned<bool>>,
    pub(crate) delay_ms: Option<Spanned<u32>>,
    #[serde(default, deserialize_with = "not_blank")]
    pub(crate) instructions: Option<String>,
    #[serde(default)]
    pub(crate) sampling: RawSampling,
    #[serde(default)]
    pub(crate) deadlines: RawDeadlines,
    #[serde(default)]
    pub(crate) retry: RawRetry,
    #[serde(default)]
    pub(crate) history: RawHistory,
}

/// A value that is written by its name.
#[derive(Clone, Copy)]
pub(crate) struct Named<T>(pub(crate) T);

impl<'de, T: FromStr<Err: std::fmt::Display>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

fn not_blank<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() { Err(D::Error::custom("is blank")) } else { Ok(Some(text)) }
}

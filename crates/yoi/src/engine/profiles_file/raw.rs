//! The keys of a profiles file with their types, as serde reads them.

mod compatibility;
mod extra;
mod limits;
mod sampling;

use std::{collections::BTreeMap, str::FromStr};

use llm_engine::providers::Auth;
use serde::{Deserialize, Deserializer, de::Error};
use toml::Spanned;

pub(super) use self::extra::RawExtra;
use self::{
    compatibility::RawCompatibility,
    limits::{RawDeadlines, RawHistory, RawRetry},
    sampling::RawSampling,
};

use crate::engine::{headers::Headers, provider_kind::ProviderKind, secret::SecretPlace};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    pub(super) default: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) profiles: BTreeMap<String, Spanned<RawProfile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProfile {
    pub(super) provider: ProviderKind,
    #[serde(default, deserialize_with = "not_blank")]
    pub(super) model: Option<String>,
    pub(super) base_url: Option<Spanned<String>>,
    pub(super) key: Option<Spanned<SecretPlace>>,
    pub(super) auth: Option<Spanned<Named<Auth>>>,
    pub(super) headers: Option<Spanned<Headers>>,
    pub(super) extra: Option<Spanned<RawExtra>>,
    pub(super) compatibility: Option<Spanned<RawCompatibility>>,
    pub(super) cache: Option<Spanned<bool>>,
    pub(super) delay_ms: Option<Spanned<u32>>,
    #[serde(default, deserialize_with = "not_blank")]
    pub(super) instructions: Option<String>,
    #[serde(default)]
    pub(super) sampling: RawSampling,
    #[serde(default)]
    pub(super) deadlines: RawDeadlines,
    #[serde(default)]
    pub(super) retry: RawRetry,
    #[serde(default)]
    pub(super) history: RawHistory,
}

/// A value that is written by its name.
#[derive(Clone, Copy)]
pub(super) struct Named<T>(pub(super) T);

impl<'de, T: FromStr<Err: std::fmt::Display>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

fn not_blank<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() { Err(D::Error::custom("is blank")) } else { Ok(Some(text)) }
}

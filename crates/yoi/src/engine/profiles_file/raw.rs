//! The keys of a profiles file with their types, as serde reads them.

use std::{
    collections::BTreeMap,
    num::{NonZeroU32, NonZeroU64, NonZeroUsize},
    time::Duration,
};

use llm_engine::{Deadlines, Sampling};
use serde::{Deserialize, Deserializer, de::Error};
use toml::Spanned;
use worker::HistoryBudget;

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
    pub(super) headers: Option<Spanned<Headers>>,
    pub(super) delay_ms: Option<Spanned<u32>>,
    #[serde(default, deserialize_with = "not_blank")]
    pub(super) instructions: Option<String>,
    #[serde(default)]
    pub(super) sampling: RawSampling,
    #[serde(default)]
    pub(super) deadlines: RawDeadlines,
    #[serde(default)]
    pub(super) history: RawHistory,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSampling {
    #[serde(default, deserialize_with = "temperature")]
    temperature: Option<f64>,
    #[serde(default, deserialize_with = "top_p")]
    top_p: Option<f64>,
    max_output_tokens: Option<NonZeroU32>,
    #[serde(default)]
    stop: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "each key of the file names its unit")]
pub(super) struct RawDeadlines {
    first_event_ms: Option<NonZeroU64>,
    idle_ms: Option<NonZeroU64>,
    turn_ms: Option<NonZeroU64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "each key of the file says that it is a limit")]
pub(super) struct RawHistory {
    max_bytes: Option<NonZeroUsize>,
    max_messages: Option<NonZeroUsize>,
    max_tokens: Option<NonZeroU64>,
}

impl From<RawSampling> for Sampling {
    fn from(raw: RawSampling) -> Self {
        Self {
            temperature: raw.temperature,
            top_p: raw.top_p,
            max_output_tokens: raw.max_output_tokens.map(NonZeroU32::get),
            stop_sequences: raw.stop,
            ..Self::default()
        }
    }
}

impl From<RawDeadlines> for Deadlines {
    fn from(raw: RawDeadlines) -> Self {
        let default = Self::default();
        let or = |ms: Option<NonZeroU64>, default| {
            ms.map_or(default, |ms| Duration::from_millis(ms.get()))
        };
        Self {
            first_event: or(raw.first_event_ms, default.first_event),
            idle: or(raw.idle_ms, default.idle),
            turn: or(raw.turn_ms, default.turn),
        }
    }
}

impl From<RawHistory> for HistoryBudget {
    fn from(raw: RawHistory) -> Self {
        let default = Self::default();
        Self {
            max_bytes: raw.max_bytes.map_or(default.max_bytes, NonZeroUsize::get),
            max_messages: raw.max_messages.map_or(default.max_messages, NonZeroUsize::get),
            max_tokens: raw.max_tokens.map(NonZeroU64::get),
        }
    }
}

fn not_blank<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() { Err(D::Error::custom("is blank")) } else { Ok(Some(text)) }
}

fn temperature<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = f64::deserialize(deserializer)?;
    let is_in_range = number.is_finite() && number >= 0.0;
    if is_in_range { Ok(Some(number)) } else { Err(D::Error::custom("is a number from 0 up")) }
}

fn top_p<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = f64::deserialize(deserializer)?;
    if (0.0..=1.0).contains(&number) {
        Ok(Some(number))
    } else {
        Err(D::Error::custom("is a number from 0 to 1"))
    }
}

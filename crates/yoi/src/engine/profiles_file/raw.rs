//! The keys of a profiles file, and what may stand there.

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
#[expect(clippy::struct_field_names, reason = "a file names the unit with each number")]
pub(super) struct RawDeadlines {
    first_event_ms: Option<NonZeroU64>,
    idle_ms: Option<NonZeroU64>,
    turn_ms: Option<NonZeroU64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "a file says that each number is a limit")]
pub(super) struct RawHistory {
    max_bytes: Option<NonZeroUsize>,
    max_messages: Option<NonZeroUsize>,
    max_tokens: Option<NonZeroU64>,
}

impl From<RawSampling> for Sampling {
    fn from(text: RawSampling) -> Self {
        Self {
            temperature: text.temperature,
            top_p: text.top_p,
            max_output_tokens: text.max_output_tokens.map(NonZeroU32::get),
            stop_sequences: text.stop,
        }
    }
}

impl From<RawDeadlines> for Deadlines {
    fn from(text: RawDeadlines) -> Self {
        let usual = Self::default();
        let or =
            |ms: Option<NonZeroU64>, usual| ms.map_or(usual, |ms| Duration::from_millis(ms.get()));
        Self {
            first_event: or(text.first_event_ms, usual.first_event),
            idle: or(text.idle_ms, usual.idle),
            turn: or(text.turn_ms, usual.turn),
        }
    }
}

impl From<RawHistory> for HistoryBudget {
    fn from(text: RawHistory) -> Self {
        let usual = Self::default();
        Self {
            max_bytes: text.max_bytes.map_or(usual.max_bytes, NonZeroUsize::get),
            max_messages: text.max_messages.map_or(usual.max_messages, NonZeroUsize::get),
            max_tokens: text.max_tokens.map(NonZeroU64::get),
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

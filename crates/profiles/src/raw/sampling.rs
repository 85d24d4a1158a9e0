//! The keys of a profile's sampling.

use std::num::NonZeroU32;

use llm_engine::{Sampling, SamplingError};
use serde::{Deserialize, Deserializer, de::Error};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSampling {
    #[serde(default, deserialize_with = "temperature")]
    temperature: Option<f64>,
    #[serde(default, deserialize_with = "top_p")]
    top_p: Option<f64>,
    top_k: Option<u32>,
    seed: Option<i64>,
    max_output_tokens: Option<NonZeroU32>,
    #[serde(default)]
    stop: Vec<String>,
    #[serde(default, deserialize_with = "effort")]
    reasoning_effort: Option<String>,
    thinking_budget_tokens: Option<u32>,
    num_ctx: Option<NonZeroU32>,
}

impl From<RawSampling> for Sampling {
    fn from(raw: RawSampling) -> Self {
        Self {
            temperature: raw.temperature,
            top_p: raw.top_p,
            top_k: raw.top_k,
            seed: raw.seed,
            max_output_tokens: raw.max_output_tokens.map(NonZeroU32::get),
            stop_sequences: raw.stop,
            reasoning_effort: raw.reasoning_effort,
            thinking_budget_tokens: raw.thinking_budget_tokens,
            num_ctx: raw.num_ctx.map(NonZeroU32::get),
        }
    }
}

fn temperature<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = f64::deserialize(deserializer)?;
    let is_in_range = number.is_finite() && number >= 0.0;
    if is_in_range {
        Ok(Some(number))
    } else {
        Err(D::Error::custom("must be a number of at least 0"))
    }
}

fn top_p<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = f64::deserialize(deserializer)?;
    if (0.0..=1.0).contains(&number) {
        Ok(Some(number))
    } else {
        Err(D::Error::custom("must be a number from 0 to 1"))
    }
}

fn effort<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let effort = String::deserialize(deserializer)?;
    match Sampling::default().reasoning_effort(&*effort).check() {
        Err(SamplingError::ReasoningEffort) => {
            Err(D::Error::custom("is a word such as low, medium or high"))
        }
        Ok(()) | Err(_) => Ok(Some(effort)),
    }
}

//! The Anthropic Messages API.

mod answer;
mod request;

use std::ops::Add;

use reqwest::Url;

use super::{
    Ask,
    counts::Counts,
    wire::{Dialect, Framing},
};
use crate::{
    EngineError, ModelRequest, TokenCount, TokenUsage,
    providers::{endpoint::Endpoint, http::Answer},
};

#[derive(Debug)]
pub(super) struct Anthropic;

impl Dialect for Anthropic {
    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn url(&self, endpoint: &Endpoint, _: &ModelRequest) -> Result<Url, EngineError> {
        Ok(endpoint.join_versioned("v1", &["messages"]))
    }

    fn body(&self, ask: &Ask<'_>) -> Result<Vec<u8>, EngineError> {
        request::body(ask)
    }

    /// Adds the tokens that were read from the cache or written to it, which the API does not count
    /// as input.
    fn usage(&self, counts: &Counts) -> TokenUsage {
        let cached = [counts.cached, counts.cache_written].into_iter().flatten();
        let whole = |fresh: TokenCount| cached.fold(fresh, TokenCount::add);
        TokenUsage { input_tokens: counts.input.map(whole), ..counts.usage() }
    }

    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError> {
        answer::read(part, answer)
    }
}

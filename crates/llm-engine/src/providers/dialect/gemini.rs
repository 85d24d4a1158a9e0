//! The Gemini API.

mod answer;
mod request;

use std::ops::Add;

use reqwest::Url;

use super::{
    Ask,
    counts::Counts,
    support::{model, refused},
    wire::{Dialect, Framing},
};
use crate::{
    EngineError, ModelRequest, TokenCount, TokenUsage,
    providers::{endpoint::Endpoint, http::Answer},
};

#[derive(Debug)]
pub(super) struct Gemini;

impl Dialect for Gemini {
    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn url(&self, endpoint: &Endpoint, request: &ModelRequest) -> Result<Url, EngineError> {
        let model = model(request)?;
        // `models/x`, as Gemini lists it, and `x` are the same; a tuned model is in another folder.
        let (folder, name) = model.split_once('/').unwrap_or(("models", model));
        if [folder, name].iter().any(|part| matches!(*part, "" | "." | "..")) {
            return Err(refused("the model's name is not one that Gemini has"));
        }
        let method = format!("{name}:streamGenerateContent");
        let mut url = endpoint.join_versioned("v1beta", &[folder, &method]);
        if !url.query_pairs().any(|(name, value)| name == "alt" && value == "sse") {
            url.query_pairs_mut().append_pair("alt", "sse");
        }
        Ok(url)
    }

    fn body(&self, ask: &Ask<'_>) -> Result<Vec<u8>, EngineError> {
        request::body(ask)
    }

    /// Adds the thoughts to the output, because the API counts them apart from the answer.
    fn usage(&self, counts: &Counts) -> TokenUsage {
        let output =
            [counts.output, counts.reasoning].into_iter().flatten().reduce(TokenCount::add);
        TokenUsage { output_tokens: output, ..counts.usage() }
    }

    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError> {
        answer::read(part, answer)
    }
}

//! The `OpenAI` Responses API.

mod answer;
mod request;

use reqwest::Url;

use super::{
    Ask,
    wire::{Dialect, Framing},
};
use crate::{
    EngineError, ModelRequest,
    providers::{endpoint::Endpoint, http::Answer},
};

#[derive(Debug)]
pub(super) struct OpenAiResponses;

impl Dialect for OpenAiResponses {
    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn url(&self, endpoint: &Endpoint, _: &ModelRequest) -> Result<Url, EngineError> {
        // Azure has no address for each model here.
        let folder = endpoint.has_deployments().then_some("openai");
        Ok(endpoint.join(folder.into_iter().chain(["responses"])))
    }

    fn body(&self, ask: &Ask<'_>) -> Result<Vec<u8>, EngineError> {
        request::body(ask)
    }

    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError> {
        answer::read(part, answer)
    }
}

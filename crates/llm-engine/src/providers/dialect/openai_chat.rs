//! `OpenAI` chat completions, as `OpenAI` and most other servers speak it.

mod answer;
mod request;

use reqwest::Url;

use super::{
    Ask,
    support::deployment,
    wire::{Dialect, Framing},
};
use crate::{
    EngineError, ModelRequest,
    providers::{endpoint::Endpoint, http::Answer},
};

#[derive(Debug)]
pub(super) struct OpenAiChat;

impl Dialect for OpenAiChat {
    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn url(&self, endpoint: &Endpoint, request: &ModelRequest) -> Result<Url, EngineError> {
        if endpoint.has_deployments() {
            let folder = ["openai", "deployments", deployment(request)?];
            return Ok(endpoint.join(folder.into_iter().chain(["chat", "completions"])));
        }
        Ok(endpoint.join(["chat", "completions"]))
    }

    fn body(&self, ask: &Ask<'_>) -> Result<Vec<u8>, EngineError> {
        request::body(ask)
    }

    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError> {
        answer::read(part, answer)
    }
}

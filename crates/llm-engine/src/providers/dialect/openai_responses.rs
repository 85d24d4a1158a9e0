//! The `OpenAI` Responses API.

mod answer;
mod request;

use reqwest::Url;

use super::wire::{Dialect, Framing};
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
        Ok(endpoint.join(["responses"]))
    }

    fn body(&self, request: &ModelRequest) -> Result<Vec<u8>, EngineError> {
        request::body(request)
    }

    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError> {
        answer::read(part, answer)
    }
}

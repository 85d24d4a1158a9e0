//! Ollama's own API.

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
pub(super) struct Ollama;

impl Dialect for Ollama {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn url(&self, endpoint: &Endpoint, _: &ModelRequest) -> Result<Url, EngineError> {
        Ok(endpoint.join(["api", "chat"]))
    }

    fn body(&self, ask: &Ask<'_>) -> Result<Vec<u8>, EngineError> {
        request::body(ask)
    }

    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError> {
        answer::read(part, answer)
    }
}

//! `OpenAI` chat completions, as `OpenAI` and most other servers speak it.

mod answer;
mod request;

use reqwest::Url;

use super::wire::{Dialect, Framing};
use crate::{
    EngineError, ModelRequest,
    providers::{endpoint::Endpoint, http::Answer},
};

#[derive(Debug)]
pub(super) struct OpenAiChat {
    /// Whether the server is `OpenAI`'s own. Its newer models refuse `max_tokens`, which is the
    /// only name of the limit that many other servers know.
    is_openai: bool,
}

impl OpenAiChat {
    pub(super) fn at(endpoint: &Endpoint) -> Self {
        Self { is_openai: endpoint.host_is("api.openai.com") }
    }
}

impl Dialect for OpenAiChat {
    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn url(&self, endpoint: &Endpoint, _: &ModelRequest) -> Result<Url, EngineError> {
        Ok(endpoint.join(["chat", "completions"]))
    }

    fn body(&self, request: &ModelRequest) -> Result<Vec<u8>, EngineError> {
        request::body(request, self.is_openai)
    }

    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError> {
        answer::read(part, answer)
    }
}

//! The differences between providers: the form of a request and of an answer.

mod anthropic;
mod gemini;
mod ollama;
mod openai_chat;
mod openai_responses;
mod support;

use reqwest::Url;

use super::{ProviderKind, endpoint::Endpoint, http::Answer};
use crate::{EngineError, ModelRequest};

/// The form of the parts of a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Framing {
    /// Server-sent events.
    Events,
    /// A JSON value in each line.
    Lines,
}

/// The requests and answers of one provider. A dialect holds no state of a call.
pub(super) trait Dialect: Send + Sync {
    fn framing(&self) -> Framing;

    /// The address of a request.
    fn url(&self, endpoint: &Endpoint, request: &ModelRequest) -> Result<Url, EngineError>;

    /// The JSON body of a request.
    fn body(&self, request: &ModelRequest) -> Result<Vec<u8>, EngineError>;

    /// Reads one part of the answer.
    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError>;
}

/// The dialect of `kind`, spoken at `endpoint`.
pub(super) fn of(kind: ProviderKind, endpoint: &Endpoint) -> Box<dyn Dialect> {
    match kind {
        ProviderKind::OpenAi => Box::new(openai_chat::OpenAiChat::at(endpoint)),
        ProviderKind::OpenAiResponses => Box::new(openai_responses::OpenAiResponses),
        ProviderKind::Anthropic => Box::new(anthropic::Anthropic),
        ProviderKind::Gemini => Box::new(gemini::Gemini),
        ProviderKind::Ollama => Box::new(ollama::Ollama),
    }
}

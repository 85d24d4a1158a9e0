//! The differences between providers: the form of a request and of an answer.

mod anthropic;
mod characters;
mod counts;
mod gemini;
mod ollama;
mod openai_chat;
mod openai_responses;
mod said;
mod stop;
mod support;
mod wire;

use super::{ProviderKind, endpoint::Endpoint};

pub(super) use characters::whole_characters;
pub(super) use counts::Counts;
pub(super) use said::Said;
pub(super) use stop::Stop;
pub(super) use wire::{Dialect, Framing};

/// Returns the dialect of `kind`, spoken at `endpoint`.
pub(super) fn of(kind: ProviderKind, endpoint: &Endpoint) -> Box<dyn Dialect> {
    match kind {
        ProviderKind::OpenAi => Box::new(openai_chat::OpenAiChat::at(endpoint)),
        ProviderKind::OpenAiResponses => Box::new(openai_responses::OpenAiResponses),
        ProviderKind::Anthropic => Box::new(anthropic::Anthropic),
        ProviderKind::Gemini => Box::new(gemini::Gemini),
        ProviderKind::Ollama => Box::new(ollama::Ollama),
    }
}

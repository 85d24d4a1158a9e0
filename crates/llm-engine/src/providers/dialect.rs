//! The differences between providers: the form of a request and of an answer.

mod anthropic;
mod ask;
mod characters;
mod counts;
mod flat;
mod gemini;
mod ollama;
mod openai_chat;
mod openai_responses;
mod part_kinds;
mod said;
mod stop;
mod support;
mod tools;
mod wire;

use super::{Protocol, ProviderKind};

pub(super) use ask::{Ask, Form};
pub(super) use characters::whole_characters;
pub(super) use counts::Counts;
pub(super) use said::Said;
pub(super) use stop::Stop;
pub(super) use wire::{Dialect, Framing};

/// Returns the dialect of `kind`.
pub(super) fn of(kind: ProviderKind) -> Box<dyn Dialect> {
    match kind.protocol() {
        Protocol::ChatCompletions => Box::new(openai_chat::OpenAiChat),
        Protocol::Responses => Box::new(openai_responses::OpenAiResponses),
        Protocol::Messages => Box::new(anthropic::Anthropic),
        Protocol::GenerateContent => Box::new(gemini::Gemini),
        Protocol::OllamaChat => Box::new(ollama::Ollama),
    }
}

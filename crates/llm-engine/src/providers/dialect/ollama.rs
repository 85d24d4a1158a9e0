//! Ollama's own API.

mod request;

use reqwest::Url;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    counts::{Counts, count, told},
    support::from_json,
    wire::{Dialect, Framing},
};
use crate::{
    EngineError, ModelRequest, StopReason, TokenCount,
    providers::{endpoint::Endpoint, http::Answer},
};

#[derive(Debug)]
pub(super) struct Ollama;

impl Dialect for Ollama {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn url(&self, endpoint: &Endpoint, _: &ModelRequest) -> Result<Url, EngineError> {
        Ok(endpoint.join_versioned("api", &["chat"]))
    }

    fn body(&self, request: &ModelRequest) -> Result<Vec<u8>, EngineError> {
        request::body(request)
    }

    fn counts(&self, part: &str) -> Counts {
        let told: Told = told(part);
        Counts {
            input: told.prompt_eval_count,
            cached: told.prompt_eval_cached_count,
            output: told.eval_count,
            ..Counts::default()
        }
    }

    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError> {
        let line: Line = from_json(part)?;
        answer.error(line.error.as_deref());
        if let Some(message) = line.message {
            answer.reasoning(message.thinking);
            answer.text(message.content);
        }
        if line.done == Some(true) {
            answer.stopped(match line.done_reason.as_deref() {
                // Older servers give no reason.
                Some("stop") | None => StopReason::EndTurn,
                Some("length") => StopReason::MaxTokens,
                Some(_) => StopReason::Other,
            });
            answer.over();
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Line {
    message: Option<Message>,
    done: Option<bool>,
    done_reason: Option<String>,
    error: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
    thinking: Option<String>,
}

/// The token counts of a line.
#[derive(Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "these names are the provider's")]
struct Told {
    #[serde(deserialize_with = "count")]
    prompt_eval_count: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    prompt_eval_cached_count: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    eval_count: Option<TokenCount>,
}

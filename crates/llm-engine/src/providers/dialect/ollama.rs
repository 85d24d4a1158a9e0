//! Ollama's own API.

use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    counts::{Counts, count, told},
    support::{from_json, model, to_json},
    wire::{Dialect, Framing},
};
use crate::{
    EngineError, ModelRequest, StopReason, TokenCount,
    providers::{
        conversation::{WireMessage, free},
        endpoint::Endpoint,
        http::Answer,
    },
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
        let sampling = &request.sampling;
        to_json(&Body {
            model: model(request)?,
            messages: free(request.instructions.as_deref(), &request.messages),
            stream: true,
            options: Options {
                temperature: sampling.temperature,
                top_p: sampling.top_p,
                num_predict: sampling.max_output_tokens,
                stop: &sampling.stop_sequences,
            },
        })
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

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    stream: bool,
    options: Options<'a>,
}

#[derive(Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
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

//! The answer of a chat completion.

mod fragment;
mod place;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::fragment::Fragment;
use crate::{
    EngineError, TokenCount,
    providers::{
        dialect::{
            Counts,
            counts::{Details, count, greatest, loose},
            part_kinds::REASONING_CONTENT,
            said::Said,
            support::{from_json, list, reason, word},
        },
        http::Answer,
    },
};

pub(super) fn read(part: &str, answer: &mut Answer) -> Result<(), EngineError> {
    let chunk: Chunk = from_json(part)?;
    answer.count(chunk.usage.into());
    answer.count(chunk.x_groq.usage.into());
    answer.error(chunk.error);
    answer.know(chunk.choices.is_some());
    match chunk.choices {
        Some(choices) => {
            for choice in from_json::<Option<Vec<Choice>>>(choices.get())?.unwrap_or_default() {
                if answer.is_of_first_choice(choice.index) {
                    choice.read(answer)?;
                }
            }
        }
        // An error object without an envelope.
        None if chunk.object == "error" => answer.failed(part),
        None => answer.error_in(part),
    }
    Ok(())
}

/// A chunk of a stream, or a whole completion.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(default, deserialize_with = "word")]
    object: String,
    #[serde(borrow)]
    choices: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "loose")]
    usage: Usage,
    #[serde(default, deserialize_with = "loose")]
    x_groq: Groq,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default, deserialize_with = "loose")]
    index: i64,
    #[serde(default, deserialize_with = "loose")]
    delta: Option<Piece>,
    /// The whole message, of a server that does not stream. Others repeat the whole answer so far in
    /// it, beside each delta.
    #[serde(default, deserialize_with = "loose")]
    message: Piece,
    /// The text of the older completions API.
    #[serde(default)]
    text: Said,
    #[serde(default, deserialize_with = "reason")]
    finish_reason: String,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "loose")]
    usage: Usage,
}

impl Choice<'_> {
    fn read(self, answer: &mut Answer) -> Result<(), EngineError> {
        answer.count(self.usage.into());
        let is_piece = self.delta.is_some();
        self.delta.unwrap_or(self.message).read(is_piece, answer)?;
        answer.say(self.text);
        answer.error(self.error);
        answer.finish(&self.finish_reason);
        Ok(())
    }
}

/// A piece of the answer, or all of it.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Piece {
    content: Said,
    refusal: Said,
    /// The reasoning, as vLLM, llama.cpp and `DeepSeek` name it.
    reasoning_content: Said,
    /// The reasoning, as `OpenRouter`, Ollama and newer versions of vLLM name it.
    reasoning: Said,
    /// The reasoning, as GitHub names it.
    reasoning_text: Said,
    thinking: Said,
    /// The reasoning in parts, which `OpenRouter` sends beside the text.
    reasoning_details: Said,
    tool_calls: Option<Box<RawValue>>,
    /// The call of a tool in the older form.
    function_call: Option<Box<RawValue>>,
}

impl Piece {
    /// Reads a piece of the answer, or all of it.
    fn read(self, is_piece: bool, answer: &mut Answer) -> Result<(), EngineError> {
        // Servers that changed the name, and gateways before them, fill several of these. The first
        // one with a text counts.
        let reasoning = [
            self.reasoning_content,
            self.reasoning,
            self.reasoning_text,
            self.thinking,
            self.reasoning_details,
        ];
        let mut reasoning = reasoning.into_iter().map(Said::all);
        let reasoning = reasoning.find(|text| !text.is_empty()).unwrap_or_default();
        answer.reasoning_of(REASONING_CONTENT, reasoning);
        answer.say(self.content);
        answer.refusal(self.refusal.refusal + &self.refusal.text);
        let mut calls: Vec<Fragment> = list(self.tool_calls.as_deref())?;
        if calls.is_empty()
            && let Some(call) = &self.function_call
        {
            calls.extend(Fragment::of_older(call)?);
        }
        if is_piece { place::pieces(&calls, answer) } else { place::wholes(&calls, answer) }
    }
}

/// What Groq adds to a chunk.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Groq {
    #[serde(deserialize_with = "loose")]
    usage: Usage,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage {
    #[serde(deserialize_with = "count")]
    prompt_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    completion_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    input_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    output_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    total_tokens: Option<TokenCount>,
    /// The cached tokens, as Moonshot names them.
    #[serde(deserialize_with = "count")]
    cached_tokens: Option<TokenCount>,
    /// The cached tokens, as `DeepSeek` names them.
    #[serde(deserialize_with = "count")]
    prompt_cache_hit_tokens: Option<TokenCount>,
    /// The cached tokens, as gateways to Anthropic name them.
    #[serde(deserialize_with = "count")]
    cache_read_input_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    num_cached_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "count")]
    reasoning_tokens: Option<TokenCount>,
    #[serde(deserialize_with = "loose")]
    prompt_tokens_details: Details,
    #[serde(deserialize_with = "loose")]
    completion_tokens_details: Details,
    #[serde(deserialize_with = "loose")]
    input_tokens_details: Details,
    #[serde(deserialize_with = "loose")]
    output_tokens_details: Details,
}

impl From<Usage> for Counts {
    fn from(usage: Usage) -> Self {
        Self {
            input: usage.prompt_tokens.or(usage.input_tokens),
            cached: greatest([
                usage.prompt_tokens_details.cached_tokens,
                usage.input_tokens_details.cached_tokens,
                usage.cached_tokens,
                usage.prompt_cache_hit_tokens,
                usage.cache_read_input_tokens,
                usage.num_cached_tokens,
            ]),
            cache_written: None,
            output: usage.completion_tokens.or(usage.output_tokens),
            reasoning: greatest([
                usage.completion_tokens_details.reasoning_tokens,
                usage.output_tokens_details.reasoning_tokens,
                usage.reasoning_tokens,
            ]),
            total: usage.total_tokens,
        }
    }
}

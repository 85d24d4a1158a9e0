//! The phrases for a conversation that does not fit into a model's context.

use super::{Complaint, holds};

/// Phrases that say it exactly. They count whatever the status is, unless it names another cause.
const EXACT: &[&str] = &[
    // OpenAI, Azure, vLLM, DeepSeek, SGLang, Mistral, OpenRouter, Fireworks, xAI.
    "maximum context length",
    "maximum prompt length is",
    "maximum model length",
    "max_model_len",
    "max model len",
    "max_seq_len",
    "context_length_exceeded",
    "exceeds the context window",
    "exceeds the configured limit of*tokens",
    "exceed the configured limit of*tokens",
    "longer than the model's context length",
    "exceeds the model's context",
    "exceeds context length",
    "exceeds the context length",
    "exceeds model context",
    // llama.cpp, LM Studio, Ollama.
    "exceeds the available context size",
    "context size has been exceeded",
    "exceed_context_size",
    "greater than the context length",
    "tokens to keep from the initial prompt",
    "context overflow",
    "context the overflows",
    "prompt too long",
    // Anthropic, and those that speak like it.
    "prompt is too long",
    "exceed context limit",
    "request_too_large",
    // Amazon.
    "input is too long",
    "input tokens exceeded",
    "number of input tokens exceeds",
    "expected maxlength",
    // Google.
    "exceeds the maximum number of tokens",
    "exceeds the maximum number of input tokens",
    "token count is*only supports up to",
    "token count*exceeds the limit of",
    "tokens*model supports up to",
    // Groq, Cerebras, GitHub.
    "reduce the length of the",
    "reduce your prompt",
    "max size:*tokens",
    // Text Generation Inference, Together.
    "tokens + `max_new_tokens` must be",
    "`inputs` must have less than",
    "inputs tokens + max_new_tokens must be",
    // Cohere.
    "too many tokens: ",
    "tokens in the prompt cannot exceed",
    // watsonx.
    "number of input tokens*cannot exceed",
    // Moonshot, Qwen, MiniMax, Zhipu, Volcengine, Baidu.
    "exceeded model token limit",
    "exceed model token limit",
    "range of input length should be",
    "token length exceed",
    "context window exceeds limit",
    "exceed max message tokens",
    "exceeds max length",
    "exceeds the maximum length",
    "exceeds maximum length",
    "max input characters",
    "prompt tokens too long",
    "prompt 超长",
    "prompt超长",
    // LiteLLM and others.
    "contextwindowexceedederror",
    "token limit exceeded",
    "exceeds the token limit",
    "exceeds token limit",
    "exceeded the token limit",
    "input too long",
    "input is too large for the model",
    "input length exceed",
    "maximum input length",
    "maximum allowed input length",
];

/// Phrases that say it only if the request is at fault.
const LOOSE: &[&str] =
    &["context length", "context window", "context size", "context limit", "prompt length"];

/// Returns whether a provider says that the conversation is too long.
pub(super) fn is_told(complaint: &Complaint, status: Option<u16>) -> bool {
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| holds(&complaint.message, phrase));
    let names_another_cause = matches!(status, Some(401..=403 | 429));
    let is_of_request = matches!(status, None | Some(400 | 413 | 422));
    (!names_another_cause && says(EXACT)) || (is_of_request && says(LOOSE))
}

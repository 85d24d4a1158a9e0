//! The ways to a model, for whoever has not chosen one yet.

/// One line for each way to a model.
pub(super) const WAYS: &str = "\
a server on this machine: `--base-url http://127.0.0.1:8080/v1`
a key: set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY, and add `--model NAME`
a profile: `--profile NAME`; `yoi profiles` says in which file";

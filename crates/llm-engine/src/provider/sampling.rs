//! The parameters by which a model chooses its words.

/// The most bytes of the name of a reasoning effort.
const EFFORT_BYTES: usize = 32;

/// Sampling parameters. `None` leaves a parameter to the provider.
///
/// A provider that has no such parameter refuses the request before it is sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling {
    /// The sampling temperature, from 0 up. A higher temperature makes answers more random.
    pub temperature: Option<f64>,
    /// The probability mass of nucleus sampling (top-p), from 0 to 1.
    pub top_p: Option<f64>,
    /// The number of the most probable tokens that are considered (top-k).
    pub top_k: Option<u32>,
    /// The seed of the random numbers. The same seed gives similar answers.
    pub seed: Option<i64>,
    /// The maximum length of the answer, in tokens.
    pub max_output_tokens: Option<u32>,
    /// The texts at which the model stops.
    pub stop_sequences: Vec<String>,
    /// How much the model reasons before it answers, in the provider's word, such as `minimal`,
    /// `low`, `medium` or `high`.
    pub reasoning_effort: Option<String>,
    /// The maximum length of the reasoning, in tokens. Zero turns reasoning off.
    pub thinking_budget_tokens: Option<u32>,
    /// The size of the context that the model is loaded with, in tokens. Only Ollama has it.
    pub num_ctx: Option<u32>,
}

impl Sampling {
    /// Sets the sampling temperature, from 0 up.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Sets the probability mass of nucleus sampling (top-p), from 0 to 1.
    #[must_use]
    pub fn top_p(mut self, top_p: f64) -> Self {
        self.top_p = Some(top_p);
        self
    }

    /// Sets the number of the most probable tokens that are considered (top-k).
    #[must_use]
    pub fn top_k(mut self, top_k: u32) -> Self {
        self.top_k = Some(top_k);
        self
    }

    /// Sets the seed of the random numbers.
    #[must_use]
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets the maximum length of the answer, in tokens.
    #[must_use]
    pub fn max_output_tokens(mut self, tokens: u32) -> Self {
        self.max_output_tokens = Some(tokens);
        self
    }

    /// Sets the texts at which the model stops.
    #[must_use]
    pub fn stop_sequences(mut self, sequences: Vec<String>) -> Self {
        self.stop_sequences = sequences;
        self
    }

    /// Sets how much the model reasons, in the provider's word, such as `low`.
    #[must_use]
    pub fn reasoning_effort(mut self, effort: impl Into<String>) -> Self {
        self.reasoning_effort = Some(effort.into());
        self
    }

    /// Sets the maximum length of the reasoning, in tokens.
    #[must_use]
    pub fn thinking_budget_tokens(mut self, tokens: u32) -> Self {
        self.thinking_budget_tokens = Some(tokens);
        self
    }

    /// Sets the size of the context that the model is loaded with, in tokens.
    #[must_use]
    pub fn num_ctx(mut self, tokens: u32) -> Self {
        self.num_ctx = Some(tokens);
        self
    }

    /// Checks that the parameters are within their ranges.
    pub fn check(&self) -> Result<(), SamplingError> {
        if self.temperature.is_some_and(|it| !it.is_finite() || it < 0.0) {
            return Err(SamplingError::Temperature);
        }
        if self.top_p.is_some_and(|it| !(0.0..=1.0).contains(&it)) {
            return Err(SamplingError::TopP);
        }
        if self.max_output_tokens == Some(0) {
            return Err(SamplingError::MaxOutputTokens);
        }
        if self.reasoning_effort.as_deref().is_some_and(|effort| !is_effort(effort)) {
            return Err(SamplingError::ReasoningEffort);
        }
        if self.num_ctx == Some(0) {
            return Err(SamplingError::NumCtx);
        }
        Ok(())
    }
}

/// Returns whether a text can be a provider's word for an effort.
fn is_effort(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    (1..=EFFORT_BYTES).contains(&text.len()) && text.chars().all(is_plain)
}

/// A sampling parameter that no provider accepts. The message names the parameter and what is
/// allowed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SamplingError {
    /// The temperature is below zero, or not a finite number.
    #[error("temperature must be a finite number of at least 0")]
    Temperature,
    /// The probability mass is not from 0 to 1.
    #[error("top_p must be a number from 0 to 1")]
    TopP,
    /// No token may be written.
    #[error("max_output_tokens must be at least 1")]
    MaxOutputTokens,
    /// The effort is not a word.
    #[error("reasoning_effort must be a word such as low, medium or high")]
    ReasoningEffort,
    /// The context has no room.
    #[error("num_ctx must be at least 1")]
    NumCtx,
}

#[cfg(test)]
mod tests {
    use super::{Sampling, SamplingError};

    #[test]
    fn numbers_out_of_range_are_refused() {
        let new = Sampling::default;
        for (sampling, checked) in [
            (new(), Ok(())),
            (new().temperature(0.0).top_p(0.0).max_output_tokens(1), Ok(())),
            (new().temperature(2.5).top_p(1.0).max_output_tokens(u32::MAX), Ok(())),
            (new().temperature(-0.1), Err(SamplingError::Temperature)),
            (new().temperature(f64::NAN), Err(SamplingError::Temperature)),
            (new().temperature(f64::INFINITY), Err(SamplingError::Temperature)),
            (new().top_p(1.1), Err(SamplingError::TopP)),
            (new().top_p(-0.1), Err(SamplingError::TopP)),
            (new().top_p(f64::NAN), Err(SamplingError::TopP)),
            (new().max_output_tokens(0), Err(SamplingError::MaxOutputTokens)),
            (new().reasoning_effort("x-high"), Ok(())),
            (new().reasoning_effort(""), Err(SamplingError::ReasoningEffort)),
            (new().reasoning_effort("very high"), Err(SamplingError::ReasoningEffort)),
            (new().reasoning_effort("x".repeat(33)), Err(SamplingError::ReasoningEffort)),
            (new().thinking_budget_tokens(0).top_k(0).seed(-1), Ok(())),
            (new().num_ctx(0), Err(SamplingError::NumCtx)),
        ] {
            assert_eq!(sampling.check(), checked, "{sampling:?}");
        }
    }
}

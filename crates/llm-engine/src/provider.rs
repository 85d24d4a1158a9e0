//! The interface to a model: one call, which gives a stream of events.

use std::{pin::Pin, sync::Arc};

use futures_core::Stream;

use crate::{EngineError, Message, StopReason, TokenUsage};

/// Sampling parameters. `None` leaves a parameter to the provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling {
    /// The sampling temperature, from 0 up. A higher temperature makes answers more random.
    pub temperature: Option<f64>,
    /// The probability mass of nucleus sampling (top-p), from 0 to 1.
    pub top_p: Option<f64>,
    /// The maximum length of the answer, in tokens.
    pub max_output_tokens: Option<u32>,
    /// The texts at which the model stops.
    pub stop_sequences: Vec<String>,
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

    /// Sets the maximum length of the answer, in tokens.
    #[must_use]
    pub fn max_output_tokens(mut self, tokens: u32) -> Self {
        self.max_output_tokens = Some(tokens);
        self
    }

    /// Checks that the numbers are within their ranges.
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
        Ok(())
    }

    /// Sets the texts at which the model stops.
    #[must_use]
    pub fn stop_sequences(mut self, sequences: Vec<String>) -> Self {
        self.stop_sequences = sequences;
        self
    }
}

/// A sampling parameter that no provider accepts. The message names the parameter and what is
/// allowed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SamplingError {
    /// The temperature is below zero, or not a finite number.
    #[error("temperature must be a finite number from 0 up")]
    Temperature,
    /// The probability mass is not from 0 to 1.
    #[error("top_p must be a number from 0 to 1")]
    TopP,
    /// No token may be written.
    #[error("max_output_tokens must be at least 1")]
    MaxOutputTokens,
}

/// The request of one model call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelRequest {
    /// The model's name at the provider. `None` is the provider's own choice.
    pub model: Option<Arc<str>>,
    /// The description of the model's task, outside the conversation.
    pub instructions: Option<Arc<str>>,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// The sampling parameters.
    pub sampling: Arc<Sampling>,
}

impl ModelRequest {
    /// Creates a request to answer `messages`, oldest first. Everything else is left to the
    /// provider.
    #[must_use]
    pub fn new(messages: Vec<Message>) -> Self {
        Self { messages, ..Self::default() }
    }

    /// Sets the name of the model.
    #[must_use]
    pub fn model(mut self, model: impl Into<Arc<str>>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Sets the instructions.
    #[must_use]
    pub fn instructions(mut self, instructions: impl Into<Arc<str>>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    /// Sets the messages, oldest first.
    #[must_use]
    pub fn messages(mut self, messages: Vec<Message>) -> Self {
        self.messages = messages;
        self
    }

    /// Sets the sampling parameters.
    #[must_use]
    pub fn sampling(mut self, sampling: impl Into<Arc<Sampling>>) -> Self {
        self.sampling = sampling.into();
        self
    }
}

/// An event of a [`ProviderStream`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ProviderEvent {
    /// The provider accepted the call. Optional.
    Connected,
    /// A sign that something is still sent, without content. It does not count as progress, because
    /// it may come from a proxy.
    Heartbeat,
    /// The provider's own word that it still works on this call, without content. It counts as
    /// progress: a model may think for long before it says anything.
    KeepAlive,
    /// The next piece of the answer. It may be empty.
    TextDelta(String),
    /// The next piece of the model's reasoning, which is not part of the answer.
    ReasoningDelta(String),
    /// The token counts known so far. A later event replaces the fields that it sets.
    Usage(TokenUsage),
    /// The end of the call. Nothing after it is read.
    Finished {
        /// Why the model stopped.
        stop_reason: StopReason,
        /// The token counts of the whole call. A field that is `None` keeps the value of
        /// [`Self::Usage`].
        usage: TokenUsage,
    },
}

/// The events of one model call. Dropping the stream cancels the call.
pub type ProviderStream =
    Pin<Box<dyn Stream<Item = Result<ProviderEvent, EngineError>> + Send + 'static>>;

/// The interface between the engine and a service that runs models.
///
/// # Contract
///
/// - [`stream`](Self::stream) returns at once. Work begins when the stream is first polled.
/// - The stream ends with [`ProviderEvent::Finished`] or with one `Err`. Ending without either is
///   an interrupted call.
/// - Dropping the stream cancels the call, at any point, and leaves nothing running.
/// - The provider has no deadlines, retries or caps. They belong to the [`Engine`](crate::Engine).
/// - Errors carry no secret. What the model's server said stands in
///   [`EngineError::provider`](crate::EngineError::provider) alone.
pub trait Provider: Send + Sync + 'static {
    /// Returns a short stable name, such as `echo`, which is shown to people.
    fn name(&self) -> &str;

    /// Begins one model call.
    fn stream(&self, request: Arc<ModelRequest>) -> ProviderStream;
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
        ] {
            assert_eq!(sampling.check(), checked, "{sampling:?}");
        }
    }
}

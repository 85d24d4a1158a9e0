//! The interface to a model: one call, which gives a stream of events.

mod sampling;

use std::{pin::Pin, sync::Arc};

use futures_core::Stream;

pub use self::sampling::{Sampling, SamplingError};
use crate::{EngineError, Message, ModelCall, Opaque, StopReason, TokenUsage, ToolSpec};

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
    /// The tools that the model may call, sorted by name, so that the same tools give the same
    /// bytes.
    pub tools: Arc<[ToolSpec]>,
    /// Whether the model may call tools.
    pub tool_choice: ToolChoice,
}

/// Whether a model may call tools.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// The model is shown the tools, and may call none.
    None,
    /// The model must call a tool.
    Required,
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

    /// Sets the tools. They are sorted by name.
    #[must_use]
    pub fn tools(mut self, mut tools: Vec<ToolSpec>) -> Self {
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        self.tools = tools.into();
        self
    }

    /// Sets whether the model may call tools.
    #[must_use]
    pub fn tool_choice(mut self, tool_choice: ToolChoice) -> Self {
        self.tool_choice = tool_choice;
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
    /// The model begins to call a tool. Optional: [`Self::CallComplete`] says all.
    CallBegan {
        /// The number of the call in this output, from 0.
        index: usize,
        /// The name of the tool.
        name: Arc<str>,
    },
    /// The next piece of the arguments of a call. Optional, and never executed from.
    CallArguments {
        /// The number of the call in this output, from 0.
        index: usize,
        /// The piece.
        text: String,
    },
    /// A call is complete. Calls are completed in the order of their numbers, and without gaps.
    CallComplete {
        /// The number of the call in this output, from 0.
        index: usize,
        /// The call.
        call: ModelCall,
    },
    /// A part that the provider wants back in this place of the output.
    Opaque(Opaque),
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

    /// Returns whether each request must name a [model](ModelRequest::model), because the provider
    /// has none of its own choice. If so, a Runtime refuses a profile without a model when it is
    /// built. The answer never changes; a provider that wraps another one asks that one.
    fn needs_model(&self) -> bool {
        false
    }

    /// Begins one model call.
    fn stream(&self, request: Arc<ModelRequest>) -> ProviderStream;
}

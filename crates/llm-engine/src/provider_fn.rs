//! A provider from a closure.

use std::{fmt, sync::Arc};

use futures_core::Stream;

use crate::{EngineError, ModelRequest, Provider, ProviderEvent, ProviderStream};

/// Makes a [`Provider`] of a name and a closure that begins one model call.
///
/// The closure and its stream have the duties of [`Provider::stream`].
///
/// ```
/// use futures_util::stream;
/// use llm_engine::{ProviderEvent, StopReason, TokenUsage, provider_fn};
///
/// let shouting = provider_fn("shouting", |request| {
///     let last = request.messages.last().map(|message| message.text.to_uppercase());
///     stream::iter([
///         Ok(ProviderEvent::TextDelta(last.unwrap_or_default())),
///         Ok(ProviderEvent::Finished {
///             stop_reason: StopReason::EndTurn,
///             usage: TokenUsage::default(),
///         }),
///     ])
/// });
/// ```
pub fn provider_fn<F, S>(name: impl Into<String>, call: F) -> ProviderFn<F>
where
    F: Fn(Arc<ModelRequest>) -> S + Send + Sync + 'static,
    S: Stream<Item = Result<ProviderEvent, EngineError>> + Send + 'static,
{
    ProviderFn { name: name.into(), call }
}

/// The provider that [`provider_fn`] makes.
#[derive(Clone)]
pub struct ProviderFn<F> {
    name: String,
    call: F,
}

impl<F> fmt::Debug for ProviderFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderFn").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<F, S> Provider for ProviderFn<F>
where
    F: Fn(Arc<ModelRequest>) -> S + Send + Sync + 'static,
    S: Stream<Item = Result<ProviderEvent, EngineError>> + Send + 'static,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn stream(&self, request: Arc<ModelRequest>) -> ProviderStream {
        Box::pin((self.call)(request))
    }
}

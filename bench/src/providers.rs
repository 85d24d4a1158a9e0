//! The benchmark's own providers: one that is told what to say, and one that never answers.

use std::sync::{Arc, Mutex};

use futures_util::stream::{self, StreamExt};
use llm_engine::{ModelRequest, Provider, ProviderEvent, ProviderStream, StopReason, TokenUsage};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A provider whose only answer is dictated: every text that is sent becomes a delta, and the
/// answer ends when the sender is dropped. A second call panics.
#[derive(Debug)]
pub struct Dictated(Mutex<Option<UnboundedReceiver<String>>>);

impl Dictated {
    /// Creates a provider, and the sender of its texts.
    #[must_use]
    pub fn new() -> (UnboundedSender<String>, Self) {
        let (sender, receiver) = unbounded_channel();
        (sender, Self(Mutex::new(Some(receiver))))
    }
}

impl Provider for Dictated {
    fn name(&self) -> &'static str {
        "dictated"
    }

    fn stream(&self, _: Arc<ModelRequest>) -> ProviderStream {
        let texts = self.0.lock().expect("no panic").take();
        let mut texts = texts.expect("there is one answer");
        let texts = stream::poll_fn(move |context| texts.poll_recv(context));
        let finished = ProviderEvent::Finished {
            stop_reason: StopReason::EndTurn,
            usage: TokenUsage::default(),
        };
        let end = stream::iter([finished]);
        Box::pin(texts.map(ProviderEvent::TextDelta).chain(end).map(Ok))
    }
}

/// A provider that never answers, and counts the calls that wait for it.
#[derive(Debug, Default)]
pub struct Silent(Arc<()>);

impl Silent {
    /// Returns the number of calls that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        // Each call holds a reference, in addition to the provider's own.
        Arc::strong_count(&self.0) - 1
    }
}

impl Provider for Silent {
    fn name(&self) -> &'static str {
        "silent"
    }

    fn stream(&self, _: Arc<ModelRequest>) -> ProviderStream {
        let held = Arc::clone(&self.0);
        Box::pin(stream::pending().inspect(move |_| _ = &held))
    }
}

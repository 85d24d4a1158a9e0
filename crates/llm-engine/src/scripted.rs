//! A provider for tests, which plays scripts.

mod script;
mod seen;
mod stream;

use std::sync::Arc;

use crate::{EngineError, ModelRequest, Provider, ProviderStream};

pub use script::Script;
use seen::Seen;
use stream::Play;

/// Plays a [`Script`] for each call and keeps a record of the calls. Clones share the scripts and
/// the record.
///
/// The first call plays the first script, the second call the second one, and so on. When no script
/// is left, calls play the last one again. Without any script, a call ends at once without an
/// event.
///
/// ```
/// use llm_engine::{EngineError, ErrorKind, Script, ScriptedProvider};
///
/// let provider = ScriptedProvider::new()
///     .script(Script::new().error(EngineError::new(ErrorKind::Overloaded, "too busy")))
///     .script(Script::new().text("Hel").text("lo").finish());
/// assert_eq!(provider.calls(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct ScriptedProvider {
    scripts: Vec<Arc<Script>>,
    kept: usize,
    seen: Arc<Seen>,
}

/// The number of requests that a scripted provider keeps unless it is told otherwise.
const KEPT: usize = 256;

impl Default for ScriptedProvider {
    fn default() -> Self {
        Self { scripts: Vec::new(), kept: KEPT, seen: Arc::default() }
    }
}

impl ScriptedProvider {
    /// Creates a provider without a script.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of requests that are kept for [`requests`](Self::requests), which is 256
    /// unless it is set. A test of many calls keeps few, so that its memory does not grow.
    #[must_use]
    pub fn keeping(mut self, requests: usize) -> Self {
        self.kept = requests;
        self
    }

    /// Creates a provider whose calls all answer `text`, in one piece.
    pub fn answer(text: impl Into<String>) -> Self {
        Self::new().script(Script::new().text(text).finish())
    }

    /// Creates a provider whose calls all fail with `error`.
    #[must_use]
    pub fn failing(error: EngineError) -> Self {
        Self::new().script(Script::new().error(error))
    }

    /// Creates a provider whose calls never answer.
    #[must_use]
    pub fn hanging() -> Self {
        Self::new().script(Script::new().hang())
    }

    /// Adds the script of the next call.
    #[must_use]
    pub fn script(mut self, script: Script) -> Self {
        self.scripts.push(Arc::new(script));
        self
    }

    /// Returns the newest requests, oldest first: as many as are [kept](Self::keeping).
    #[must_use]
    pub fn requests(&self) -> Vec<Arc<ModelRequest>> {
        self.seen.requests()
    }

    /// Returns the number of calls that were made.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.seen.calls()
    }

    /// Returns the number of calls whose stream was not dropped yet.
    #[must_use]
    pub fn live(&self) -> usize {
        self.seen.live()
    }

    /// Returns the number of streams that were dropped before they had finished, failed or ended.
    #[must_use]
    pub fn dropped_early(&self) -> usize {
        self.seen.dropped_early()
    }
}

impl Provider for ScriptedProvider {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn stream(&self, request: Arc<ModelRequest>) -> ProviderStream {
        let call = self.seen.called(request, self.kept);
        let script = self.scripts.get(call).or(self.scripts.last()).cloned().unwrap_or_default();
        assert!(!script.panics_at_start, "a scripted panic while beginning a call");
        Box::pin(Play::new(script, Arc::clone(&self.seen)))
    }
}

//! What a call knows besides its arguments.

use std::{any::Any, fmt, sync::Arc};

use tokio::time::Instant;

use crate::Json;

/// Who is told how far a call is.
type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// What a call knows besides its arguments. Clones are of the same call.
#[derive(Clone)]
pub struct ToolContext {
    key: Arc<str>,
    attempt: u32,
    deadline: Option<Instant>,
    answers: Option<Json>,
    state: Option<Json>,
    progress: Option<Progress>,
    host: Option<Arc<dyn Any + Send + Sync>>,
}

impl ToolContext {
    /// Creates the context of a first attempt, without a deadline and with nobody who listens.
    pub fn new(idempotency_key: impl Into<Arc<str>>) -> Self {
        Self {
            key: idempotency_key.into(),
            attempt: 1,
            deadline: None,
            answers: None,
            state: None,
            progress: None,
            host: None,
        }
    }

    /// Sets the number of this attempt, from 1.
    #[must_use]
    pub fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// Sets the time at which the call is dropped.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets what the tool kept when it asked, and the answers to it. `None` are answers that were
    /// declined.
    #[must_use]
    pub fn with_answers(mut self, state: Json, answers: Option<Json>) -> Self {
        self.state = Some(state);
        self.answers = answers;
        self
    }

    /// Sets who is told how far the call is. The function must return at once.
    #[must_use]
    pub fn with_progress(mut self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(tell));
        self
    }

    /// Sets what the host wants its tools to know, such as for whom they act.
    #[must_use]
    pub fn with_host(mut self, host: Arc<dyn Any + Send + Sync>) -> Self {
        self.host = Some(host);
        self
    }

    /// Returns a text that is the same on every attempt of this call, and of no other call. It is
    /// the idempotency key for whatever the tool calls.
    #[must_use]
    pub fn idempotency_key(&self) -> &str {
        &self.key
    }

    /// Returns the number of this attempt, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Returns the time at which the call is dropped.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Returns the answers to what the tool [asked](super::ToolEnd::Ask). `None` if it did not ask,
    /// or if the answers were declined, which [`state`](Self::state) tells apart.
    #[must_use]
    pub fn answers(&self) -> Option<&Json> {
        self.answers.as_ref()
    }

    /// Returns what the tool kept when it [asked](super::ToolEnd::Ask). `None` if it did not ask.
    #[must_use]
    pub fn state(&self) -> Option<&Json> {
        self.state.as_ref()
    }

    /// Tells how far the call is, for whoever watches. It is no part of the result, and some of it
    /// is lost if nobody keeps up.
    pub fn progress(&self, text: &str) {
        if let Some(tell) = &self.progress {
            tell(text);
        }
    }

    /// Returns what the host wants its tools to know. `None` if that is nothing, or of another
    /// type.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use llm_engine::ToolContext;
    ///
    /// struct Customer(u32);
    ///
    /// let context = ToolContext::new("call-1").with_host(Arc::new(Customer(7)));
    /// assert_eq!(context.host::<Customer>().map(|customer| customer.0), Some(7));
    /// assert!(context.host::<String>().is_none());
    /// ```
    #[must_use]
    pub fn host<T: Any>(&self) -> Option<&T> {
        self.host.as_deref()?.downcast_ref()
    }
}

impl fmt::Debug for ToolContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolContext")
            .field("idempotency_key", &self.key)
            .field("attempt", &self.attempt)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

//! Stops the Runtime at the end of a session.

use tokio::time::Instant;
use worker_runtime::{
    EventFilter, Runtime, RuntimeError, Scope, Subscribe, Subscription, commands::StopRuntime,
    event::EventType,
};

/// A subscription to the end of a Runtime, opened before the client can use up all subscriptions.
#[derive(Debug)]
pub(super) struct Ending {
    runtime: Runtime,
    events: Subscription,
}

impl Ending {
    /// Opens the subscription.
    pub(super) async fn prepare(runtime: &Runtime) -> Result<Self, RuntimeError> {
        let stopped =
            EventFilter { types: Some(vec![EventType::RuntimeStopped]), ..EventFilter::default() };
        let events = Subscribe::new(Scope::runtime()).filter(stopped);
        Ok(Self { runtime: runtime.clone(), events: runtime.subscribe(events).await? })
    }

    /// Stops the Runtime and waits for its end. Turns are cancelled at `deadline`.
    pub(super) async fn carry_out(mut self, deadline: Instant) -> Result<(), RuntimeError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let stop = StopRuntime::default().deadline(left).reason("the session ended");
        self.runtime.handle(stop).await?;
        while self.events.next().await.is_some() {}
        Ok(())
    }
}

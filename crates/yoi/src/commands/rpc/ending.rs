//! How a session ends its Runtime.

use futures_util::StreamExt;
use tokio::time::Instant;
use worker_runtime::{
    EventFilter, Runtime, RuntimeError, Scope, Subscribe, Subscription, commands::StopRuntime,
    event::EventType,
};

/// The end of a Runtime, prepared while there is surely room to watch it.
#[derive(Debug)]
pub(super) struct Ending {
    runtime: Runtime,
    events: Subscription,
}

impl Ending {
    pub(super) async fn prepare(runtime: &Runtime) -> Result<Self, RuntimeError> {
        let stopped =
            EventFilter { types: Some(vec![EventType::RuntimeStopped]), ..EventFilter::default() };
        let events = Subscribe::to(Scope::runtime()).filter(stopped);
        Ok(Self { runtime: runtime.clone(), events: runtime.subscribe(events).await? })
    }

    /// Stops the Runtime and waits for its end. Turns may take until `until`.
    pub(super) async fn carry_out(mut self, until: Instant) -> Result<(), RuntimeError> {
        let left = until.saturating_duration_since(Instant::now());
        let stop = StopRuntime {
            deadline_ms: u64::try_from(left.as_millis()).ok(),
            reason: Some("the session ended".to_owned()),
            ..StopRuntime::default()
        };
        self.runtime.handle(stop).await?;
        while self.events.next().await.is_some() {}
        Ok(())
    }
}

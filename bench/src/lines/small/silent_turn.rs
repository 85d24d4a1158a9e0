//! The memory of a turn whose model has not answered yet.

use std::sync::Arc;

use tokio::task::yield_now;
use worker::Profile;
use worker_runtime::Runtime;

use crate::{
    host::{Host, current_thread, roomy, say},
    lines::count::Count,
    providers::Silent,
    table::Row,
};

const FEW: usize = 50_000;
const MANY: usize = 100_000;

/// Counts the line.
pub fn count(count: Count) -> Row {
    let silent = SilentHost::new(MANY);
    silent.begin_turns(FEW);
    let bytes = count(&mut || silent.begin_turns(MANY)) / (MANY - FEW) as f64;
    Row::absolute("a turn in flight on a silent model", bytes, "bytes", 3072.0)
}

/// A Runtime whose turns never end by themselves.
pub struct SilentHost {
    /// The Runtime and its Workers, with their tokio runtime.
    pub host: Host,
    /// The provider of the Runtime's only profile.
    pub provider: Arc<Silent>,
}

impl SilentHost {
    /// Creates a Runtime with this many idle Workers.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        let provider = Arc::<Silent>::default();
        let profile = Profile::new("silent", Arc::<Silent>::clone(&provider));
        let builder = Runtime::builder().limits(roomy()).profile(profile);
        Self { host: Host::on(current_thread(), builder, workers), provider }
    }

    /// Begins turns of idle Workers, until this many turns wait for the model.
    pub fn begin_turns(&self, turns: usize) {
        let Host { tokio, runtime, workers } = &self.host;
        tokio.block_on(async {
            for &worker in &workers[self.provider.waiting()..turns] {
                say(runtime, worker, "hello").await;
            }
            while self.provider.waiting() < turns {
                yield_now().await;
            }
        });
    }
}

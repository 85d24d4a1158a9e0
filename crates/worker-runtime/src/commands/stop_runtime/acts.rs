//! What a stop does for its Workers side by side.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use tokio::{task::JoinSet, time::Instant};

use crate::{state::core::Core, sync::Contained};

/// The acts that are under way, one for each Worker at most.
///
/// A few acts are young at the same time, so that a store is not asked for everything at once. An
/// act that takes long, because its Worker hangs, takes the place of no other.
#[derive(Debug, Default)]
pub(super) struct Acts {
    /// Each task returns the ordinal of its Worker.
    tasks: JoinSet<u64>,
    /// The ordinals of the Workers.
    under_way: HashSet<u64>,
    /// Those whose acts take long.
    slow: HashSet<u64>,
    /// The acts that may still be young, in the order of their beginning.
    begun: VecDeque<(Instant, u64)>,
}

/// The number of acts that are young at the same time.
const AT_ONCE: usize = 64;

/// The time for which an act is young.
const YOUNG: Duration = Duration::from_millis(50);

impl Acts {
    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    pub(super) fn is_under_way(&self, ordinal: u64) -> bool {
        self.under_way.contains(&ordinal)
    }

    /// Whether one more act may begin.
    pub(super) fn has_room(&mut self, now: Instant) -> bool {
        while let Some((at, ordinal)) = self.begun.front()
            && *at + YOUNG <= now
        {
            if self.under_way.contains(ordinal) {
                self.slow.insert(*ordinal);
            }
            self.begun.pop_front();
        }
        self.under_way.len() - self.slow.len() < AT_ONCE
    }

    /// Begins an act for the Worker with this ordinal.
    pub(super) fn begin(
        &mut self,
        core: &Core,
        ordinal: u64,
        act: impl Future<Output = ()> + Send + 'static,
    ) {
        let act = Contained::new(Box::pin(act));
        let task = async move {
            // An act that panicked has ended too, and its Worker comes again.
            let _ = act.await;
            ordinal
        };
        core.executor.spawn_in(&mut self.tasks, task);
        self.under_way.insert(ordinal);
        self.begun.push_back((core.executor.now(), ordinal));
    }

    /// Waits until an act has ended.
    pub(super) async fn ended(&mut self) {
        let mut ended = self.tasks.join_next().await;
        // The others that have ended by now are taken too, so that the Workers are listed once.
        while let Some(result) = ended {
            if let Ok(ordinal) = result {
                self.under_way.remove(&ordinal);
                self.slow.remove(&ordinal);
            }
            ended = self.tasks.try_join_next();
        }
        // A task that its tokio runtime has dropped does not tell which Worker was its own.
        if self.tasks.is_empty() {
            self.under_way.clear();
            self.slow.clear();
        }
    }
}

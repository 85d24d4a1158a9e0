//! The Workers that have ended, for the task that deletes them when retention says so.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{
    identity::WorkerId,
    model::{Retention, wire},
    store::WorkerRecord,
};

/// The Workers that have ended, in the order in which retention deletes them.
#[derive(Debug)]
pub(crate) struct EndedWorkers {
    policy: Retention,
    ended: Mutex<Ended>,
    /// Notified when a Worker or the Runtime has ended.
    pub(crate) changed: Notify,
}

#[derive(Debug, Default)]
struct Ended {
    /// The Workers by the time that [`note`](EndedWorkers::note) took, in milliseconds since the
    /// Unix epoch, and then by ordinal.
    order: BTreeMap<(u64, u64), WorkerId>,
    /// The time in `order` of each Worker, by ordinal.
    times: HashMap<u64, u64>,
}

/// The deletions that are due now, or the time until the next one.
#[derive(Debug)]
pub(crate) enum Due {
    /// These Workers are due, those that ended first come first.
    Now(Vec<WorkerId>),
    /// No Worker is due before this time has passed, unless another one ends.
    In(Duration),
    /// No Worker is due until another one ends.
    Nothing,
}

/// The most Workers that are deleted at the same time.
const AT_ONCE: usize = 64;

impl EndedWorkers {
    pub(crate) fn new(policy: Retention) -> Arc<Self> {
        Arc::new(Self { policy, ended: Mutex::default(), changed: Notify::new() })
    }

    pub(crate) fn is_on(&self) -> bool {
        self.policy != Retention::default()
    }

    /// Adds a Worker that has ended, with the time of its newest event. That event is the end of
    /// the Worker, or after a restart of the Runtime perhaps a later event.
    pub(crate) fn note(&self, record: &WorkerRecord) {
        if !self.is_on() {
            return;
        }
        let mut ended = self.ended.lock();
        ended.times.insert(record.ordinal, record.active_at_ms);
        ended.order.insert((record.active_at_ms, record.ordinal), record.worker_id);
        drop(ended);
        self.changed.notify_one();
    }

    /// Removes a Worker that was deleted.
    pub(crate) fn forget(&self, ordinal: u64) {
        if !self.is_on() {
            return;
        }
        let mut ended = self.ended.lock();
        if let Some(at_ms) = ended.times.remove(&ordinal) {
            ended.order.remove(&(at_ms, ordinal));
        }
    }

    /// Wakes the retention task, which then sees that the Runtime has ended.
    pub(crate) fn end(&self) {
        self.changed.notify_one();
    }

    pub(crate) fn due(&self, now_ms: u64) -> Due {
        let ended = self.ended.lock();
        let surplus = self.policy.count.map_or(0, |count| ended.order.len().saturating_sub(count));
        let age_ms = self.policy.age.map(wire::milliseconds);
        let left = |ended_at_ms: u64| {
            age_ms.map(|age| ended_at_ms.saturating_add(age).saturating_sub(now_ms))
        };
        let is_due = |(place, ((at_ms, _), _)): &(usize, (&(u64, u64), &WorkerId))| {
            *place < surplus || left(*at_ms) == Some(0)
        };
        let going: Vec<WorkerId> = ended
            .order
            .iter()
            .enumerate()
            .take_while(is_due)
            .take(AT_ONCE)
            .map(|(_, (_, worker_id))| *worker_id)
            .collect();
        if !going.is_empty() {
            return Due::Now(going);
        }
        let next = ended.order.first_key_value().and_then(|((at_ms, _), _)| left(*at_ms));
        next.map_or(Due::Nothing, |left| Due::In(Duration::from_millis(left)))
    }
}

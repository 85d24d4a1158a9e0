//! Workers that have ended and are deleted by the Runtime itself, if its builder asks for that.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
    time::Duration,
};

use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::{sync::Notify, task::JoinSet};

use crate::{
    cell::{Cell, CellState},
    commands::DeleteWorker,
    core::Core,
    error::RuntimeError,
    identity::WorkerId,
    record::WorkerRecord,
    rules::Rules,
};

/// When Workers that have ended are deleted without a command; never by default.
///
/// Such a deletion is like one by command, with its event. With both bounds, either is enough.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Retention {
    /// How long after its end a Worker is deleted. What happened to it since then, as far as it was
    /// before a restart, counts as its end.
    pub age: Option<Duration>,
    /// How many ended Workers are kept: those that ended last.
    pub count: Option<usize>,
}

/// The Workers that have ended, and when which is to go.
#[derive(Debug)]
pub(crate) struct Pruner {
    policy: Retention,
    ended: Mutex<Ended>,
    /// Rings when a Worker has ended, or the Runtime has.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Ended {
    /// By the time of the end, in milliseconds since the Unix epoch, and by ordinal.
    order: BTreeMap<(u64, u64), WorkerId>,
    times: HashMap<u64, u64>,
}

/// What is to be done now.
#[derive(Debug)]
enum Due {
    /// These go, oldest end first.
    Now(Vec<WorkerId>),
    /// Nothing before then, from now on.
    In(Duration),
    /// Nothing as long as no Worker ends.
    Nothing,
}

/// Workers that are deleted side by side.
const AT_ONCE: usize = 64;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Pruner {
    pub(crate) fn new(policy: Retention) -> Arc<Self> {
        Arc::new(Self { policy, ended: Mutex::default(), changed: Notify::new() })
    }

    fn is_on(&self) -> bool {
        self.policy != Retention::default()
    }

    /// Notes that a Worker has ended, with its last event.
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

    /// Forgets a Worker that was deleted.
    pub(crate) fn forget(&self, ordinal: u64) {
        if !self.is_on() {
            return;
        }
        let mut ended = self.ended.lock();
        if let Some(at_ms) = ended.times.remove(&ordinal) {
            ended.order.remove(&(at_ms, ordinal));
        }
    }

    /// Lets the Runtime's end be seen.
    pub(crate) fn end(&self) {
        self.changed.notify_one();
    }

    fn due(&self, now_ms: u64) -> Due {
        let ended = self.ended.lock();
        let surplus = self.policy.count.map_or(0, |count| ended.order.len().saturating_sub(count));
        let age_ms = self.policy.age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
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

/// Starts the task that deletes what is due, unless nothing ever is.
pub(crate) fn start(core: &Arc<Core>) {
    if core.pruner.is_on() {
        core.handle.spawn(prune(Arc::downgrade(core), Arc::clone(&core.pruner)));
    }
}

async fn prune(core: Weak<Core>, pruner: Arc<Pruner>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let Some(core_now) = core.upgrade().filter(|core| !core.is_closed()) else { return };
        let due = pruner.due(core_now.clock.now_ms());
        let went = match &due {
            Due::Now(going) => delete(&core_now, going).await,
            Due::In(_) | Due::Nothing => true,
        };
        drop(core_now);
        match due {
            Due::Now(_) if went => pause = FIRST_PAUSE,
            Due::Now(_) => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            // Whether it rang or the time is up, look again.
            Due::In(left) => drop(tokio::time::timeout(left, pruner.changed.notified()).await),
            Due::Nothing => pruner.changed.notified().await,
        }
    }
}

/// Deletes Workers as a command would; whether the store took it all.
async fn delete(core: &Arc<Core>, going: &[WorkerId]) -> bool {
    let mut deletions = JoinSet::new();
    for cell in going.iter().filter_map(|id| core.catalogue.get(*id)) {
        deletions.spawn_on(delete_one(Arc::clone(core), cell), &core.handle);
    }
    let mut went = true;
    while let Some(deleted) = deletions.join_next().await {
        went &= deleted.unwrap_or(false);
    }
    went
}

async fn delete_one(core: Arc<Core>, cell: Arc<Cell>) -> bool {
    let command = DeleteWorker::of(core.owner.worker(cell.worker_id));
    let decide = |rules: &Rules<'_>, state: &CellState| command.decide(rules, state);
    match core.change(&cell, true, decide).await {
        Ok(_) | Err(RuntimeError::WorkerNotFound {}) => true,
        Err(_) => false,
    }
}

//! What must have become of the Workers, by what the Runtime told whoever sent the commands.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::task::JoinHandle;
use worker_runtime::{
    TurnId, WorkerId, WorkerRef,
    commands::{CreateWorker, DeleteWorker, SendInput},
    model::{OutcomeCounts, TurnDetail, TurnOutcome, Usage},
};

/// A command whose outcome the store did not tell. It is sent again in the next life of the
/// Runtime, which tells it.
#[derive(Clone, Debug)]
pub(crate) enum Open {
    Create(Box<CreateWorker>),
    Input(SendInput),
    Delete(DeleteWorker),
}

impl Open {
    /// Returns the Worker that the command deletes, if it deletes one.
    pub(crate) fn deletes(&self) -> Option<WorkerId> {
        match self {
            Self::Delete(command) => Some(command.worker.worker_id),
            Self::Create(_) | Self::Input(_) => None,
        }
    }
}

/// A Worker that was created and not deleted.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// The turns whose inputs were accepted.
    pub(crate) turns: BTreeSet<TurnId>,
}

/// What a Worker leaves in the totals when it is deleted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaving {
    usage: Usage,
    turns: OutcomeCounts,
}

impl Leaving {
    pub(crate) fn of(usage: Usage, turns: &[Arc<TurnDetail>]) -> Self {
        let mut outcomes = OutcomeCounts::default();
        for outcome in turns.iter().filter_map(|turn| turn.outcome) {
            count(&mut outcomes, outcome);
        }
        Self { usage, turns: outcomes }
    }
}

/// Counts a turn by its outcome.
pub(crate) fn count(counts: &mut OutcomeCounts, outcome: TurnOutcome) {
    match outcome {
        TurnOutcome::Completed => counts.completed += 1,
        TurnOutcome::Failed => counts.failed += 1,
        TurnOutcome::Cancelled => counts.cancelled += 1,
        TurnOutcome::Lost => counts.lost += 1,
    }
}

/// What is known of all Workers on one store.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Content>);

#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) workers: BTreeMap<WorkerId, Known>,
    pub(crate) open: Vec<Open>,
    /// What the Workers that are being deleted leave in the totals.
    pub(crate) leaving: BTreeMap<WorkerId, Leaving>,
    /// The usage of the Workers that were deleted.
    pub(crate) deleted_usage: Usage,
    /// The turns of the Workers that were deleted, by outcome.
    pub(crate) deleted_turns: OutcomeCounts,
    /// Turns that a stream had shown and not ended when the stream itself ended.
    pub(crate) without_end: Vec<(WorkerRef, TurnId)>,
    /// The readers of the present Runtime's streams.
    pub(crate) readers: Vec<JoinHandle<()>>,
    pub(crate) commands: u64,
    /// The number of Workers that were deleted.
    pub(crate) deleted: u64,
    /// Whether a crash took replies with it, so that more may have happened than was told.
    pub(crate) is_blurred: bool,
    next_key: u64,
}

impl Ledger {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    pub(crate) fn key(&mut self) -> String {
        self.next_key += 1;
        format!("key-{}", self.next_key)
    }

    pub(crate) fn created(&mut self, worker: WorkerRef, turn: Option<TurnId>) {
        let known = Known { turns: turn.into_iter().collect() };
        self.workers.entry(worker.worker_id).or_insert(known);
    }

    /// A Worker was deleted: what it leaves is added to what all deleted Workers left.
    pub(crate) fn gone(&mut self, worker_id: WorkerId) {
        self.workers.remove(&worker_id);
        self.deleted += 1;
        let Some(left) = self.leaving.remove(&worker_id) else { return };
        add(&mut self.deleted_usage, &left.usage);
        self.deleted_turns.completed += left.turns.completed;
        self.deleted_turns.failed += left.turns.failed;
        self.deleted_turns.cancelled += left.turns.cancelled;
        self.deleted_turns.lost += left.turns.lost;
    }

    pub(crate) fn accepted(&mut self, worker: WorkerRef, turn: TurnId) {
        if let Some(known) = self.workers.get_mut(&worker.worker_id) {
            known.turns.insert(turn);
        }
    }
}

/// Adds a usage to a sum, which stays at the largest integer on the wire.
pub(crate) fn add(sum: &mut Usage, usage: &Usage) {
    const LARGEST: u64 = (1 << 53) - 1;
    let plus = |left: u64, right: u64| left.saturating_add(right).min(LARGEST);
    sum.turns = plus(sum.turns, usage.turns);
    sum.input_tokens = plus(sum.input_tokens, usage.input_tokens);
    sum.cached_input_tokens = plus(sum.cached_input_tokens, usage.cached_input_tokens);
    sum.output_tokens = plus(sum.output_tokens, usage.output_tokens);
    sum.reasoning_tokens = plus(sum.reasoning_tokens, usage.reasoning_tokens);
    sum.duration_ms = plus(sum.duration_ms, usage.duration_ms);
}

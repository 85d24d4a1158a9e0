//! Applies a committed batch: updates the state in memory and appends the events to the logs.

use std::sync::{Arc, atomic::Ordering};

use crate::{
    commit::effects::Effects,
    log::{EventBlock, Published, Source, WorkerLog},
    state::{
        board::Figures,
        core::Core,
        in_flight::Work,
        listing::Listing,
        live::Live,
        shutdown::Publishing,
        worker_cell::{CellState, WorkerCell},
    },
    store::{Batch, Change, Totals, WorkerRecord},
};

/// The record of a Worker before and after a commit.
#[derive(Clone, Copy)]
struct RecordChange<'a> {
    /// `None` if the commit created the Worker.
    before: Option<&'a WorkerRecord>,
    /// `None` if the commit deleted the Worker.
    now: Option<&'a WorkerRecord>,
    /// The amounts that the commit adds to the Runtime's totals.
    totals: &'a Totals,
}

impl Core {
    /// Applies a committed batch to a Worker and publishes its events. The Worker's lock is held.
    /// Returns the effects, which the caller runs without that lock.
    pub(super) fn apply(
        &self,
        cell: &Arc<WorkerCell>,
        state: &mut CellState,
        batch: Batch,
        _open: &Publishing<'_>,
    ) -> Effects {
        let turn = batch.turn().map(|(ordinal, turn)| (ordinal, Arc::clone(turn)));
        let Batch { worker_id, expected_version, change, entries, events, key, totals, .. } = batch;
        let (record, deleted) = match change {
            Change::Put(record) => (record, false),
            Change::Delete => {
                let worker_sequence = state.record.worker_sequence + events.len() as u64;
                (Arc::new(WorkerRecord { worker_sequence, ..(*state.record).clone() }), true)
            }
        };
        let before = std::mem::replace(&mut state.record, record);
        state.deleted |= deleted;
        let mut effects = Effects { removed: deleted, ..Effects::default() };
        if let Some(new_key) = key {
            let keys = state.keys.get_or_insert_default();
            keys.forget(&new_key.dropped);
            keys.remember(new_key.key);
        }
        let CellState { record, live, previous_live, log, runtime_sequence, .. } = state;
        let step = RecordChange {
            // The cell of a new Worker was created with the record of this batch, so there is no
            // record before it.
            before: (expected_version > 0).then_some(&*before),
            now: (!deleted).then_some(&**record),
            totals: &totals,
        };
        self.apply_turn(live, previous_live, step, &mut effects);
        let first = record.worker_sequence + 1 - events.len() as u64;
        let block = EventBlock::join(worker_id, first, events, &entries, turn.as_slice());
        debug_assert!(block.is_some(), "an event refers to an entry or turn outside its batch");
        self.publish(
            cell,
            log,
            runtime_sequence,
            step,
            block.filter(|it| !it.events.is_empty()),
            &mut effects,
        );
        self.give_back(step);
        effects.deferred_drops.record = Some(before);
        effects
    }

    /// Closes the live turn if the commit ended it, and creates one if the commit began a turn.
    fn apply_turn(
        &self,
        live: &mut Option<Arc<Live>>,
        previous_live: &mut Option<Arc<Live>>,
        step: RecordChange<'_>,
        effects: &mut Effects,
    ) {
        let was = step.before.and_then(|record| record.running_turn()).map(|turn| turn.turn_id);
        let running = step.now.and_then(|record| record.running_turn());
        if was == running.map(|turn| turn.turn_id) {
            return;
        }
        if let Some(ended) = live.take() {
            let mut closed = ended.close();
            effects.wakers.add(std::mem::take(&mut closed.wakers));
            effects.deferred_drops.lives.extend(previous_live.take());
            if closed.is_driven() {
                *previous_live = Some(ended);
            } else {
                effects.deferred_drops.lives.push(ended);
            }
            effects.ended = Some(closed);
            // The count was kept when the turn began.
            effects.counted_out = Some(self.in_flight.resume(Work::Turn));
        }
        if let Some(turn) = running {
            // The profile was resolved when the turn was decided, and a Runtime never loses a
            // profile.
            if let Ok(profile) = self.profiles.resolve(&turn.profile) {
                let begun = Arc::new(Live::new(turn.turn_id, Arc::clone(profile)));
                effects.deferred_drops.lives.extend(previous_live.take());
                *live = Some(Arc::clone(&begun));
                effects.start_turn = Some(begun);
            }
        }
    }

    /// Appends the events to both logs, and updates the Runtime's figures and the list of Workers.
    /// The Runtime's log, the figures and the list change under one lock, so that no reader sees
    /// them differ.
    fn publish(
        &self,
        cell: &Arc<WorkerCell>,
        log: &mut Option<Box<WorkerLog>>,
        runtime_sequence: &mut u64,
        step: RecordChange<'_>,
        block: Option<EventBlock>,
        effects: &mut Effects,
    ) {
        let block = block.map(Arc::new);
        if let (Some(log), Some(block)) = (log, &block) {
            let mut commit = Published::new(block.first, Source::Worker(Arc::clone(block)));
            commit.reasoning =
                effects.ended.as_mut().and_then(|ended| ended.reasoning.take()).map(Arc::from);
            let (evicted, waiting) = log.append(commit);
            effects.deferred_drops.events = evicted;
            if step.now.is_none() {
                log.events.redact_all();
            }
            effects.wakers.add(waiting);
        }
        let mut board = self.log.lock();
        if let Some(block) = block {
            let previous = std::mem::replace(runtime_sequence, board.head() + 1);
            effects.deferred_drops.commits = board.append_commit(block, previous);
        }
        if step.now.is_none() {
            board.redact(*runtime_sequence);
            // Counted under the locks of both logs, so that a reader that copied events from either
            // log before the deletion discards them and reads again.
            self.deletions.fetch_add(1, Ordering::Release);
        }
        count(&mut board.figures, step);
        effects.deferred_drops.cell = list(&mut board.listing, cell, step);
        effects.wakers.add(board.take_waiting());
    }

    /// Releases the scope claims of a Worker that the commit ended, and notes the Worker for
    /// retention.
    fn give_back(&self, step: RecordChange<'_>) {
        let (Some(before), Some(now)) = (step.before, step.now) else { return };
        let claims = &now.spec.scope_claims;
        if now.state.is_terminal() && !before.state.is_terminal() {
            if !claims.is_empty() {
                self.admission.lock().claims.release(now.worker_id, claims);
            }
            self.ended_workers.note(now);
        }
    }
}

fn count(figures: &mut Figures, step: RecordChange<'_>) {
    if let Some(before) = step.before {
        let ended = u64::from(before.running_turn().is_some());
        figures.turns_in_flight = figures.turns_in_flight.saturating_sub(ended);
    }
    if let Some(now) = step.now {
        figures.turns_in_flight += u64::from(now.running_turn().is_some());
    }
    figures.usage.add(&step.totals.usage);
    figures.outcomes.add(&step.totals.outcomes);
}

/// Updates the list of Workers. Returns the cell that a deletion removed from the list.
fn list(
    listing: &mut Listing,
    cell: &Arc<WorkerCell>,
    step: RecordChange<'_>,
) -> Option<Arc<WorkerCell>> {
    match (step.before, step.now) {
        (Some(before), Some(now)) => {
            listing.update(cell, before.into(), now.into());
            None
        }
        (None, Some(now)) => {
            listing.insert(Arc::clone(cell), now.into());
            None
        }
        (Some(before), None) => listing.remove(cell.ordinal, before.into()),
        (None, None) => None,
    }
}

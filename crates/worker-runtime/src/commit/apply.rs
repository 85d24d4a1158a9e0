//! What happens once a batch is committed: memory moves, and the events show.

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
        worker_cell::{Cell, CellState},
    },
    store::{Batch, Change, Totals, WorkerRecord},
};

/// A Worker's records around a commit.
#[derive(Clone, Copy)]
struct RecordChange<'a> {
    /// `None` if the Worker was created.
    before: Option<&'a WorkerRecord>,
    /// `None` if the Worker was deleted.
    now: Option<&'a WorkerRecord>,
    /// The increments of the Runtime's sums.
    totals: &'a Totals,
}

impl Core {
    /// Moves a Worker to what was committed and publishes its events, under the Worker's lock. What is to
    /// be done without that lock is left to the effects.
    pub(super) fn apply(
        &self,
        cell: &Arc<Cell>,
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
        let CellState { record, live, fading, log, runtime_sequence, .. } = state;
        let step = RecordChange {
            // A cell that is being created already has the record that it is created with.
            before: (expected_version > 0).then_some(&*before),
            now: (!deleted).then_some(&**record),
            totals: &totals,
        };
        self.apply_turn(live, fading, step, &mut effects);
        let first = record.worker_sequence + 1 - events.len() as u64;
        let block = EventBlock::join(worker_id, first, events, &entries, turn.as_slice());
        self.publish(
            cell,
            log,
            runtime_sequence,
            step,
            block.filter(|it| !it.events.is_empty()),
            &mut effects,
        );
        self.give_back(step);
        effects.garbage.record = Some(before);
        effects
    }

    /// Ends and begins the turn in flight as the record says.
    fn apply_turn(
        &self,
        live: &mut Option<Arc<Live>>,
        fading: &mut Option<Arc<Live>>,
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
            effects.garbage.fading = fading.take();
            let place = if closed.is_driven() { &mut *fading } else { &mut effects.garbage.live };
            *place = Some(ended);
            effects.ended = Some(closed);
            // It was kept when the turn began.
            effects.counted_out = Some(self.in_flight.resume(Work::Turn));
        }
        if let Some(turn) = running {
            // The profile was resolved when the turn was decided; profiles never go.
            if let Ok(profile) = self.profiles.resolve(&turn.profile) {
                let begun = Arc::new(Live::new(turn.turn_id, Arc::clone(profile)));
                effects.garbage.fading = fading.take();
                *live = Some(Arc::clone(&begun));
                effects.start_turn = Some(begun);
            }
        }
    }

    /// Appends the events to both logs and moves the counts and the list, all at once for every reader.
    fn publish(
        &self,
        cell: &Arc<Cell>,
        log: &mut Option<Box<WorkerLog>>,
        runtime_sequence: &mut u64,
        step: RecordChange<'_>,
        block: Option<EventBlock>,
        after: &mut Effects,
    ) {
        let block = block.map(Arc::new);
        if let (Some(log), Some(block)) = (log, &block) {
            let mut commit = Published::new(block.first, Source::Worker(Arc::clone(block)));
            commit.reasoning =
                after.ended.as_mut().and_then(|ended| ended.reasoning.take()).map(Arc::from);
            let (evicted, waiting) = log.append(commit);
            after.garbage.events = evicted;
            if step.now.is_none() {
                log.events.redact_all();
            }
            after.wakers.add(waiting);
        }
        let mut board = self.log.lock();
        if let Some(block) = block {
            let previous = std::mem::replace(runtime_sequence, board.head() + 1);
            after.garbage.commits = board.append_commit(block, previous);
        }
        if step.now.is_none() {
            board.redact(*runtime_sequence);
            // Under both logs' locks: whoever copied from either before that looks anew.
            self.deletions.fetch_add(1, Ordering::Release);
        }
        count(&mut board.figures, step);
        after.garbage.cell = list(&mut board.listing, cell, step);
        after.wakers.add(board.take_waiting());
    }

    /// Gives back what a Worker held if it has ended.
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
    // Mostly nothing is added, and what is not written need not come from another thread's cache.
    if *step.totals != Totals::default() {
        figures.usage.add(&step.totals.usage);
        figures.outcomes.add(&step.totals.outcomes);
    }
}

/// Has the list show a Worker as it is now; gives it back if it is gone.
fn list(listing: &mut Listing, cell: &Arc<Cell>, step: RecordChange<'_>) -> Option<Arc<Cell>> {
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

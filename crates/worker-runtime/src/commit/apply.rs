//! Applies a committed batch: updates the state in memory and appends the events to the logs.

use std::sync::{Arc, atomic::AtomicU64};

use crate::{
    commit::{effects::Effects, release::Release},
    identity::TurnId,
    log::{EventBlock, Published, Source, WorkerLog, redacted_record},
    state::{
        board::{Aftermath, Figures},
        core::Core,
        listing::Listing,
        live::Live,
        reservation::Reservation,
        sequences::Sequences,
        shutdown::Publishing,
        station::Station,
        worker_cell::{CellState, WorkerCell},
    },
    store::{Batch, Change, Totals, WorkerRecord},
};

/// The record of a Worker before and after a commit.
#[derive(Clone, Copy)]
pub(super) struct RecordChange<'a> {
    /// `None` if the commit created the Worker.
    pub(super) before: Option<&'a WorkerRecord>,
    /// `None` if the commit deleted the Worker.
    pub(super) now: Option<&'a WorkerRecord>,
    /// The amounts that the commit adds to the Runtime's totals.
    totals: &'a Totals,
}

impl<'a> RecordChange<'a> {
    /// Returns the record of a Worker that the commit ended.
    pub(super) fn ended(self) -> Option<&'a WorkerRecord> {
        let (before, now) = (self.before?, self.now?);
        (now.state.is_terminal() && !before.state.is_terminal()).then_some(now)
    }
}

impl Core {
    /// Applies a committed batch to a Worker and publishes its events. The Worker's lock is held.
    /// `reserved` is what the creation of a Worker has reserved. Returns the effects, which the
    /// caller runs without that lock.
    ///
    /// The right to publish is held until this returns, so that a Runtime that stops and finds
    /// nothing in flight closes only after the events are in the log.
    pub(super) fn apply(
        &self,
        cell: &Arc<WorkerCell>,
        state: &mut CellState,
        batch: Batch,
        reserved: Option<&mut Reservation>,
        _open: &Publishing<'_>,
    ) -> Effects {
        let Batch {
            worker_id,
            expected_version,
            change,
            entries,
            turns,
            events,
            key,
            create_key,
            totals,
            ..
        } = batch;
        let (record, deleted) = match change {
            Change::Put(record) => (record, false),
            Change::Delete => {
                let worker_sequence = state.record.worker_sequence + events.len() as u64;
                // Readers may keep the cell for long, and need the numbers of the record only.
                let record = WorkerRecord { worker_sequence, ..redacted_record(&state.record) };
                (Arc::new(record), true)
            }
        };
        let before = std::mem::replace(&mut state.record, record);
        let mut effects = Effects::default();
        if deleted {
            state.deleted = true;
            // From here on nobody shows a text of the Worker.
            cell.erased.set();
            effects.deferred_drops.keys = state.keys.take();
        }
        if let Some(new_key) = key {
            let keys = state.keys.get_or_insert_default();
            keys.forget(&new_key.dropped);
            keys.remember(new_key.key);
        }
        let CellState { record, live, late, log, sequences, .. } = state;
        let step = RecordChange {
            // The cell of a new Worker was created with the record of this batch, so there is no
            // record before it.
            before: (expected_version > 0).then_some(&*before),
            now: (!deleted).then_some(&**record),
            totals: &totals,
        };
        let mut release = Release::of(step, cell.tenant.as_deref());
        release.reserved = reserved.map(|it| (it, create_key));
        self.apply_turn(live, late, step, &mut effects);
        release.turn = effects.ended.is_some();
        self.stations.pass(Station::Applied, worker_id);
        let first = record.worker_sequence + 1 - events.len() as u64;
        if !deleted {
            effects.deferred_drops.entries = self.store.recent.append(worker_id, &entries);
        }
        let block = EventBlock::join(cell.owner(), first, events, &entries, &turns);
        debug_assert!(block.is_some(), "an event refers to an entry or turn outside its batch");
        let block = block.filter(|it| !it.events.is_empty()).map(Arc::new);
        if let (Some(log), Some(block)) = (log, &block) {
            append(log, block, &mut effects);
        }
        self.publish(cell, sequences, step, block, release, &mut effects);
        effects.deferred_drops.record = Some(before);
        effects
    }

    /// Closes the live turn if the commit ended it, and creates one if the commit began a turn.
    fn apply_turn(
        &self,
        live: &mut Option<Arc<Live>>,
        late: &mut Option<Box<(TurnId, Arc<AtomicU64>)>>,
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
            effects.wakers.push(std::mem::take(&mut closed.wakers));
            *late = closed.is_driven().then(|| Box::new((ended.turn_id, ended.late())));
            effects.deferred_drops.live = Some(ended);
            effects.ended = Some(closed);
        }
        if let Some(turn) = running {
            // The profile was resolved when the turn was decided, and a Runtime never loses a
            // profile.
            if let Ok(profile) = self.profiles.resolve(&turn.profile) {
                let begun = Arc::new(Live::new(turn.turn_id, profile));
                *late = None;
                *live = Some(Arc::clone(&begun));
                effects.start_turn = Some(begun);
            }
        }
    }

    /// Appends the events to the Runtime's log, updates its figures and the list of Workers, and
    /// gives back what others may wait for. All of this changes under one lock, so that no reader
    /// sees the parts differ, and whoever sees the events can take at once what the commit gave
    /// back.
    fn publish(
        &self,
        cell: &Arc<WorkerCell>,
        sequences: &mut Sequences,
        step: RecordChange<'_>,
        block: Option<Arc<EventBlock>>,
        release: Release<'_>,
        effects: &mut Effects,
    ) {
        // The lock of creations is taken before that of the log, which more wait for.
        let mut admission = release.is_of_admission().then(|| self.admission.lock());
        let mut board = self.log.lock();
        let tenant = cell.tenant.as_deref();
        if let Some(block) = block {
            let Aftermath { evicted, waiting } = board.append_commit(tenant, &block, sequences);
            effects.deferred_drops.commits = evicted;
            effects.wakers.extend(waiting);
        }
        effects.erase = step.now.is_none().then_some(*sequences);
        for part in board.parts_of(tenant) {
            count(&mut part.figures, step);
            effects.deferred_drops.cells.extend(list(&mut part.listing, cell, step));
        }
        self.stations.pass(Station::Published, cell.worker_id);
        let rivals = release.run(self, admission.as_deref_mut());
        drop(board);
        drop(admission);
        effects.wakers.push(rivals);
        if let Some(ended) = step.ended() {
            self.ended_workers.note(ended);
        }
    }
}

/// Appends the events to the Worker's own log.
fn append(log: &mut WorkerLog, block: &Arc<EventBlock>, effects: &mut Effects) {
    let mut commit = Published::new(block.first, Source::Worker(Arc::clone(block)));
    commit.reasoning =
        effects.ended.as_mut().and_then(|ended| ended.reasoning.take()).map(Arc::from);
    let (evicted, waiting) = log.append(commit);
    effects.deferred_drops.events = evicted;
    effects.wakers.push(waiting);
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

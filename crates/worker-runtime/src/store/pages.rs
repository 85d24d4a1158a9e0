//! Checks of the pages that a store answers: each holds what was asked for, in order and complete.

use std::sync::Arc;

use super::within_range;
use crate::{
    identity::WorkerId,
    model::{MAX_INTEGER, TranscriptEntry, TurnDetail},
    store::{Complaint, Known, StoredEvent, StoredEventBody, TurnLookup},
};

/// Checks that a page holds exactly the `count` entries from the sequence `first` on.
pub(super) fn entries(
    page: &mut [Arc<TranscriptEntry>],
    first: u64,
    count: usize,
) -> Result<(), Complaint> {
    let mut sequences = first..;
    let is_good = |entry: &mut Arc<TranscriptEntry>| {
        Some(entry.sequence) == sequences.next() && within_range::entry(entry).is_ok()
    };
    ensure(page.len() == count && page.iter_mut().all(is_good), Complaint::Entries)
}

/// Checks that a page can be the `count` turns from the ordinal `first` on. A turn does not carry
/// its ordinal, but those of one Worker follow each other in the transcript, and the latest one is
/// known.
pub(super) fn turns(
    page: &mut [Arc<TurnDetail>],
    first: u64,
    count: usize,
    known: &Known,
) -> Result<(), Complaint> {
    let mut last_entry = 0;
    let is_good = |(ordinal, turn): (u64, &mut Arc<TurnDetail>)| {
        let follows = turn.input_sequence.is_none_or(|it| it > last_entry && it >= ordinal);
        last_entry = within_range::last_entry(turn).max(last_entry);
        follows && within_range::turn(turn).is_ok() && fits(turn, ordinal, known)
    };
    ensure(page.len() == count && (first..).zip(page).all(is_good), Complaint::Turns)
}

/// Whether a turn with this ordinal can be one of the Worker's.
fn fits(turn: &TurnDetail, ordinal: u64, known: &Known) -> bool {
    let latest = known.record.turn.as_ref().map(|turn| turn.turn_id);
    if ordinal == known.record.turns {
        return latest == Some(turn.turn_id);
    }
    let is_over = turn.outcome.is_some();
    is_over
        && latest != Some(turn.turn_id)
        && within_range::last_entry(turn) <= known.record.entries
}

/// Checks that a turn is the one that was asked for.
pub(super) fn turn(
    turn: &mut Arc<TurnDetail>,
    wanted: &TurnLookup,
    known: &Known,
) -> Result<(), Complaint> {
    let is_wanted = match wanted {
        TurnLookup::Id(turn_id) => turn.turn_id == *turn_id,
        TurnLookup::Key(key) => turn.idempotency_key.as_ref() == Some(key),
    };
    let is_latest = known.record.turn.as_ref().is_some_and(|it| it.turn_id == turn.turn_id);
    // The store may have a turn that began since, and its end.
    let is_later = turn.input_sequence > Some(known.record.entries);
    let is_earlier = turn.outcome.is_some()
        && known.record.turns > 1
        && within_range::last_entry(turn) <= known.record.entries;
    let is_good = within_range::turn(turn).is_ok();
    ensure(is_wanted && is_good && (is_latest || is_later || is_earlier), Complaint::Turns)
}

/// Checks that a page holds exactly the `count` events of a Worker after the sequence `after`.
pub(super) fn events(
    page: &mut [StoredEvent],
    worker_id: WorkerId,
    after: u64,
    count: usize,
) -> Result<(), Complaint> {
    let mut sequences = (after + 1)..;
    let is_good = |event: &mut StoredEvent| {
        Some(event.sequence) == sequences.next() && is_event_of(event, worker_id)
    };
    ensure(page.len() == count && page.iter_mut().all(is_good), Complaint::Events)
}

/// Whether an event can be one of the Worker's.
fn is_event_of(event: &mut StoredEvent, worker_id: WorkerId) -> bool {
    let (sequence, at_ms) = (event.sequence, event.at_ms);
    let turn_id = event.turn_id;
    let is_creation = matches!(event.body, StoredEventBody::WorkerCreated { .. });
    let is_good = match &mut event.body {
        StoredEventBody::WorkerCreated { record }
        | StoredEventBody::WorkerUpdated { record, .. } => {
            record.worker_id == worker_id
                && record.worker_sequence == sequence
                && within_range::record(record).is_ok()
        }
        StoredEventBody::WorkerStateChanged { .. } => true,
        // A deleted Worker has no events.
        StoredEventBody::WorkerDeleted => false,
        StoredEventBody::InputAccepted { entry } => *entry > 0 && turn_id.is_some(),
        StoredEventBody::TurnStarted => turn_id.is_some(),
        StoredEventBody::TurnRetrying { retry } => {
            let retry_after_ms = retry.error.retry_after_ms.unwrap_or(0);
            turn_id.is_some() && retry.delay_ms.max(retry_after_ms) <= MAX_INTEGER
        }
        StoredEventBody::TurnEnded { turn, .. } => *turn > 0 && turn_id.is_some(),
    };
    is_good && at_ms <= MAX_INTEGER && is_creation == (sequence == 1)
}

fn ensure(holds: bool, complaint: Complaint) -> Result<(), Complaint> {
    if holds { Ok(()) } else { Err(complaint) }
}

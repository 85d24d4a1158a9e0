//! Checks of the pages that a store answers: each holds what was asked for, in order and complete.

use std::sync::Arc;

use super::{bounds::Bounds, course::Course, reads::Around, within_range};
use crate::{
    identity::WorkerId,
    model::MAX_INTEGER,
    store::{
        Complaint, FoundTurn, StoredEntry, StoredEvent, StoredEventBody, StoredTurn, TurnLookup,
        WorkerRecord,
    },
};

/// Checks that a page holds exactly the `count` entries from the sequence `first` on. The entries
/// that a Worker was created with come first; then each turn has its input, and right after the input
/// the answer if it has one.
pub(super) fn entries(
    page: &mut [Arc<StoredEntry>],
    first: u64,
    count: usize,
    (record, bounds): (&WorkerRecord, &Bounds),
) -> Result<(), Complaint> {
    let mut sequences = first..;
    let is_good = |entry: &mut Arc<StoredEntry>| {
        Some(entry.sequence) == sequences.next() && within_range::entry(entry, bounds).is_ok()
    };
    let is_good = page.len() == count && page.iter_mut().all(is_good);
    let follow = || page.windows(2).all(|pair| can_follow(&pair[0], &pair[1]));
    let begins = || page.iter().all(|it| it.sequence > 1 || !is_answer_of_turn(it));
    let are_of_turns = || page.iter().all(|it| is_of_its_turn(it, record));
    ensure(is_good && follow() && begins() && are_of_turns(), Complaint::Entries)
}

/// Whether an entry can come right after another one.
fn can_follow(before: &StoredEntry, entry: &StoredEntry) -> bool {
    if is_answer_of_turn(entry) {
        before.turn_id == entry.turn_id && !before.is_answer()
    } else if entry.turn_id.is_some() {
        before.turn_id != entry.turn_id
    } else {
        before.turn_id.is_none()
    }
}

fn is_answer_of_turn(entry: &StoredEntry) -> bool {
    entry.is_answer() && entry.turn_id.is_some()
}

/// Whether an entry is of the Worker's latest turn exactly if the transcript has it there.
fn is_of_its_turn(entry: &StoredEntry, record: &WorkerRecord) -> bool {
    record.turn.as_ref().is_none_or(|latest| {
        let is_after = Some(entry.sequence) >= latest.input_sequence;
        is_after == (entry.turn_id == Some(latest.turn_id))
    })
}

/// Checks that a page can be the `count` turns from the ordinal `first` on. A turn does not carry
/// its ordinal, but the entries of one Worker's turns follow each other without a gap, up to those of
/// the latest turn, which is known.
pub(super) fn turns(
    page: &mut [Arc<StoredTurn>],
    first: u64,
    count: usize,
    (around, bounds): (&Around, &Bounds),
) -> Result<(), Complaint> {
    let mut next_input = None;
    let is_good = |(ordinal, turn): (u64, &mut Arc<StoredTurn>)| {
        if within_range::turn(turn, bounds).is_err() {
            return false;
        }
        let follows = next_input.is_none_or(|next| turn.input_sequence == Some(next));
        next_input = Some(within_range::last_entry(turn) + 1);
        follows && fits(turn, ordinal, around)
    };
    ensure(page.len() == count && (first..).zip(page).all(is_good), Complaint::Turns)
}

/// Whether a turn with this ordinal can be one of the Worker's.
fn fits(turn: &StoredTurn, ordinal: u64, around: &Around) -> bool {
    let known = &around.before;
    let Some(latest) = &known.turn else { return false };
    if ordinal == known.turns {
        return is_latest(turn, latest, around);
    }
    // Each turn in between has one entry, or two.
    let between = known.turns - ordinal - 1;
    let entries =
        latest.input_sequence.unwrap_or(0).checked_sub(within_range::last_entry(turn) + 1);
    turn.outcome.is_some()
        && turn.turn_id != latest.turn_id
        && turn.input_sequence >= Some(ordinal)
        && entries.is_some_and(|it| (between..=between.saturating_mul(2)).contains(&it))
}

/// Whether a turn is the Worker's latest one, as it is known or as it may have become since.
fn is_latest(turn: &StoredTurn, latest: &StoredTurn, around: &Around) -> bool {
    let end = |turn: &StoredTurn| (turn.outcome, turn.answer_sequence);
    turn.turn_id == latest.turn_id
        && turn.input_sequence == latest.input_sequence
        && (end(turn) == end(latest) || around.may_differ())
}

/// Checks that a turn is the one that was asked for, and that its input and its answer are there.
pub(super) fn turn(
    found: &mut FoundTurn,
    wanted: &TurnLookup,
    (around, bounds): (&Around, &Bounds),
) -> Result<(), Complaint> {
    let FoundTurn { turn, input, answer } = found;
    let is_wanted = match wanted {
        TurnLookup::Id(turn_id) => turn.turn_id == *turn_id,
        TurnLookup::Key(key) => turn.idempotency_key.as_ref() == Some(key),
    };
    let is_good = within_range::turn(turn, bounds).is_ok();
    ensure(is_wanted && is_good && is_of(turn, around), Complaint::Turns)?;
    let belongs = |entry: &mut Option<Arc<StoredEntry>>, sequence: Option<u64>, is_answer: bool| {
        let is_of_turn =
            |it: &Arc<StoredEntry>| it.turn_id == Some(turn.turn_id) && it.is_answer() == is_answer;
        let is_good = entry.as_mut().is_none_or(|it| within_range::entry(it, bounds).is_ok());
        let is_of_turn = entry.as_ref().is_none_or(is_of_turn);
        entry.as_ref().map(|it| it.sequence) == sequence && is_of_turn && is_good
    };
    let has_both =
        belongs(input, turn.input_sequence, false) && belongs(answer, turn.answer_sequence, true);
    ensure(has_both, Complaint::Mismatch)
}

/// Whether a turn can be one of the Worker's.
fn is_of(turn: &StoredTurn, around: &Around) -> bool {
    let latest = [&around.before, &around.after].map(|record| record.turn.as_ref());
    if let Some(latest) = latest.into_iter().flatten().find(|it| it.turn_id == turn.turn_id) {
        return is_latest(turn, latest, around);
    }
    let known = &around.before;
    let last = within_range::last_entry(turn);
    if last > known.entries {
        // The store may have a turn that began since, and its end.
        return around.may_differ() && last <= around.most_entries();
    }
    let latest_input = known.turn.as_ref().and_then(|latest| latest.input_sequence);
    turn.outcome.is_some() && known.turns > 1 && Some(last) < latest_input
}

/// Checks that a page holds exactly the `count` events after the sequence `after` of a Worker with
/// this record, which may be newer, and that they can follow each other.
pub(super) fn events(
    page: &mut [StoredEvent],
    after: u64,
    count: usize,
    (record, bounds): (&WorkerRecord, &Bounds),
) -> Result<(), Complaint> {
    let mut sequences = (after + 1)..;
    let worker_id = record.worker_id;
    let is_good = |event: &mut StoredEvent| {
        Some(event.sequence) == sequences.next() && is_event_of(event, worker_id, bounds)
    };
    ensure(page.len() == count && page.iter_mut().all(is_good), Complaint::Events)?;
    let mut course = Course::default();
    let follow = page.iter().all(|event| course.goes_on(event));
    let is_newest = page.last().is_some_and(|last| last.sequence == record.worker_sequence);
    ensure(follow && (!is_newest || course.is_at(record)), Complaint::Mismatch)
}

/// Whether an event can be one of the Worker's.
fn is_event_of(event: &mut StoredEvent, worker_id: WorkerId, bounds: &Bounds) -> bool {
    let is_bounded = bounds.event(event).is_ok();
    let (sequence, at_ms) = (event.sequence, event.at_ms);
    let turn_id = event.turn_id;
    let is_creation = matches!(event.body, StoredEventBody::WorkerCreated { .. });
    let is_good = match &mut event.body {
        StoredEventBody::WorkerCreated { record }
        | StoredEventBody::WorkerUpdated { record, .. } => {
            record.worker_id == worker_id
                && record.worker_sequence == sequence
                && within_range::record(record, bounds).is_ok()
        }
        StoredEventBody::WorkerStateChanged { .. } | StoredEventBody::Unknown(_) => true,
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
    is_good && is_bounded && at_ms <= MAX_INTEGER && is_creation == (sequence == 1)
}

fn ensure(holds: bool, complaint: Complaint) -> Result<(), Complaint> {
    if holds { Ok(()) } else { Err(complaint) }
}

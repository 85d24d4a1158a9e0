//! Checks of the numbers, and by `bounds.rs` of the texts, in what a store answers: records, turns, entries and keys.
//!
//! A check returns what is wrong, in words that quote nothing of the value. Usage past the range of
//! the wire is no error: it is clamped and marked as incomplete.

use std::sync::Arc;

use super::bounds::Bounds;
use crate::{
    model::{MAX_INTEGER, TurnOutcome, Usage, WorkerState, check_resource},
    store::{CreateKey, InputKey, StoredEntry, StoredTurn, StoredWorker, WorkerRecord},
};

/// The result of a check: what is wrong with the value, if anything is.
pub(super) type Verdict = Result<(), &'static str>;

/// The largest number that counts up and that a Runtime begins with. A Runtime cannot count through
/// the rest of the range of the wire in its life.
pub(crate) const MOST_AT_START: u64 = MAX_INTEGER - (1 << 32);

const OUT_OF_RANGE: &str = "a number is out of range";

pub(super) const OUT_OF_BOUNDS: &str = "a text is too long, or there are too many";

/// Checks a Worker that a Runtime is about to restore.
pub(super) fn restored(worker: &mut StoredWorker, bounds: &Bounds) -> Verdict {
    let StoredWorker { record, keys } = worker;
    let WorkerRecord { ordinal, version, worker_sequence, entries, turns, .. } = **record;
    let counters = [ordinal, version, worker_sequence, entries, turns];
    ensure(counters.iter().all(|it| *it <= MOST_AT_START), OUT_OF_RANGE)?;
    ensure(keys.len() <= bounds.keys, OUT_OF_BOUNDS)?;
    keys.iter().try_for_each(|key| input_key(key, record, bounds))?;
    let mut resources = record.spec.scope_claims.iter().map(|claim| &claim.resource);
    ensure(resources.all(|it| check_resource(it).is_ok()), "a claim is on no resource")?;
    self::record(record, bounds)
}

fn input_key(key: &InputKey, record: &WorkerRecord, bounds: &Bounds) -> Verdict {
    bounds.key(&key.key)?;
    ensure(key.at_ms <= MAX_INTEGER, OUT_OF_RANGE)?;
    let names = (key.entry_sequence, key.turn_id);
    let latest = record.turn.as_ref().and_then(|turn| Some((turn.input_sequence?, turn.turn_id)));
    // A key names the latest turn by its id and its input, or neither.
    let is_of_turn = latest.is_some_and(|latest| {
        names == latest || (names.0 > 0 && names.0 < latest.0 && names.1 != latest.1)
    });
    ensure(
        is_of_turn && key.cursor_sequence <= record.worker_sequence,
        "a key of an input names what is not there",
    )
}

/// Checks the receipt in the key of a creation against the record of the Worker: the turn that the
/// receipt names is the Worker's first.
pub(super) fn create_key(key: &CreateKey, record: &WorkerRecord) -> Verdict {
    let Some((turn_id, entry)) = key.receipt else { return Ok(()) };
    let latest = record.turn.as_ref().and_then(|turn| Some((turn.input_sequence?, turn.turn_id)));
    let is_first = latest.is_some_and(|(input, latest)| {
        // Each turn from the first one to the latest has one entry, or two.
        let turns = record.turns - 1;
        let entries = input.checked_sub(entry);
        entries.is_some_and(|it| (turns..=turns.saturating_mul(2)).contains(&it))
            && (latest == turn_id) == (turns == 0)
    });
    ensure(is_first, "a key of a creation names what is not there")
}

/// Checks a record, which may be one of the past, and clamps its usage.
pub(super) fn record(record: &mut Arc<WorkerRecord>, bounds: &Bounds) -> Verdict {
    let there = &**record;
    bounds.record(there)?;
    let counters = [there.ordinal, there.version, there.worker_sequence];
    ensure(counters.iter().all(|it| (1..=MAX_INTEGER).contains(it)), OUT_OF_RANGE)?;
    let figures = [there.entries, there.turns, there.created_at_ms, there.active_at_ms];
    ensure(figures.iter().all(|it| *it <= MAX_INTEGER), OUT_OF_RANGE)?;
    ensure(
        (there.turns > 0) == there.turn.is_some() && there.turns <= there.entries,
        "the number of turns does not fit the rest",
    )?;
    let runs = match there.state {
        WorkerState::Running | WorkerState::Stopping => true,
        WorkerState::Idle | WorkerState::Stopped | WorkerState::Cancelled => false,
    };
    ensure(there.running_turn().is_some() == runs, "the state does not fit the latest turn")?;
    if let Some(turn) = &there.turn {
        ensure(
            turn.outcome.is_none() || turn.outcome == there.last_outcome,
            "the last outcome does not fit the latest turn",
        )?;
        ensure(
            last_entry(turn) == there.entries,
            "the latest turn is not the last of the entries",
        )?;
    }
    let ended = there.turns - u64::from(there.running_turn().is_some());
    ensure(there.usage.turns == ended, "the usage does not fit the number of turns")?;
    if !is_within(&there.usage) {
        clamp(&mut Arc::make_mut(record).usage);
    }
    if let Some(latest) = &record.turn {
        let mut checked = Arc::clone(latest);
        turn(&mut checked, bounds)?;
        if !Arc::ptr_eq(&checked, latest) {
            Arc::make_mut(record).turn = Some(checked);
        }
    }
    Ok(())
}

/// Checks a turn, and clamps its usage.
pub(super) fn turn(turn: &mut Arc<StoredTurn>, bounds: &Bounds) -> Verdict {
    let there = &**turn;
    bounds.turn(there)?;
    let retry_after_ms = there.error.as_ref().and_then(|error| error.retry_after_ms);
    let figures = [
        there.started_at_ms,
        there.ended_at_ms,
        there.input_sequence,
        there.answer_sequence,
        retry_after_ms,
    ];
    ensure(figures.iter().flatten().all(|it| *it <= MAX_INTEGER), OUT_OF_RANGE)?;
    let input = there.input_sequence.unwrap_or(0);
    ensure(input > 0, "a turn has no input")?;
    ensure(
        there.answer_sequence.is_none_or(|answer| answer == input + 1),
        "an answer does not follow its input",
    )?;
    match there.outcome {
        None => ensure(
            there.answer_sequence.is_none() && there.ended_at_ms.is_none(),
            "a turn that runs has an end",
        )?,
        Some(TurnOutcome::Completed) => {
            ensure(there.answer_sequence.is_some(), "a completed turn has no answer")?;
        }
        Some(TurnOutcome::Failed | TurnOutcome::Cancelled | TurnOutcome::Lost) => {}
    }
    let ended = u64::from(there.outcome.is_some());
    ensure(there.usage.turns == ended, "the usage of a turn is not that of one turn")?;
    if !is_within(&there.usage) {
        clamp(&mut Arc::make_mut(turn).usage);
    }
    Ok(())
}

/// Checks an entry, and clamps its usage.
pub(super) fn entry(entry: &mut Arc<StoredEntry>, bounds: &Bounds) -> Verdict {
    bounds.entry(entry)?;
    ensure(entry.sequence <= MAX_INTEGER && entry.at_ms <= MAX_INTEGER, OUT_OF_RANGE)?;
    if !is_within(&entry.usage) {
        clamp(&mut Arc::make_mut(entry).usage);
    }
    Ok(())
}

/// Returns the sequence of the last entry that a turn names; 0 if there is none.
pub(super) fn last_entry(turn: &StoredTurn) -> u64 {
    turn.answer_sequence.max(turn.input_sequence).unwrap_or(0)
}

fn is_within(usage: &Usage) -> bool {
    let mut clamped = *usage;
    clamp(&mut clamped);
    clamped == *usage
}

fn clamp(usage: &mut Usage) {
    let stored = *usage;
    *usage = Usage::default();
    usage.add(&stored);
}

fn ensure(holds: bool, problem: &'static str) -> Verdict {
    if holds { Ok(()) } else { Err(problem) }
}

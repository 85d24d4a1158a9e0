//! The detail of a Worker, brought up to date by the Worker's events alone.

use std::sync::Arc;

use worker_runtime::{
    RuntimeEvent,
    event::EventBody,
    lifecycle,
    model::{TranscriptEntry, TurnDetail, TurnOutcome, Usage, WorkerDetail, WorkerState},
};

/// A copy of a Worker's detail without the only counter that changes without an event.
pub(crate) fn without_live_counter(detail: &WorkerDetail) -> WorkerDetail {
    let mut detail = detail.clone();
    if let Some(turn) = &mut detail.last_turn {
        Arc::make_mut(turn).late_dropped = 0;
    }
    detail
}

/// Applies the events of a Worker that come after its detail. Events of other Workers are skipped.
pub(crate) fn replay(detail: &WorkerDetail, events: &[RuntimeEvent]) -> WorkerDetail {
    let mut known = without_live_counter(detail);
    for event in events.iter().filter(|event| event.worker == Some(detail.worker)) {
        if event.worker_sequence > Some(known.worker_sequence) {
            apply(&mut known, event);
        }
    }
    known
}

/// Applies the next event of a Worker.
fn apply(known: &mut WorkerDetail, event: &RuntimeEvent) {
    assert_eq!(event.worker_sequence, Some(known.worker_sequence + 1), "{event:?}");
    known.worker_sequence += 1;
    known.active_at_ms = event.at_ms;
    match &event.body {
        EventBody::WorkerUpdated { detail } => {
            known.display_name = detail.display_name.clone();
            known.display_ref = detail.display_ref.clone();
            known.labels = detail.labels.clone();
            known.profile = detail.profile.clone();
            known.instructions.clone_from(&detail.instructions);
            assert_eq!(
                *known,
                without_live_counter(detail),
                "an update shows the Worker right after it"
            );
        }
        EventBody::WorkerStateChanged { from, to, reason } => {
            assert_eq!(*from, known.state);
            if is_commanded_end(*from, *to) {
                known.end_reason.clone_from(reason);
            }
            known.state = *to;
            known.allowed_commands = lifecycle::allowed_commands(*to).to_vec();
        }
        EventBody::InputAccepted { entry } => {
            known.entries = entry.sequence;
            known.last_turn = Some(Arc::new(started_turn(known, event, entry)));
        }
        EventBody::TurnStarted {} => {
            known.turn_id = event.turn_id;
            known.turn_started_at_ms = Some(event.at_ms);
        }
        EventBody::TurnRetrying { .. } => {}
        EventBody::TurnCompleted { stop_reason, usage, entry } => {
            let turn = end_turn(known, event, TurnOutcome::Completed, usage, Some(entry));
            turn.stop_reason = Some(*stop_reason);
        }
        EventBody::TurnFailed { error, usage, entry } => {
            let turn = end_turn(known, event, TurnOutcome::Failed, usage, entry.as_ref());
            turn.error = Some(Box::new(error.clone()));
        }
        EventBody::TurnCancelled { reason, usage, entry } => {
            let turn = end_turn(known, event, TurnOutcome::Cancelled, usage, entry.as_ref());
            turn.reason.clone_from(reason);
        }
        EventBody::TurnLost { usage } => {
            end_turn(known, event, TurnOutcome::Lost, usage, None);
        }
        _ => panic!("an existing Worker has no such event: {event:?}"),
    }
}

/// The entry that an event adds to the transcript.
pub(crate) fn entry(event: &RuntimeEvent) -> Option<&Arc<TranscriptEntry>> {
    match &event.body {
        EventBody::InputAccepted { entry } | EventBody::TurnCompleted { entry, .. } => Some(entry),
        EventBody::TurnFailed { entry, .. } | EventBody::TurnCancelled { entry, .. } => {
            entry.as_ref()
        }
        _ => None,
    }
}

/// Whether a command ends the Worker with this transition, so that the reason is kept. The transition
/// from `stopping` to `stopped` follows by itself and has no reason.
fn is_commanded_end(from: WorkerState, to: WorkerState) -> bool {
    match to {
        WorkerState::Idle | WorkerState::Running => false,
        WorkerState::Stopping | WorkerState::Stopped => from != WorkerState::Stopping,
        WorkerState::Cancelled => true,
    }
}

/// The turn that an input starts.
fn started_turn(known: &WorkerDetail, event: &RuntimeEvent, input: &TranscriptEntry) -> TurnDetail {
    let turn_id = event.turn_id.expect("an input starts a turn");
    let mut turn = TurnDetail::new(turn_id, known.profile.clone(), event.at_ms, input.sequence);
    turn.idempotency_key.clone_from(&event.idempotency_key);
    turn.meta.clone_from(&event.meta);
    turn
}

/// Ends the running turn. Returns the turn, for details that only some outcomes have.
fn end_turn<'a>(
    known: &'a mut WorkerDetail,
    event: &RuntimeEvent,
    outcome: TurnOutcome,
    usage: &Usage,
    answer: Option<&Arc<TranscriptEntry>>,
) -> &'a mut TurnDetail {
    assert_eq!(known.turn_id, event.turn_id, "the running turn ends");
    known.turn_id = None;
    known.turn_started_at_ms = None;
    known.last_outcome = Some(outcome);
    known.usage.add(usage);
    known.entries = answer.map_or(known.entries, |entry| entry.sequence);
    let turn = known.last_turn.as_mut().expect("a turn that ends was started");
    let turn = Arc::make_mut(turn);
    turn.outcome = Some(outcome);
    turn.ended_at_ms = Some(event.at_ms.max(turn.started_at_ms.unwrap_or_default()));
    turn.usage = *usage;
    turn.answer_sequence = answer.map(|entry| entry.sequence);
    turn
}

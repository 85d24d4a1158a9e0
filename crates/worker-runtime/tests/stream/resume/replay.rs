//! What somebody knows of a Worker who was shown it once and reads its events.

use std::sync::Arc;

use worker_runtime::{
    RuntimeEvent,
    event::EventBody,
    lifecycle,
    model::{TranscriptEntry, TurnDetail, TurnOutcome, Usage, WorkerDetail, WorkerState},
};

/// A Worker without the one figure that is live.
pub(crate) fn settled(detail: &WorkerDetail) -> WorkerDetail {
    let mut detail = detail.clone();
    if let Some(turn) = &mut detail.last_turn {
        Arc::make_mut(turn).late_dropped = 0;
    }
    detail
}

/// Brings what is known of a Worker up to date with its next event.
pub(crate) fn follow(known: &mut WorkerDetail, event: &RuntimeEvent) {
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
            assert_eq!(*known, settled(detail), "an update shows the Worker as it was right after");
        }
        EventBody::WorkerStateChanged { from, to, reason } => {
            assert_eq!(*from, known.state);
            if is_told_to_end(*from, *to) {
                known.end_reason.clone_from(reason);
            }
            known.state = *to;
            known.allowed_commands = lifecycle::allowed_commands(*to).to_vec();
        }
        EventBody::InputAccepted { entry } => {
            known.entries = entry.sequence;
            known.last_turn = Some(Arc::new(turn(known, event, entry)));
        }
        EventBody::TurnStarted {} => {
            known.turn_id = event.turn_id;
            known.turn_started_at_ms = Some(event.at_ms);
        }
        EventBody::TurnRetrying { .. } => {}
        EventBody::TurnCompleted { stop_reason, usage, entry } => {
            let turn = end(known, event, TurnOutcome::Completed, usage, Some(entry));
            turn.stop_reason = Some(*stop_reason);
        }
        EventBody::TurnFailed { error, usage, entry } => {
            let turn = end(known, event, TurnOutcome::Failed, usage, entry.as_ref());
            turn.error = Some(Box::new(error.clone()));
        }
        EventBody::TurnCancelled { reason, usage, entry } => {
            let turn = end(known, event, TurnOutcome::Cancelled, usage, entry.as_ref());
            turn.reason.clone_from(reason);
        }
        EventBody::TurnLost { usage } => {
            end(known, event, TurnOutcome::Lost, usage, None);
        }
        _ => panic!("a living Worker has no such event: {event:?}"),
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

/// A stop's or a cancel's reason is kept; the end that follows a stop by itself has none.
fn is_told_to_end(from: WorkerState, to: WorkerState) -> bool {
    match to {
        WorkerState::Idle | WorkerState::Running => false,
        WorkerState::Stopping | WorkerState::Stopped => from != WorkerState::Stopping,
        WorkerState::Cancelled => true,
    }
}

fn turn(known: &WorkerDetail, event: &RuntimeEvent, input: &TranscriptEntry) -> TurnDetail {
    let turn_id = event.turn_id.expect("an input begins a turn");
    let mut turn = TurnDetail::new(turn_id, known.profile.clone(), event.at_ms, input.sequence);
    turn.idempotency_key.clone_from(&event.idempotency_key);
    turn.meta.clone_from(&event.meta);
    turn
}

fn end<'a>(
    known: &'a mut WorkerDetail,
    event: &RuntimeEvent,
    outcome: TurnOutcome,
    usage: &Usage,
    answer: Option<&Arc<TranscriptEntry>>,
) -> &'a mut TurnDetail {
    assert_eq!(known.turn_id, event.turn_id, "the turn that ends is the one that ran");
    known.turn_id = None;
    known.turn_started_at_ms = None;
    known.last_outcome = Some(outcome);
    known.usage.add(usage);
    known.entries = answer.map_or(known.entries, |it| it.sequence);
    let turn = known.last_turn.as_mut().expect("a turn that ends has begun");
    let turn = Arc::make_mut(turn);
    turn.outcome = Some(outcome);
    turn.ended_at_ms = Some(event.at_ms.max(turn.started_at_ms));
    turn.usage = *usage;
    turn.answer_sequence = answer.map(|it| it.sequence);
    turn
}

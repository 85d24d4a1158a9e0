//! Comparison of the reply to a command with the events that the command caused.

use worker_runtime::{
    EventsFrom, RuntimeEvent, Scope, WorkerRef,
    commands::{Cancellation, CommandReply, RuntimeStop},
    event::EventType,
    model::{Meta, RuntimeState, WorkerState},
};

use super::{FinalState, entered_state, is_caused_by, read_events};
use crate::resume::{observation::Call, replay::entry};

impl FinalState {
    /// Checks the reply to a command about a Worker. The cursor must lie right before the first event
    /// that the command caused, or at the end of the log if the command caused none.
    pub(super) async fn check_command(
        &self,
        worker: WorkerRef,
        meta: &Meta,
        reply: CommandReply,
        call: &Call,
        rest: &[RuntimeEvent],
    ) {
        let scope = Scope::worker(worker);
        let all = read_events(&self.runtime, scope, EventsFrom::oldest()).await.unwrap();
        let (earlier, later) = all.split_at(all.len() - rest.len());
        assert_eq!(later, rest);
        let position = earlier.len() as u64;
        let own: Vec<_> = all.iter().filter(|event| is_caused_by(event, meta)).collect();
        match (own.first(), &reply) {
            (Some(first), _) => assert_eq!(*first, &rest[0], "right before its first event"),
            // A replayed input has the cursor of the first reply.
            (None, CommandReply::InputAccepted(_)) => {}
            (None, _) => assert!(call.sequences.contains(&position), "at the end of the log"),
        }
        match reply {
            CommandReply::WorkerCreated(created) => {
                self.check_worker(&created.detail, call, rest).await;
                assert!(earlier.is_empty() && rest[0].event_type() == EventType::WorkerCreated);
                let input = own
                    .get(1)
                    .and_then(|event| Some((event.turn_id?, Some(entry(event)?.sequence))));
                let receipt =
                    created.receipt.map(|receipt| (receipt.turn_id, receipt.entry_sequence));
                assert_eq!(input, receipt);
            }
            CommandReply::WorkerUpdated(updated) => {
                self.check_worker(&updated.detail, call, rest).await;
                assert!(own.len() <= 1);
                assert_eq!(updated.detail.worker_sequence, position + own.len() as u64);
            }
            CommandReply::InputAccepted(accepted) => {
                assert_eq!(own.is_empty(), accepted.replayed);
                assert_eq!(rest[0].event_type(), EventType::InputAccepted);
                assert_eq!(rest[0].turn_id, Some(accepted.receipt.turn_id));
                let sequence = entry(&rest[0]).map(|entry| entry.sequence);
                assert_eq!(sequence, accepted.receipt.entry_sequence);
            }
            CommandReply::TurnCancellation(cancellation) => match cancellation.result {
                Cancellation::Cancelled { turn_id } => {
                    assert_eq!(own[0].event_type(), EventType::TurnCancelled);
                    assert_eq!(own[0].turn_id, Some(turn_id));
                }
                _ => assert!(own.is_empty()),
            },
            CommandReply::WorkerStop(stop) => {
                assert!(stop.already || !own.is_empty());
                assert_eq!(last_state(earlier.iter().chain(own)), Some(stop.state));
            }
            CommandReply::WorkerCancelled(cancelled) => {
                assert_eq!(own.is_empty(), cancelled.already);
                let expected = (!cancelled.already).then_some(WorkerState::Cancelled);
                assert_eq!(last_state(own), expected);
            }
            reply => panic!("not about an existing Worker: {reply:?}"),
        }
    }

    /// Checks the reply to a stop of the Runtime, whose cursor must lie right before all events that
    /// the stop caused.
    pub(super) fn check_runtime_stop(
        &self,
        meta: &Meta,
        stop: &RuntimeStop,
        rest: &[RuntimeEvent],
    ) {
        let is_stopping = |event: &&RuntimeEvent| {
            event.event_type() == EventType::RuntimeStopping && is_caused_by(event, meta)
        };
        assert_eq!(self.log.iter().filter(is_stopping).count(), usize::from(!stop.already));
        if !stop.already {
            assert_eq!(stop.state, RuntimeState::Stopping);
            assert!(is_stopping(&&rest[0]), "right before its first event");
            let caused = |events: &[RuntimeEvent]| {
                events.iter().filter(|event| is_caused_by(event, meta)).count()
            };
            assert_eq!(caused(rest), caused(&self.log), "before all of its events");
        }
    }
}

/// The state of a Worker after these events, if one of them changes the state.
fn last_state<'a>(events: impl IntoIterator<Item = &'a RuntimeEvent>) -> Option<WorkerState> {
    events.into_iter().filter_map(entered_state).last()
}

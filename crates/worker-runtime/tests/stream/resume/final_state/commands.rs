//! What a command said it did, held against the events that it caused.

use worker_runtime::{
    EventsFrom, RuntimeEvent, Scope, commands::Cancellation, event::EventType, model::WorkerState,
};

use super::{Quiet, is_of, read, state_after};
use crate::resume::{
    observation::{Deed, Said},
    replay::entry,
};

impl Quiet {
    pub(super) async fn check_deed(&self, deed: &Deed, after: &[RuntimeEvent]) {
        let scope = Scope::worker(deed.worker);
        let all = read(&self.runtime, scope, EventsFrom::oldest()).await.unwrap();
        let (early, late) = all.split_at(all.len() - after.len());
        assert_eq!(late, after);
        let own: Vec<_> = all.iter().filter(|it| is_of(it, &deed.call)).collect();
        let [first, last] = deed.between;
        match (own.first(), deed.said) {
            (Some(own), _) => assert_eq!(*own, &after[0], "right before its own first event"),
            // It is the first reply's, which has a check of its own.
            (None, Said::Accepted { .. }) => {}
            (None, _) => {
                assert!((first..=last).contains(&(early.len() as u64)), "at the present end");
            }
        }
        let became = |events: &[&RuntimeEvent]| events.iter().rev().find_map(|it| state_after(it));
        match deed.said {
            Said::Created(receipt) => {
                assert!(early.is_empty() && after[0].event_type() == EventType::WorkerCreated);
                let input = own.get(1).and_then(|it| Some((it.turn_id?, entry(it)?.sequence)));
                assert_eq!(input, receipt.map(|it| (it.turn_id, it.entry_sequence)));
            }
            Said::Accepted { receipt, replayed } => {
                assert_eq!(own.is_empty(), replayed);
                assert_eq!(after[0].event_type(), EventType::InputAccepted);
                assert_eq!(after[0].turn_id, Some(receipt.turn_id));
                assert_eq!(entry(&after[0]).unwrap().sequence, receipt.entry_sequence);
            }
            Said::Cancelled(Cancellation::Cancelled { turn_id }) => {
                assert_eq!(own[0].event_type(), EventType::TurnCancelled);
                assert_eq!(own[0].turn_id, Some(turn_id));
            }
            Said::Cancelled(_) => {
                assert!(own.is_empty());
            }
            Said::Stopped { state, already } => {
                assert!(already || !own.is_empty());
                let shown: Vec<_> = early.iter().chain(own.iter().copied()).collect();
                assert_eq!(became(&shown), Some(state));
            }
            Said::WorkerCancelled { already } => {
                assert_eq!(own.is_empty(), already);
                let expected = (!already).then_some(WorkerState::Cancelled);
                assert_eq!(became(&own), expected);
            }
            Said::Updated { worker_sequence } => {
                assert!(own.len() <= 1);
                assert_eq!(worker_sequence, (early.len() + own.len()) as u64);
            }
        }
    }
}

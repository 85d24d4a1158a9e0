//! What a query showed, held against what the same query shows in the end.

use std::{collections::BTreeMap, sync::Arc};

use worker_runtime::{
    RuntimeEvent, WorkerRef,
    event::{EventBody, EventType},
    model::{RuntimeState, RuntimeSummary, StateCounts, TranscriptEntry, WorkerState},
    queries::{GetTranscript, GetTurn, GetWorker, TranscriptReply, TurnReply},
};

use super::{Quiet, state_after};
use crate::resume::replay::entry;

impl Quiet {
    /// The cursor lay at the Worker's end when the reply was made.
    pub(super) async fn check_place(
        &self,
        worker: WorkerRef,
        [first, last]: [u64; 2],
        after: &[RuntimeEvent],
    ) {
        let now = self.runtime.handle(GetWorker { worker }).await.unwrap().detail.worker_sequence;
        assert!((first..=last).contains(&(now - after.len() as u64)), "at the present end");
    }

    pub(super) async fn check_turn(
        &self,
        worker: WorkerRef,
        shown: TurnReply,
        after: &[RuntimeEvent],
    ) {
        let turn_id = shown.turn.turn_id;
        let end = |it: &&RuntimeEvent| it.event_type().ends_turn() && it.turn_id == Some(turn_id);
        let answer = match after.iter().find(end) {
            Some(end) => entry(end).cloned(),
            None => shown.answer,
        };
        assert_eq!(shown.turn.outcome.is_none(), after.iter().any(|it| end(&it)));
        let now = self.runtime.handle(GetTurn::by_id(worker, turn_id)).await.unwrap();
        assert_eq!((shown.input, answer), (now.input, now.answer));
    }

    pub(super) async fn check_transcript(
        &self,
        worker: WorkerRef,
        shown: TranscriptReply,
        after: &[RuntimeEvent],
    ) {
        assert_eq!(shown.total, shown.entries.len() as u64);
        let mut entries = shown.entries;
        entries.extend(after.iter().filter_map(entry).cloned());
        assert_eq!(entries, self.entries(worker).await);
        let turns = |it: &&RuntimeEvent| {
            it.event_type().ends_turn() || it.event_type() == EventType::TurnStarted
        };
        let next = after.iter().find(turns);
        let ending = next.filter(|it| it.event_type().ends_turn()).and_then(|it| it.turn_id);
        assert_eq!(ending, shown.in_progress.map(|it| it.turn_id), "what runs is what ends next");
    }

    pub(super) fn check_summary(&self, mut known: RuntimeSummary, after: &[RuntimeEvent]) {
        let is_early =
            |it: &&RuntimeEvent| after.first().is_none_or(|first| it.sequence < first.sequence);
        let mut states: BTreeMap<Option<WorkerRef>, WorkerState> = BTreeMap::new();
        for event in self.log.iter().take_while(is_early) {
            states.extend(state_after(event).map(|state| (event.worker, state)));
        }
        for event in after {
            let was = states.get(&event.worker).copied();
            if event.event_type() == EventType::WorkerDeleted {
                *count(&mut known.workers, was.expect("it was in some state")) -= 1;
            }
            if let Some(state) = state_after(event) {
                if let Some(was) = was {
                    *count(&mut known.workers, was) -= 1;
                }
                *count(&mut known.workers, state) += 1;
                states.insert(event.worker, state);
            }
            known.turns_in_flight += u64::from(event.event_type() == EventType::TurnStarted);
            known.turns_in_flight -= u64::from(event.event_type().ends_turn());
            match event.body {
                EventBody::RuntimeStopping { .. } => known.state = RuntimeState::Stopping,
                EventBody::RuntimeStopped {} => known.state = RuntimeState::Stopped,
                _ => {}
            }
        }
        assert_eq!(known, self.summary);
    }

    async fn entries(&self, worker: WorkerRef) -> Vec<Arc<TranscriptEntry>> {
        let whole = GetTranscript { limit: Some(1000), ..GetTranscript::tail(worker) };
        self.runtime.handle(whole).await.unwrap().entries
    }
}

fn count(counts: &mut StateCounts, state: WorkerState) -> &mut u64 {
    match state {
        WorkerState::Idle => &mut counts.idle,
        WorkerState::Running => &mut counts.running,
        WorkerState::Stopping => &mut counts.stopping,
        WorkerState::Stopped => &mut counts.stopped,
        WorkerState::Cancelled => &mut counts.cancelled,
    }
}

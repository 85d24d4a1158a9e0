//! Comparison of the reply to a query, and the events after its cursor, with a later reply.

use std::collections::BTreeMap;

use worker_runtime::{
    Cursor, RuntimeEvent, Scope, StreamItem, WorkerId, WorkerRef,
    event::{EventBody, EventType, StreamEvent},
    model::{RuntimeState, RuntimeSummary, StateCounts, WorkerDetail, WorkerState, WorkerSummary},
    queries::{GetTranscript, GetTurn, GetWorker, TranscriptReply, TurnReply},
};

use super::{FinalState, entered_state};
use crate::{
    mirror::Mirror,
    resume::{
        observation::Call,
        replay::{entry, replay, without_live_counter},
    },
};

impl FinalState {
    /// Checks that the events after the cursor, and those after the cursor of the Runtime's log
    /// before the call, continue a Worker's detail to the final one.
    pub(super) async fn check_worker(
        &self,
        detail: &WorkerDetail,
        call: &Call,
        rest: &[RuntimeEvent],
    ) {
        let now = without_live_counter(&self.worker(detail.worker).await);
        assert_eq!(replay(detail, rest), now);
        let runtime_rest = self.events_after(Scope::runtime(), &call.before).await.unwrap();
        assert_eq!(replay(detail, &runtime_rest), now);
    }

    /// Checks the reply to `get_worker`, whose cursor must lie right after the last event that the
    /// detail includes.
    pub(super) async fn check_worker_query(
        &self,
        detail: &WorkerDetail,
        call: &Call,
        rest: &[RuntimeEvent],
    ) {
        assert_eq!(self.position(detail.worker, rest).await, detail.worker_sequence);
        self.check_worker(detail, call, rest).await;
    }

    pub(super) async fn check_transcript(
        &self,
        worker: WorkerRef,
        shown: TranscriptReply,
        call: &Call,
        rest: &[RuntimeEvent],
    ) {
        assert!(call.sequences.contains(&self.position(worker, rest).await));
        assert_eq!(shown.total, shown.entries.len() as u64);
        let mut entries = shown.entries;
        entries.extend(rest.iter().filter_map(entry).cloned());
        let all = GetTranscript { limit: Some(1000), ..GetTranscript::new(worker) };
        assert_eq!(entries, self.runtime.handle(all).await.unwrap().entries);
        let next = rest.iter().find(|event| {
            event.event_type().ends_turn() || event.event_type() == EventType::TurnStarted
        });
        let ending = next.filter(|event| event.event_type().ends_turn());
        let in_progress = shown.in_progress.map(|answer| answer.turn_id);
        assert_eq!(ending.and_then(|event| event.turn_id), in_progress, "this turn ends next");
    }

    pub(super) async fn check_turn(
        &self,
        worker: WorkerRef,
        shown: TurnReply,
        call: &Call,
        rest: &[RuntimeEvent],
    ) {
        assert!(call.sequences.contains(&self.position(worker, rest).await));
        let turn_id = shown.turn.turn_id;
        let end = rest
            .iter()
            .find(|event| event.event_type().ends_turn() && event.turn_id == Some(turn_id));
        assert_eq!(shown.turn.outcome.is_none(), end.is_some());
        let answer = end.map_or(shown.answer, |end| entry(end).cloned());
        let now = self.runtime.handle(GetTurn::new(worker, turn_id)).await.unwrap();
        assert_eq!((shown.input, answer), (now.input, now.answer));
    }

    pub(super) fn check_workers(
        &self,
        items: Vec<WorkerSummary>,
        cursor: &Cursor,
        rest: &[RuntimeEvent],
    ) {
        let mut mirror = Mirror::default();
        let ids: Vec<WorkerId> = items.iter().map(|item| item.worker.worker_id).collect();
        mirror.workers.extend(items.into_iter().map(|item| (item.worker.worker_id, item)));
        for event in rest.iter().cloned() {
            let cursor = cursor.clone();
            mirror.follow(&StreamItem::Event(StreamEvent::new(event, cursor).into()));
        }
        for id in ids {
            assert_eq!(mirror.workers.get(&id), self.workers.workers.get(&id));
        }
    }

    pub(super) fn check_summary(&self, mut summary: RuntimeSummary, rest: &[RuntimeEvent]) {
        let (earlier, later) = self.log.split_at(self.log.len() - rest.len());
        assert_eq!(later, rest);
        let mut states: BTreeMap<Option<WorkerRef>, WorkerState> = earlier
            .iter()
            .filter_map(|event| Some((event.worker, entered_state(event)?)))
            .collect();
        for event in rest {
            let entered = entered_state(event);
            if entered.is_some() || event.event_type() == EventType::WorkerDeleted {
                let left = states.remove(&event.worker);
                assert_eq!(left.is_none(), event.event_type() == EventType::WorkerCreated);
                if let Some(left) = left {
                    *count_mut(&mut summary.workers, left) -= 1;
                }
            }
            if let Some(entered) = entered {
                *count_mut(&mut summary.workers, entered) += 1;
                states.insert(event.worker, entered);
            }
            summary.turns_in_flight += u64::from(event.event_type() == EventType::TurnStarted);
            summary.turns_in_flight -= u64::from(event.event_type().ends_turn());
            match event.body {
                EventBody::RuntimeStopping { .. } => summary.state = RuntimeState::Stopping,
                EventBody::RuntimeStopped {} => summary.state = RuntimeState::Stopped,
                _ => {}
            }
        }
        assert_eq!(summary, self.summary);
    }

    /// The position in a Worker's log after which `rest` is the rest.
    async fn position(&self, worker: WorkerRef, rest: &[RuntimeEvent]) -> u64 {
        self.worker(worker).await.worker_sequence - rest.len() as u64
    }

    async fn worker(&self, worker: WorkerRef) -> WorkerDetail {
        self.runtime.handle(GetWorker { worker }).await.unwrap().detail
    }
}

fn count_mut(counts: &mut StateCounts, state: WorkerState) -> &mut u64 {
    match state {
        WorkerState::Idle => &mut counts.idle,
        WorkerState::Running => &mut counts.running,
        WorkerState::Stopping => &mut counts.stopping,
        WorkerState::Stopped => &mut counts.stopped,
        WorkerState::Cancelled => &mut counts.cancelled,
    }
}

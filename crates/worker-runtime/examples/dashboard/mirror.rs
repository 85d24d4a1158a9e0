//! A mirror of a Runtime, made of one snapshot and the stream, and of nothing else.

use std::collections::BTreeMap;

use worker_runtime::{
    Cursor, Runtime, RuntimeError, RuntimeEvent, StreamItem, WorkerId,
    event::EventBody,
    model::{PageRequest, TurnOutcome, Usage, WorkerState, WorkerSummary},
    queries::{GetRuntime, ListWorkers},
};

/// Every Worker of a Runtime, at a glance.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Mirror {
    /// The Workers by id.
    pub(crate) workers: BTreeMap<WorkerId, WorkerSummary>,
}

impl Mirror {
    /// Takes a snapshot, page by page, and gives the position to follow the stream from.
    pub(crate) async fn snapshot(
        runtime: &Runtime,
        limit: u64,
    ) -> Result<(Self, Cursor), RuntimeError> {
        let cursor = runtime.handle(GetRuntime {}).await?.cursor;
        let mut mirror = Self::default();
        let mut token = None;
        loop {
            let page = Some(PageRequest { limit: Some(limit), token });
            let reply = runtime.handle(ListWorkers { page, ..ListWorkers::default() }).await?;
            let items = reply.items.into_iter().map(|it| (it.worker.worker_id, it));
            mirror.workers.extend(items);
            token = reply.next;
            if token.is_none() {
                return Ok((mirror, cursor));
            }
        }
    }

    /// Takes in what the stream says. `false` if something was missed, so that a new snapshot is due.
    pub(crate) fn follow(&mut self, item: &StreamItem) -> bool {
        match item {
            StreamItem::Event(it) => self.apply(&it.event),
            StreamItem::Gap { .. } => return false,
            StreamItem::TextDelta { .. }
            | StreamItem::ReasoningDelta { .. }
            | StreamItem::Synced { .. }
            | StreamItem::Ended { .. } => {}
        }
        true
    }

    fn apply(&mut self, event: &RuntimeEvent) {
        let (Some(worker), Some(worker_sequence)) = (event.worker, event.worker_sequence) else {
            return;
        };
        let id = worker.worker_id;
        // What the snapshot shows already is skipped.
        if self.workers.get(&id).is_some_and(|it| worker_sequence <= it.worker_sequence) {
            return;
        }
        if let EventBody::WorkerCreated { detail } = &event.body {
            self.workers.insert(id, summary(detail));
        }
        let Some(it) = self.workers.get_mut(&id) else { return };
        it.worker_sequence = worker_sequence;
        it.active_at_ms = event.at_ms;
        match &event.body {
            EventBody::WorkerUpdated { detail } => {
                it.display_name = detail.display_name.clone();
                it.display_ref = detail.display_ref.clone();
                it.labels = detail.labels.clone();
            }
            EventBody::WorkerStateChanged { to, .. } => it.state = *to,
            EventBody::InputAccepted { entry } => it.entries = entry.sequence,
            EventBody::TurnStarted {} => {
                it.turn_id = event.turn_id;
                it.turn_started_at_ms = Some(event.at_ms);
            }
            EventBody::TurnCompleted { usage, entry, .. } => {
                end(it, TurnOutcome::Completed, usage, Some(entry.sequence));
            }
            EventBody::TurnFailed { usage, entry, .. } => {
                end(it, TurnOutcome::Failed, usage, entry.as_ref().map(|it| it.sequence));
            }
            EventBody::TurnCancelled { usage, entry, .. } => {
                end(it, TurnOutcome::Cancelled, usage, entry.as_ref().map(|it| it.sequence));
            }
            EventBody::TurnLost { usage } => end(it, TurnOutcome::Lost, usage, None),
            EventBody::WorkerDeleted {} => {
                self.workers.remove(&id);
            }
            EventBody::WorkerCreated { .. }
            | EventBody::TurnRetrying { .. }
            | EventBody::Diagnostic { .. }
            | EventBody::RuntimeStarted {}
            | EventBody::RuntimeStopping { .. }
            | EventBody::RuntimeStopped {} => {}
        }
    }

    /// How many Workers are in a state.
    pub(crate) fn count(&self, state: WorkerState) -> usize {
        self.workers.values().filter(|it| it.state == state).count()
    }
}

fn end(it: &mut WorkerSummary, outcome: TurnOutcome, usage: &Usage, entry: Option<u64>) {
    it.turn_id = None;
    it.turn_started_at_ms = None;
    it.last_outcome = Some(outcome);
    it.usage.add(usage);
    it.entries = entry.unwrap_or(it.entries);
}

fn summary(detail: &worker_runtime::model::WorkerDetail) -> WorkerSummary {
    WorkerSummary {
        worker: detail.worker,
        display_name: detail.display_name.clone(),
        display_ref: detail.display_ref.clone(),
        state: detail.state,
        labels: detail.labels.clone(),
        turn_id: detail.turn_id,
        turn_started_at_ms: detail.turn_started_at_ms,
        last_outcome: detail.last_outcome,
        entries: detail.entries,
        usage: detail.usage,
        worker_sequence: detail.worker_sequence,
        created_at_ms: detail.created_at_ms,
        active_at_ms: detail.active_at_ms,
    }
}

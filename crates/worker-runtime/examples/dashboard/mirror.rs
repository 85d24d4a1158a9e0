//! A mirror of a Runtime's Workers that is made of one snapshot and the event stream alone.

use std::collections::BTreeMap;

use worker_runtime::{
    Cursor, Runtime, RuntimeError, RuntimeEvent, StreamItem, WorkerId,
    event::EventBody,
    model::{PageRequest, TurnOutcome, Usage, WorkerState, WorkerSummary},
    queries::{GetRuntime, ListWorkers},
};

/// The summaries of all Workers of a Runtime.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Mirror {
    /// The summaries by id.
    pub(crate) workers: BTreeMap<WorkerId, WorkerSummary>,
}

impl Mirror {
    /// Takes a snapshot page by page, and returns it with the cursor after which to follow the stream.
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
            let items = reply.items.into_iter().map(|summary| (summary.worker.worker_id, summary));
            mirror.workers.extend(items);
            token = reply.next;
            if token.is_none() {
                return Ok((mirror, cursor));
            }
        }
    }

    /// Applies a stream item. Returns false if events were missed, so that a new snapshot is needed.
    pub(crate) fn follow(&mut self, item: &StreamItem) -> bool {
        match item {
            StreamItem::Event(shared) => self.apply(&shared.event),
            StreamItem::Gap { .. } => return false,
            // Text is not mirrored, and what a later version adds is passed over.
            _ => {}
        }
        true
    }

    fn apply(&mut self, event: &RuntimeEvent) {
        let (Some(worker), Some(worker_sequence)) = (event.worker, event.worker_sequence) else {
            return;
        };
        let id = worker.worker_id;
        // The event is skipped if the snapshot has it already.
        if self.workers.get(&id).is_some_and(|known| worker_sequence <= known.worker_sequence) {
            return;
        }
        if let EventBody::WorkerCreated { detail } = &event.body {
            self.workers.insert(id, detail.summary());
        }
        let Some(summary) = self.workers.get_mut(&id) else { return };
        summary.worker_sequence = worker_sequence;
        summary.active_at_ms = event.at_ms;
        match &event.body {
            EventBody::WorkerUpdated { detail } => {
                summary.display_name = detail.display_name.clone();
                summary.display_ref = detail.display_ref.clone();
                summary.labels = detail.labels.clone();
            }
            EventBody::WorkerStateChanged { to, .. } => summary.state = *to,
            EventBody::InputAccepted { entry } => summary.entries = entry.sequence,
            EventBody::TurnStarted {} => {
                summary.turn_id = event.turn_id;
                summary.turn_started_at_ms = Some(event.at_ms);
            }
            EventBody::TurnCompleted { usage, entry, .. } => {
                end(summary, TurnOutcome::Completed, usage, Some(entry.sequence));
            }
            EventBody::TurnFailed { usage, entry, .. } => {
                end(
                    summary,
                    TurnOutcome::Failed,
                    usage,
                    entry.as_ref().map(|entry| entry.sequence),
                );
            }
            EventBody::TurnCancelled { usage, entry, .. } => {
                end(
                    summary,
                    TurnOutcome::Cancelled,
                    usage,
                    entry.as_ref().map(|entry| entry.sequence),
                );
            }
            EventBody::TurnLost { usage } => end(summary, TurnOutcome::Lost, usage, None),
            EventBody::WorkerDeleted {} => {
                self.workers.remove(&id);
            }
            // The other events change nothing that the mirror shows.
            _ => {}
        }
    }

    /// The number of Workers in a state.
    pub(crate) fn count(&self, state: WorkerState) -> usize {
        self.workers.values().filter(|worker| worker.state == state).count()
    }
}

fn end(summary: &mut WorkerSummary, outcome: TurnOutcome, usage: &Usage, entry: Option<u64>) {
    summary.turn_id = None;
    summary.turn_started_at_ms = None;
    summary.last_outcome = Some(outcome);
    summary.usage.add(usage);
    summary.entries = entry.unwrap_or(summary.entries);
}

//! What a reply showed, held against what came after it and what there is in the end.

mod commands;
mod queries;
mod streams;

use worker_runtime::{
    Cursor, EventsFrom, Runtime, RuntimeError, RuntimeEvent, Scope, StreamItem, Subscribe,
    WorkerId, WorkerRef,
    event::{EventBody, EventType, StreamEvent},
    model::{Meta, RuntimeState, RuntimeSummary, WorkerDetail, WorkerState},
    queries::{GetRuntime, GetTranscript, GetWorker, ReadEvents},
};

use self::streams::{assert_says_nothing, check_erased, check_stream};
use super::{
    observation::{Cut, Deed, Shows},
    replay::{follow, settled},
};
use crate::mirror::Mirror;

/// A Runtime in which nothing happens any more.
pub(crate) struct Quiet {
    runtime: Runtime,
    /// Everything that happened, as the Runtime's log has it.
    log: Vec<RuntimeEvent>,
    workers: Mirror,
    summary: RuntimeSummary,
}

impl Quiet {
    pub(crate) async fn new(runtime: Runtime) -> Self {
        let log = read(&runtime, Scope::runtime(), EventsFrom::oldest()).await.unwrap();
        let (workers, _) = Mirror::snapshot(&runtime, 1000).await.unwrap();
        let summary = runtime.handle(GetRuntime {}).await.unwrap().summary;
        Self { runtime, log, workers, summary }
    }

    /// Checks what a reply showed.
    pub(crate) async fn check(&self, cut: Cut) {
        let Cut { shows, cursor, before, stream } = cut;
        let after = self.after(shows.scope(), &cursor).await;
        let worker = match &shows {
            Shows::Deed(Deed { worker, .. })
            | Shows::Transcript { worker, .. }
            | Shows::Turn { worker, .. } => Some(*worker),
            Shows::Worker { detail, .. } => Some(detail.worker),
            Shows::Workers(_) | Shows::Runtime(_) | Shows::RuntimeStop { .. } => None,
        };
        match (after, worker) {
            (Ok(after), _) => {
                check_stream(stream, &after).await;
                self.check_shown(shows, &cursor, &before, &after).await;
            }
            (Err(error), Some(worker)) => {
                assert_eq!(error, RuntimeError::WorkerNotFound {});
                self.check_gone(worker).await;
                if let Some(stream) = stream {
                    check_erased(stream).await;
                }
            }
            (Err(error), None) => panic!("{error}"),
        }
    }

    /// Checks that a Worker was deleted once, and that nothing is known of it but that.
    pub(crate) async fn check_gone(&self, worker: WorkerRef) {
        let gone = RuntimeError::WorkerNotFound {};
        assert_eq!(self.runtime.handle(GetWorker { worker }).await.unwrap_err(), gone);
        let transcript = GetTranscript::tail(worker);
        assert_eq!(self.runtime.handle(transcript).await.unwrap_err(), gone);
        let subscribe = Subscribe::to(Scope::worker(worker));
        assert_eq!(self.runtime.subscribe(subscribe).await.unwrap_err(), gone);
        let its: Vec<_> = self.log.iter().filter(|it| it.worker == Some(worker)).collect();
        for (event, sequence) in its.iter().zip(1..) {
            assert_eq!(event.worker_sequence, Some(sequence));
            let is_last = sequence == its.len() as u64;
            assert_eq!(event.event_type() == EventType::WorkerDeleted, is_last);
            assert_says_nothing(event);
        }
        assert!(!its.is_empty());
    }

    async fn check_shown(
        &self,
        shows: Shows,
        cursor: &Cursor,
        before: &Cursor,
        after: &[RuntimeEvent],
    ) {
        match shows {
            Shows::Deed(deed) => self.check_deed(&deed, after).await,
            Shows::Worker { detail, exact } => {
                if exact {
                    let first = after.first().and_then(|it| it.worker_sequence);
                    assert!(first.is_none_or(|it| it == detail.worker_sequence + 1));
                }
                self.check_worker(&detail, after).await;
                let everywhere = self.after(Scope::runtime(), before).await.unwrap();
                self.check_worker(&detail, &everywhere).await;
            }
            Shows::Transcript { worker, reply, between } => {
                self.check_place(worker, between, after).await;
                self.check_transcript(worker, *reply, after).await;
            }
            Shows::Turn { worker, reply, between } => {
                self.check_place(worker, between, after).await;
                self.check_turn(worker, *reply, after).await;
            }
            Shows::Workers(items) => {
                let mut mirror = Mirror::default();
                let ids: Vec<WorkerId> = items.iter().map(|it| it.worker.worker_id).collect();
                mirror.workers.extend(items.into_iter().map(|it| (it.worker.worker_id, it)));
                for event in after.iter().cloned() {
                    let cursor = cursor.clone();
                    mirror.follow(&StreamItem::Event(StreamEvent::new(event, cursor).into()));
                }
                for id in ids {
                    assert_eq!(mirror.workers.get(&id), self.workers.workers.get(&id));
                }
            }
            Shows::Runtime(summary) => self.check_summary(*summary, after),
            Shows::RuntimeStop { call, reply } => {
                let is_own = |it: &&RuntimeEvent| {
                    it.event_type() == EventType::RuntimeStopping && is_of(it, &call)
                };
                assert_eq!(self.log.iter().filter(is_own).count(), usize::from(!reply.already));
                if !reply.already {
                    assert_eq!(reply.state, RuntimeState::Stopping);
                    assert!(is_own(&&after[0]), "right before the command's own first event");
                    let caused = after.iter().filter(|it| is_of(it, &call)).count();
                    let all = self.log.iter().filter(|it| is_of(it, &call)).count();
                    assert_eq!(caused, all, "everything it caused comes after");
                }
            }
        }
    }

    async fn check_worker(&self, detail: &WorkerDetail, after: &[RuntimeEvent]) {
        let worker = detail.worker;
        let mut known = settled(detail);
        for event in after.iter().filter(|it| it.worker == Some(worker)) {
            if event.worker_sequence > Some(known.worker_sequence) {
                follow(&mut known, event);
            }
        }
        let now = self.runtime.handle(GetWorker { worker }).await.unwrap().detail;
        assert_eq!(known, settled(&now));
    }

    async fn after(
        &self,
        scope: Scope,
        cursor: &Cursor,
    ) -> Result<Vec<RuntimeEvent>, RuntimeError> {
        read(&self.runtime, scope, EventsFrom::after(cursor.clone())).await
    }
}

/// Every event from a position on, page by page.
async fn read(
    runtime: &Runtime,
    scope: Scope,
    from: EventsFrom,
) -> Result<Vec<RuntimeEvent>, RuntimeError> {
    let mut events = Vec::new();
    let mut from = Some(from);
    while from.is_some() {
        let page = ReadEvents { from, limit: Some(1000), ..ReadEvents::of(scope) };
        let page = runtime.handle(page).await?;
        events.extend(page.items);
        from = page.more.then(|| EventsFrom::after(page.next));
    }
    Ok(events)
}

fn is_of(event: &RuntimeEvent, call: &Meta) -> bool {
    event.meta.as_deref() == Some(call)
}

fn state_after(event: &RuntimeEvent) -> Option<WorkerState> {
    match &event.body {
        EventBody::WorkerCreated { detail } => Some(detail.state),
        EventBody::WorkerStateChanged { to, .. } => Some(*to),
        _ => None,
    }
}

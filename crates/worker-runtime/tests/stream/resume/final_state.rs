//! The final state of a Runtime, with which every observation is compared.

mod commands;
mod queries;
mod streams;

use worker_runtime::{
    Cursor, EventsFrom, Runtime, RuntimeError, RuntimeEvent, Scope, Subscribe, WorkerRef,
    commands::CommandReply,
    event::{EventBody, EventType},
    model::{Meta, RuntimeSummary, WorkerState},
    queries::{GetRuntime, GetTranscript, GetWorker, ReadEvents},
};

use self::streams::{assert_redacted, check_deleted_stream, check_stream};
use super::observation::{Observation, Reply};
use crate::mirror::Mirror;

/// The final state of a Runtime in which nothing happens any more.
pub(crate) struct FinalState {
    runtime: Runtime,
    /// All events of the Runtime's log.
    log: Vec<RuntimeEvent>,
    workers: Mirror,
    summary: RuntimeSummary,
}

impl FinalState {
    pub(crate) async fn of(runtime: Runtime) -> Self {
        let log = read_events(&runtime, Scope::runtime(), EventsFrom::oldest()).await.unwrap();
        let (workers, _) = Mirror::snapshot(&runtime, 1000).await.unwrap();
        let summary = runtime.handle(GetRuntime {}).await.unwrap().summary;
        Self { runtime, log, workers, summary }
    }

    /// Resumes from an observation. The reply and the events after its cursor must give the final
    /// state, and a stream from the cursor must give the same events.
    pub(crate) async fn check(&self, mut observation: Observation) {
        let stream = observation.stream.take();
        let rest = self.events_after(observation.scope(), &observation.cursor).await;
        match (rest, observation.worker) {
            (Ok(rest), _) => {
                check_stream(stream, &rest).await;
                self.check_reply(observation, &rest).await;
            }
            (Err(error), Some(worker)) => {
                assert_eq!(error, RuntimeError::WorkerNotFound {});
                self.check_deleted(worker).await;
                if let Some(stream) = stream {
                    check_deleted_stream(stream).await;
                }
            }
            (Err(error), None) => panic!("{error}"),
        }
    }

    /// Checks a reply, given the rest of the log after its cursor.
    async fn check_reply(&self, observation: Observation, rest: &[RuntimeEvent]) {
        let Observation { worker, reply, cursor, call, stream: _ } = observation;
        let worker = || worker.expect("the reply is about a Worker");
        match reply {
            Reply::Command(meta, reply) => match *reply {
                CommandReply::RuntimeStop(stop) => self.check_runtime_stop(&meta, &stop, rest),
                reply => self.check_command(worker(), &meta, reply, &call, rest).await,
            },
            Reply::Worker(detail) => self.check_worker_query(&detail, &call, rest).await,
            Reply::Transcript(shown) => {
                self.check_transcript(worker(), *shown, &call, rest).await;
            }
            Reply::Turn(shown) => self.check_turn(worker(), *shown, &call, rest).await,
            Reply::Workers(items) => self.check_workers(items, &cursor, rest),
            Reply::Runtime(summary) => self.check_summary(*summary, rest),
        }
    }

    /// Checks that a Worker was deleted, and that only its redacted events are left.
    pub(crate) async fn check_deleted(&self, worker: WorkerRef) {
        let not_found = RuntimeError::WorkerNotFound {};
        assert_eq!(self.runtime.handle(GetWorker { worker }).await.unwrap_err(), not_found);
        let transcript = GetTranscript::new(worker);
        assert_eq!(self.runtime.handle(transcript).await.unwrap_err(), not_found);
        let subscribe = Subscribe::new(Scope::worker(worker));
        assert_eq!(self.runtime.subscribe(subscribe).await.unwrap_err(), not_found);
        let events: Vec<_> = self.log.iter().filter(|event| event.worker == Some(worker)).collect();
        for (event, sequence) in events.iter().zip(1..) {
            assert_eq!(event.worker_sequence, Some(sequence));
            let is_last = sequence == events.len() as u64;
            assert_eq!(event.event_type() == EventType::WorkerDeleted, is_last);
            assert_redacted(event);
        }
        assert!(!events.is_empty());
    }

    async fn events_after(
        &self,
        scope: Scope,
        cursor: &Cursor,
    ) -> Result<Vec<RuntimeEvent>, RuntimeError> {
        read_events(&self.runtime, scope, EventsFrom::after(cursor.clone())).await
    }
}

/// Reads a log from a position to its end, page by page.
async fn read_events(
    runtime: &Runtime,
    scope: Scope,
    from: EventsFrom,
) -> Result<Vec<RuntimeEvent>, RuntimeError> {
    let mut events = Vec::new();
    let mut from = Some(from);
    while from.is_some() {
        let page = ReadEvents { from, limit: Some(1000), ..ReadEvents::new(scope) };
        let page = runtime.handle(page).await?;
        events.extend(page.items);
        from = page.more.then(|| EventsFrom::after(page.next));
    }
    Ok(events)
}

/// Whether an event was caused by the command that had this metadata.
fn is_caused_by(event: &RuntimeEvent, meta: &Meta) -> bool {
    event.meta.as_deref() == Some(meta)
}

/// The state that a Worker enters with an event.
fn entered_state(event: &RuntimeEvent) -> Option<WorkerState> {
    match &event.body {
        EventBody::WorkerCreated { detail } => Some(detail.state),
        EventBody::WorkerStateChanged { to, .. } => Some(*to),
        _ => None,
    }
}

//! Callers that carry out random actions and record every reply.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use worker_runtime::{
    Cursor, EventsFrom, Request, Runtime, RuntimeCommand, Subscribe, WorkerRef,
    commands::{CommandReply, StopRuntime, StopWorkers, WorkerDeleted},
    model::{Meta, PageRequest},
    queries::{GetRuntime, GetTranscript, GetTurn, GetWorker, ListWorkers},
};

use super::{
    action::Action,
    observation::{Call, Observation, Reply},
};
use crate::history::{Step, command};

/// A Runtime with the replies of all callers.
#[derive(Clone)]
pub(crate) struct Recorder {
    pub(crate) runtime: Runtime,
    pub(crate) workers: Arc<Mutex<Vec<WorkerRef>>>,
    pub(crate) observations: Arc<Mutex<Vec<Observation>>>,
    pub(crate) deletions: Arc<Mutex<Vec<(WorkerRef, WorkerDeleted)>>>,
}

impl Recorder {
    pub(crate) fn new(runtime: Runtime) -> Self {
        let (workers, observations, deletions) = <_>::default();
        Self { runtime, workers, observations, deletions }
    }

    /// Carries out the actions of a caller in order. `pause` gives the real length of a pause.
    pub(crate) async fn run(self, caller: usize, actions: Vec<Action>, pause: fn(u64) -> Duration) {
        for (index, action) in actions.into_iter().enumerate() {
            let workers = self.workers.lock().unwrap().clone();
            let meta: Meta = [("call".to_owned(), format!("{caller}/{index}"))].into();
            match action {
                Action::Step(Step::Pause(ms)) => tokio::time::sleep(pause(ms)).await,
                Action::Step(step) => {
                    if let Some(command) = command(&step, &workers) {
                        self.command(command, meta).await;
                    }
                }
                Action::Query(index) => {
                    self.query_runtime().await;
                    if let Some(worker) = workers.get(index % workers.len().max(1)) {
                        self.query_worker(*worker).await;
                    }
                }
                Action::StopRuntime { keep, deadline_ms } => {
                    let workers = keep.then_some(StopWorkers::Keep);
                    let stop = StopRuntime { workers, deadline_ms, ..StopRuntime::default() };
                    self.command(RuntimeCommand::StopRuntime(stop), meta).await;
                }
            }
        }
    }

    async fn command(&self, mut command: RuntimeCommand, meta: Meta) {
        let target = mark(&mut command, &meta);
        let Some((reply, call)) = self.call(target, command).await else { return };
        let (worker, cursor) = match &reply {
            CommandReply::WorkerCreated(created) => {
                let worker = created.detail.worker;
                self.workers.lock().unwrap().push(worker);
                (Some(worker), &created.cursor)
            }
            CommandReply::WorkerDeleted(deleted) => {
                let worker = target.expect("a deletion is about a Worker");
                self.deletions.lock().unwrap().push((worker, deleted.clone()));
                return;
            }
            CommandReply::WorkerUpdated(updated) => (target, &updated.cursor),
            CommandReply::InputAccepted(accepted) => (target, &accepted.cursor),
            CommandReply::TurnCancellation(cancellation) => (target, &cancellation.cursor),
            CommandReply::WorkerStop(stop) => (target, &stop.cursor),
            CommandReply::WorkerCancelled(cancelled) => (target, &cancelled.cursor),
            CommandReply::RuntimeStop(stop) => (None, &stop.cursor),
            reply => panic!("{reply:?}"),
        };
        let cursor = cursor.clone();
        self.record(worker, Reply::Command(meta, Box::new(reply)), cursor, call).await;
    }

    async fn query_runtime(&self) {
        let (shown, call) = self.call(None, GetRuntime {}).await.unwrap();
        self.record(None, Reply::Runtime(Box::new(shown.summary)), shown.cursor, call).await;
        let mut token = None;
        loop {
            let page = Some(PageRequest { limit: Some(2), token });
            let list = ListWorkers { page, ..ListWorkers::default() };
            let (list, call) = self.call(None, list).await.unwrap();
            self.record(None, Reply::Workers(list.items), list.cursor, call).await;
            tokio::task::yield_now().await;
            token = list.next;
            if token.is_none() {
                return;
            }
        }
    }

    async fn query_worker(&self, worker: WorkerRef) {
        let target = Some(worker);
        let mut turn_id = None;
        if let Some((shown, call)) = self.call(target, GetWorker { worker }).await {
            turn_id = shown.detail.last_turn.as_ref().map(|turn| turn.turn_id);
            self.record(target, Reply::Worker(shown.detail.into()), shown.cursor, call).await;
        }
        let all = GetTranscript { limit: Some(1000), ..GetTranscript::new(worker) };
        if let Some((shown, call)) = self.call(target, all).await {
            let cursor = shown.cursor.clone();
            self.record(target, Reply::Transcript(Box::new(shown)), cursor, call).await;
        }
        let Some(turn_id) = turn_id else { return };
        if let Some((shown, call)) = self.call(target, GetTurn::new(worker, turn_id)).await {
            let cursor = shown.cursor.clone();
            self.record(target, Reply::Turn(Box::new(shown)), cursor, call).await;
        }
    }

    /// Makes a call about a Worker or about the Runtime. `None` if the call is refused.
    async fn call<R: Request<Kind>, Kind>(
        &self,
        worker: Option<WorkerRef>,
        request: R,
    ) -> Option<(R::Reply, Call)> {
        let before = self.runtime.handle(GetRuntime {}).await.unwrap().cursor;
        let first = self.sequence(worker).await.unwrap_or(0);
        let reply = self.runtime.handle(request).await.ok()?;
        let last = self.sequence(worker).await.unwrap_or(u64::MAX);
        Some((reply, Call { before, sequences: first..=last }))
    }

    async fn sequence(&self, worker: Option<WorkerRef>) -> Option<u64> {
        let shown = self.runtime.handle(GetWorker { worker: worker? }).await;
        Some(shown.ok()?.detail.worker_sequence)
    }

    async fn record(&self, worker: Option<WorkerRef>, reply: Reply, cursor: Cursor, call: Call) {
        let mut observation = Observation { worker, reply, cursor, call, stream: None };
        let subscribe = Subscribe::new(observation.scope());
        let subscribe = subscribe.starting_at(EventsFrom::after(observation.cursor.clone()));
        observation.stream = self.runtime.subscribe(subscribe).await.ok();
        self.observations.lock().unwrap().push(observation);
    }
}

/// Adds metadata to a command, by which its events are found. Returns the Worker that the command is
/// about.
fn mark(command: &mut RuntimeCommand, call: &Meta) -> Option<WorkerRef> {
    let (meta, worker) = match command {
        RuntimeCommand::CancelTurn(command) => (&mut command.meta, Some(command.worker)),
        RuntimeCommand::CancelWorker(command) => (&mut command.meta, Some(command.worker)),
        RuntimeCommand::CreateWorker(command) => (&mut command.meta, None),
        RuntimeCommand::DeleteWorker(command) => (&mut command.meta, Some(command.worker)),
        RuntimeCommand::SendInput(command) => (&mut command.meta, Some(command.worker)),
        RuntimeCommand::StopRuntime(command) => (&mut command.meta, None),
        RuntimeCommand::StopWorker(command) => (&mut command.meta, Some(command.worker)),
        RuntimeCommand::UpdateWorker(command) => (&mut command.meta, Some(command.worker)),
    };
    *meta = Some(call.clone());
    worker
}

//! Callers that act at random, and keep what each reply showed and where it cut the log.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use worker_runtime::{
    Cursor, EventsFrom, Runtime, RuntimeCommand, Subscribe, WorkerRef,
    commands::{CommandReply, StopRuntime, StopWorkers, WorkerDeleted},
    model::{Meta, PageRequest},
    queries::{GetRuntime, GetTranscript, GetTurn, GetWorker, ListWorkers},
};

use super::{
    action::Act,
    observation::{Cut, Deed, Said, Shows},
};
use crate::history::{Step, command};

/// What all callers share.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) runtime: Runtime,
    pub(crate) workers: Arc<Mutex<Vec<WorkerRef>>>,
    pub(crate) cuts: Arc<Mutex<Vec<Cut>>>,
    pub(crate) deletions: Arc<Mutex<Vec<(WorkerRef, WorkerDeleted)>>>,
}

impl Stage {
    pub(crate) fn new(runtime: Runtime) -> Self {
        let (workers, cuts, deletions) = <_>::default();
        Self { runtime, workers, cuts, deletions }
    }

    /// Carries acts out, one after the other, waiting as long as `pause` says between some.
    pub(crate) async fn play(self, caller: usize, acts: Vec<Act>, pause: fn(u64) -> Duration) {
        for (place, act) in acts.into_iter().enumerate() {
            let workers = self.workers.lock().unwrap().clone();
            let call: Meta = [("call".to_owned(), format!("{caller}/{place}"))].into();
            match act {
                Act::Step(Step::Pause(ms)) => tokio::time::sleep(pause(ms)).await,
                Act::Step(step) => {
                    if let Some(command) = command(&step, &workers) {
                        self.command(command, call).await;
                    }
                }
                Act::Look(place) => {
                    self.look_at_runtime().await;
                    if let Some(worker) = workers.get(place % workers.len().max(1)) {
                        self.look_at(*worker).await;
                    }
                }
                Act::StopRuntime { keep, deadline_ms } => {
                    let workers = keep.then_some(StopWorkers::Keep);
                    let stop = StopRuntime { workers, deadline_ms, ..StopRuntime::default() };
                    self.command(RuntimeCommand::StopRuntime(stop), call).await;
                }
            }
        }
    }

    async fn command(&self, mut command: RuntimeCommand, call: Meta) {
        let worker = tag(&mut command, &call);
        let before = self.now().await;
        let first = self.sequence(worker).await.unwrap_or(0);
        let Ok(reply) = self.runtime.handle(command).await else { return };
        let last = self.sequence(worker).await.unwrap_or(u64::MAX);
        let deed = |worker, said| {
            Shows::Deed(Deed { worker, call: call.clone(), between: [first, last], said })
        };
        let its = || worker.expect("it is about a Worker");
        let (shows, cursor) = match reply {
            CommandReply::WorkerCreated(it) => {
                let worker = it.detail.worker;
                self.workers.lock().unwrap().push(worker);
                let shows = Shows::Worker { detail: it.detail.into(), exact: false };
                self.keep(shows, it.cursor.clone(), before.clone()).await;
                (deed(worker, Said::Created(it.receipt)), it.cursor)
            }
            CommandReply::WorkerUpdated(it) => {
                let worker_sequence = it.detail.worker_sequence;
                let shows = Shows::Worker { detail: it.detail.into(), exact: false };
                self.keep(shows, it.cursor.clone(), before.clone()).await;
                (deed(its(), Said::Updated { worker_sequence }), it.cursor)
            }
            CommandReply::InputAccepted(it) => {
                let said = Said::Accepted { receipt: it.receipt, replayed: it.replayed };
                (deed(its(), said), it.cursor)
            }
            CommandReply::TurnCancellation(it) => {
                (deed(its(), Said::Cancelled(it.result)), it.cursor)
            }
            CommandReply::WorkerStop(it) => {
                let said = Said::Stopped { state: it.state, already: it.already };
                (deed(its(), said), it.cursor)
            }
            CommandReply::WorkerCancelled(it) => {
                (deed(its(), Said::WorkerCancelled { already: it.already }), it.cursor)
            }
            CommandReply::WorkerDeleted(it) => {
                self.deletions.lock().unwrap().push((its(), it));
                return;
            }
            CommandReply::RuntimeStop(reply) => {
                let cursor = reply.cursor.clone();
                (Shows::RuntimeStop { call, reply }, cursor)
            }
            reply => panic!("{reply:?}"),
        };
        self.keep(shows, cursor, before).await;
    }

    async fn look_at_runtime(&self) {
        let before = self.now().await;
        let shown = self.runtime.handle(GetRuntime {}).await.unwrap();
        self.keep(Shows::Runtime(Box::new(shown.summary)), shown.cursor, before).await;
        let mut token = None;
        loop {
            let before = self.now().await;
            let page = Some(PageRequest { limit: Some(2), token });
            let list = ListWorkers { page, ..ListWorkers::default() };
            let list = self.runtime.handle(list).await.unwrap();
            self.keep(Shows::Workers(list.items), list.cursor, before).await;
            tokio::task::yield_now().await;
            token = list.next;
            if token.is_none() {
                return;
            }
        }
    }

    async fn look_at(&self, worker: WorkerRef) {
        let before = self.now().await;
        let mut turn_id = None;
        if let Ok(it) = self.runtime.handle(GetWorker { worker }).await {
            turn_id = it.detail.last_turn.as_ref().map(|turn| turn.turn_id);
            let shows = Shows::Worker { detail: it.detail.into(), exact: true };
            self.keep(shows, it.cursor, before.clone()).await;
        }
        let first = self.sequence(Some(worker)).await.unwrap_or(0);
        let whole = GetTranscript { limit: Some(1000), ..GetTranscript::tail(worker) };
        if let Ok(reply) = self.runtime.handle(whole).await {
            let between = [first, self.sequence(Some(worker)).await.unwrap_or(u64::MAX)];
            let (reply, cursor) = (Box::new(reply.clone()), reply.cursor);
            let shows = Shows::Transcript { worker, reply, between };
            self.keep(shows, cursor, before.clone()).await;
        }
        let Some(turn_id) = turn_id else { return };
        let first = self.sequence(Some(worker)).await.unwrap_or(0);
        if let Ok(reply) = self.runtime.handle(GetTurn::by_id(worker, turn_id)).await {
            let between = [first, self.sequence(Some(worker)).await.unwrap_or(u64::MAX)];
            let (reply, cursor) = (Box::new(reply.clone()), reply.cursor);
            self.keep(Shows::Turn { worker, reply, between }, cursor, before).await;
        }
    }

    async fn keep(&self, shows: Shows, cursor: Cursor, before: Cursor) {
        let subscribe = Subscribe::to(shows.scope()).from(EventsFrom::after(cursor.clone()));
        let stream = self.runtime.subscribe(subscribe).await.ok();
        self.cuts.lock().unwrap().push(Cut { shows, cursor, before, stream });
    }

    async fn now(&self) -> Cursor {
        self.runtime.handle(GetRuntime {}).await.unwrap().cursor
    }

    async fn sequence(&self, worker: Option<WorkerRef>) -> Option<u64> {
        let shown = self.runtime.handle(GetWorker { worker: worker? }).await;
        Some(shown.ok()?.detail.worker_sequence)
    }
}

/// Marks a command, so that its events are known; gives the Worker that it is about.
fn tag(command: &mut RuntimeCommand, call: &Meta) -> Option<WorkerRef> {
    let (meta, worker) = match command {
        RuntimeCommand::CancelTurn(it) => (&mut it.meta, Some(it.worker)),
        RuntimeCommand::CancelWorker(it) => (&mut it.meta, Some(it.worker)),
        RuntimeCommand::CreateWorker(it) => (&mut it.meta, None),
        RuntimeCommand::DeleteWorker(it) => (&mut it.meta, Some(it.worker)),
        RuntimeCommand::SendInput(it) => (&mut it.meta, Some(it.worker)),
        RuntimeCommand::StopRuntime(it) => (&mut it.meta, None),
        RuntimeCommand::StopWorker(it) => (&mut it.meta, Some(it.worker)),
        RuntimeCommand::UpdateWorker(it) => (&mut it.meta, Some(it.worker)),
    };
    *meta = Some(call.clone());
    worker
}

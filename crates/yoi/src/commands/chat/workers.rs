//! The Workers of a conversation, one of which is talked to.

use worker_runtime::{
    EventsFrom, Runtime, RuntimeError, WorkerRef,
    commands::{CancelTurn, Cancellation, CreateWorker, SendInput},
    model::ProfileSelector,
    queries::GetWorker,
};

use crate::answer::TurnStream;

/// The Workers of a conversation, one of which is talked to.
#[derive(Debug)]
pub(super) struct Workers {
    pub(super) runtime: Runtime,
    /// How they are made.
    creation: CreateWorker,
    pub(super) all: Vec<WorkerRef>,
    /// The index of the one that is talked to.
    pub(super) current: usize,
    /// The stream of a turn of it that is to be shown.
    turn: Option<TurnStream>,
}

impl Workers {
    /// Begins with one Worker.
    pub(super) async fn begin(
        runtime: Runtime,
        creation: CreateWorker,
    ) -> Result<Self, RuntimeError> {
        let mut workers = Self { runtime, creation, all: Vec::new(), current: 0, turn: None };
        workers.add(None).await?;
        Ok(workers)
    }

    pub(super) fn current(&self) -> WorkerRef {
        self.all[self.current]
    }

    /// Makes one more, with the profile of that name if one is named, and talks to it.
    pub(super) async fn add(&mut self, profile: Option<String>) -> Result<(), RuntimeError> {
        let profile = profile.map(ProfileSelector::named);
        let creation = CreateWorker { profile, ..self.creation.clone() };
        let created = self.runtime.handle(creation).await?;
        self.all.push(created.detail.worker);
        self.current = self.all.len() - 1;
        Ok(())
    }

    /// Talks to another one, by its number as people count, and shows its turn if one runs. False
    /// if there is no such Worker.
    pub(super) async fn switch(&mut self, number: usize) -> Result<bool, RuntimeError> {
        let index = number.wrapping_sub(1);
        let Some(worker) = self.all.get(index) else { return Ok(false) };
        if index == self.current {
            return Ok(true);
        }
        let found = self.runtime.handle(GetWorker { worker: *worker }).await?;
        self.turn = match found.detail.turn_id {
            Some(_) => {
                let from = EventsFrom::after(found.cursor);
                Some(TurnStream::open(&self.runtime, *worker, from).await?)
            }
            None => None,
        };
        self.current = index;
        Ok(true)
    }

    pub(super) async fn say(&mut self, text: String) -> Result<(), RuntimeError> {
        let worker = self.current();
        // First, so that not a word is missed, however soon the turn is over.
        let stream = TurnStream::open(&self.runtime, worker, EventsFrom::now()).await?;
        self.runtime.handle(SendInput::user(worker, text)).await?;
        self.turn = Some(stream);
        Ok(())
    }

    /// The stream of a turn, if there is one to be shown.
    pub(super) fn take_turn(&mut self) -> Option<TurnStream> {
        self.turn.take()
    }

    /// Cancels the running turn. False if none runs.
    pub(super) async fn cancel(&self) -> Result<bool, RuntimeError> {
        let cancellation = self.runtime.handle(CancelTurn::running(self.current())).await?;
        Ok(match cancellation.result {
            Cancellation::Cancelled { .. } => true,
            Cancellation::NoTurn {} | Cancellation::AlreadyFinished { .. } => false,
        })
    }
}

//! The Workers of a chat, one of which is the current one.

use std::collections::BTreeMap;

use worker_runtime::{
    EventFilter, EventsFrom, Runtime, RuntimeError, Scope, StreamItem, Subscribe, Subscription,
    WorkerRef,
    commands::{CancelTurn, Cancellation, CreateWorker, SendInput},
    event::EventType,
    model::ProfileSelector,
    queries::GetWorker,
};

use crate::{
    answer::TurnStream,
    engine::{EngineArgs, Remembered, Unusable},
    keeping::{Partials, Session},
};

/// The Workers of a chat, one of which is the current one.
#[derive(Debug)]
pub(super) struct Workers {
    pub(super) runtime: Runtime,
    /// The command that creates each Worker, but for its profile.
    creation: CreateWorker,
    pub(super) all: Vec<WorkerRef>,
    /// The index of the current Worker.
    pub(super) current: usize,
    /// The profiles that cannot be used, by name, with the reasons.
    pub(super) unusable: Unusable,
    /// The choice of the engine at the start.
    pub(super) engine: EngineArgs,
    /// The choices for which profiles were added since, by the names of the profiles.
    pub(super) made: BTreeMap<String, EngineArgs>,
    /// The stream of a turn of the current Worker that is not printed yet.
    turn: Option<TurnStream>,
    /// The ends of the turns of all Workers.
    ends: Subscription,
    partials: Partials,
}

impl Workers {
    /// Begins with the Worker of a session.
    pub(super) async fn begin(session: Session) -> Result<Self, RuntimeError> {
        let Session { runtime, creation, worker, unusable, engine, partials, .. } = session;
        let types = EventType::ALL.iter().copied().filter(|it| it.ends_turn()).collect();
        let filter = EventFilter { types: Some(types), ..EventFilter::default() };
        let ends = runtime.subscribe(Subscribe::new(Scope::runtime()).filter(filter)).await?;
        Ok(Self {
            runtime,
            creation,
            all: vec![worker],
            current: 0,
            unusable,
            engine,
            made: BTreeMap::new(),
            turn: None,
            ends,
            partials,
        })
    }

    pub(super) fn current(&self) -> WorkerRef {
        self.all[self.current]
    }

    /// Creates a Worker and makes it the current one. Without a profile's name, the Worker gets the
    /// profile chosen at the start.
    pub(super) async fn add(&mut self, profile: Option<String>) -> Result<(), RuntimeError> {
        let mut creation = self.creation.clone();
        if let Some(name) = profile {
            creation.labels = creation.labels.map(|_| Remembered::profile(&name).labels());
            creation.profile = Some(ProfileSelector::named(name));
        }
        let created = self.runtime.handle(creation).await?;
        self.all.push(created.detail.worker);
        self.current = self.all.len() - 1;
        Ok(())
    }

    /// Makes another Worker the current one, by its number from 1, and takes up its running turn.
    /// Returns false if there is no such Worker.
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
                Some(TurnStream::open(&self.runtime, *worker, from, &self.partials).await?)
            }
            None => None,
        };
        self.current = index;
        Ok(true)
    }

    /// Sends an input to the current Worker.
    pub(super) async fn say(&mut self, text: String) -> Result<(), RuntimeError> {
        let worker = self.current();
        // The stream is opened before the turn starts, so that it misses nothing of a short turn.
        let stream =
            TurnStream::open(&self.runtime, worker, EventsFrom::now(), &self.partials).await?;
        self.runtime.handle(SendInput::new(worker, text)).await?;
        self.turn = Some(stream);
        Ok(())
    }

    /// Waits until a turn of a Worker ends that is not the current one, and returns the Worker's number.
    /// This method is cancel safe.
    pub(super) async fn background_end(&mut self) -> usize {
        loop {
            match self.ends.next().await {
                Some(StreamItem::Event(it)) => {
                    let index = self.all.iter().position(|worker| it.event.worker == Some(*worker));
                    if let Some(index) = index.filter(|index| *index != self.current) {
                        return index + 1;
                    }
                }
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Takes the stream of the turn that is not printed yet.
    pub(super) fn take_turn(&mut self) -> Option<TurnStream> {
        self.turn.take()
    }

    /// Cancels the running turn. Returns false if none runs.
    pub(super) async fn cancel(&self) -> Result<bool, RuntimeError> {
        let cancellation = self.runtime.handle(CancelTurn::new(self.current())).await?;
        Ok(matches!(cancellation.result, Cancellation::Cancelled { .. }))
    }
}

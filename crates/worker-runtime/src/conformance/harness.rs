//! A Runtime on a store under check, and what is asked of it.

use std::{fmt::Debug, sync::Arc, time::Duration};

use llm_engine::{EchoProvider, ScriptedProvider};
use tokio::time::{Instant, sleep};
use worker::Profile;

use crate::{
    commands::{CreateWorker, SendInput, StopRuntime, StopWorkers},
    conformance::rule::{Checked, Rule},
    error::RuntimeError,
    identity::{Epoch, TurnId, WorkerRef},
    model::{
        ProfileSelector, RuntimeEvent, RuntimeState, Scope, TranscriptEntry, TurnDetail,
        TurnOutcome,
    },
    queries::{
        GetRuntime, GetTranscript, GetTurn, ListTurns, ReadEvents, TranscriptFrom, TranscriptStart,
    },
    request::Request,
    runtime::{BuildError, Runtime},
    store::Store,
};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Short, so that a store which was not given back can soon be taken.
const LEASE_MS: u64 = 2_000;

/// The profile of turns that never end.
pub(super) const HANGING: &str = "hanging";

/// A Runtime whose default profile echoes.
pub(super) struct Desk {
    pub(super) runtime: Runtime,
    pub(super) store: Arc<dyn Store>,
    /// What [`HANGING`] turns are answered by.
    pub(super) hanging: ScriptedProvider,
}

pub(super) fn promise(holds: bool, seen: impl FnOnce() -> String) -> Checked {
    Rule::Runtime.expect(holds, seen)
}

impl Desk {
    pub(super) async fn open(store: Arc<dyn Store>) -> Checked<Self> {
        let given_up = Instant::now() + PATIENCE;
        loop {
            let hanging = ScriptedProvider::hanging();
            let built = Runtime::builder()
                .display_name("conformance")
                .profile(Profile::new("echo", Arc::new(EchoProvider::new())))
                .profile(Profile::new(HANGING, Arc::new(hanging.clone())))
                .store(Arc::clone(&store))
                .lease_ms(LEASE_MS)
                .build()
                .await;
            match built {
                Ok(runtime) => return Ok(Self { runtime, store, hanging }),
                // The last owner may still be giving it back.
                Err(BuildError::StoreOwned { .. }) if Instant::now() < given_up => {
                    sleep(Duration::from_millis(20)).await;
                }
                Err(error) => return Err(Rule::Runtime.broken(format!("`build` failed: {error}"))),
            }
        }
    }

    /// The reply to a request that must succeed.
    pub(super) async fn ask<R: Request<Kind>, Kind>(&self, request: R) -> Checked<R::Reply> {
        let name = request.name();
        let reply = self.runtime.handle(request).await;
        reply.map_err(|error| Rule::Runtime.broken(format!("`{name}` failed: {error}")))
    }

    /// Sees to it that a request fails as it must.
    pub(super) async fn refuses<R, Kind>(
        &self,
        request: R,
        wanted: impl Fn(&RuntimeError) -> bool,
    ) -> Checked
    where
        R: Request<Kind>,
        R::Reply: Debug,
    {
        let name = request.name();
        let reply = self.runtime.handle(request).await;
        let right = reply.as_ref().is_err_and(wanted);
        promise(right, || format!("`{name}` got {reply:?}"))
    }

    /// A Worker of the profile [`HANGING`].
    pub(super) fn hanging_worker() -> CreateWorker {
        CreateWorker { profile: Some(ProfileSelector::named(HANGING)), ..CreateWorker::default() }
    }

    /// Says something and waits for the answer.
    pub(super) async fn converse(&self, send: SendInput) -> Checked<TurnId> {
        let worker = send.worker;
        let turn_id = self.ask(send).await?.receipt.turn_id;
        self.completes(worker, turn_id).await?;
        Ok(turn_id)
    }

    /// Waits until a turn is over, which must have completed.
    pub(super) async fn completes(&self, worker: WorkerRef, turn_id: TurnId) -> Checked {
        let wait_ms = u64::try_from(PATIENCE.as_millis()).ok();
        let get = GetTurn { wait_ms, ..GetTurn::by_id(worker, turn_id) };
        let outcome = self.ask(get).await?.turn.outcome;
        promise(outcome == Some(TurnOutcome::Completed), || format!("a turn ended as {outcome:?}"))
    }

    pub(super) async fn transcript(&self, worker: WorkerRef) -> Checked<Vec<Arc<TranscriptEntry>>> {
        let from = Some(TranscriptFrom::Start(TranscriptStart {}));
        Ok(self.ask(GetTranscript { from, ..GetTranscript::tail(worker) }).await?.entries)
    }

    pub(super) async fn turns(&self, worker: WorkerRef) -> Checked<Vec<Arc<TurnDetail>>> {
        Ok(self.ask(ListTurns { worker, outcomes: None, page: None }).await?.items)
    }

    /// A Worker's events, as they read in any epoch.
    pub(super) async fn events(&self, worker: WorkerRef) -> Checked<Vec<RuntimeEvent>> {
        let items = self.ask(ReadEvents::of(Scope::worker(worker))).await?.items;
        Ok(items.into_iter().map(|it| RuntimeEvent { epoch: Epoch::NIL, ..it }).collect())
    }

    /// Stops the Runtime, with its Workers kept, and gives its store back.
    pub(super) async fn leave(self) -> Checked<Arc<dyn Store>> {
        let keep = StopRuntime { workers: Some(StopWorkers::Keep), ..StopRuntime::default() };
        self.ask(keep).await?;
        let given_up = Instant::now() + PATIENCE;
        loop {
            let state = self.ask(GetRuntime {}).await?.summary.state;
            if state == RuntimeState::Stopped {
                return Ok(self.store);
            }
            promise(Instant::now() < given_up, || "it does not stop".to_owned())?;
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Drops the Runtime as it is, as a process that dies does.
    pub(super) fn die(self) -> Arc<dyn Store> {
        self.store
    }
}

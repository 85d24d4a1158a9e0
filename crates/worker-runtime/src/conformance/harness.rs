//! A Runtime on the store under test, for checks that go through the public API of the Runtime.

use std::{fmt::Debug, sync::Arc, time::Duration};

use llm_engine::{EchoProvider, ScriptedProvider};
use tokio::time::{Instant, sleep};
use worker::Profile;

use crate::{
    commands::{CreateWorker, SendInput, StopRuntime, StopWorkers},
    conformance::rule::{CheckResult, Rule},
    error::RuntimeError,
    identity::{Epoch, TurnId, WorkerRef},
    model::{
        ProfileSelector, RuntimeEvent, RuntimeState, Scope, TranscriptEntry, TurnDetail,
        TurnOutcome, wire,
    },
    queries::{GetRuntime, GetTranscript, GetTurn, ListTurns, ReadEvents, TranscriptFrom},
    request::Request,
    runtime::{BuildError, Runtime},
    store::Store,
};

/// The time limit for a build, a turn or a stop.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Short, so that a store whose Runtime was dropped can soon be opened again.
const LEASE: Duration = Duration::from_secs(2);

/// The name of a profile whose turns never end.
pub(super) const HANGING: &str = "hanging";

/// A Runtime whose default profile answers with an echo of the input.
pub(super) struct Harness {
    pub(super) runtime: Runtime,
    pub(super) store: Arc<dyn Store>,
    /// The provider of the profile [`HANGING`].
    pub(super) hanging: ScriptedProvider,
}

/// Returns a violation of [`Rule::Runtime`] unless `holds`.
pub(super) fn require(holds: bool, seen: impl FnOnce() -> String) -> CheckResult {
    Rule::Runtime.expect(holds, seen)
}

impl Harness {
    pub(super) async fn open(store: Arc<dyn Store>) -> CheckResult<Self> {
        let deadline = Instant::now() + TIME_LIMIT;
        loop {
            let hanging = ScriptedProvider::hanging();
            let built = Runtime::builder()
                .display_name("conformance")
                .profile(Profile::new("echo", Arc::new(EchoProvider::new())))
                .profile(Profile::new(HANGING, Arc::new(hanging.clone())))
                .store(Arc::clone(&store))
                .lease_duration(LEASE)
                .build()
                .await;
            match built {
                Ok(runtime) => return Ok(Self { runtime, store, hanging }),
                // The lease of the Runtime before this one has not expired yet.
                Err(BuildError::StoreOwned { .. }) if Instant::now() < deadline => {
                    sleep(Duration::from_millis(20)).await;
                }
                Err(error) => {
                    return Err(Rule::Runtime
                        .violation(format!("building a Runtime on the store failed: {error}")));
                }
            }
        }
    }

    /// Handles a request that must succeed, and returns the reply.
    pub(super) async fn ask<R: Request<Kind>, Kind>(&self, request: R) -> CheckResult<R::Reply> {
        let name = request.name();
        let reply = self.runtime.handle(request).await;
        reply.map_err(|error| Rule::Runtime.violation(format!("`{name}` failed: {error}")))
    }

    /// Handles a request that must fail with the wanted error.
    pub(super) async fn refuses<R, Kind>(
        &self,
        request: R,
        wanted: impl Fn(&RuntimeError) -> bool,
    ) -> CheckResult
    where
        R: Request<Kind>,
        R::Reply: Debug,
    {
        let name = request.name();
        let reply = self.runtime.handle(request).await;
        let failed = reply.as_ref().is_err_and(wanted);
        require(failed, || format!("`{name}` returned {reply:?}"))
    }

    /// A request to create a Worker with the profile [`HANGING`].
    pub(super) fn hanging_worker() -> CreateWorker {
        CreateWorker { profile: Some(ProfileSelector::named(HANGING)), ..CreateWorker::default() }
    }

    /// Sends an input and waits until its turn has completed.
    pub(super) async fn send_and_wait(&self, send: SendInput) -> CheckResult<TurnId> {
        let worker = send.worker;
        let turn_id = self.ask(send).await?.receipt.turn_id;
        self.completes(worker, turn_id).await?;
        Ok(turn_id)
    }

    /// Waits until a turn has ended, and returns a violation unless the turn has completed.
    pub(super) async fn completes(&self, worker: WorkerRef, turn_id: TurnId) -> CheckResult {
        let wait_ms = Some(wire::milliseconds(TIME_LIMIT));
        let get = GetTurn { wait_ms, ..GetTurn::new(worker, turn_id) };
        let outcome = self.ask(get).await?.turn.outcome;
        require(outcome == Some(TurnOutcome::Completed), || format!("a turn ended as {outcome:?}"))
    }

    pub(super) async fn transcript(
        &self,
        worker: WorkerRef,
    ) -> CheckResult<Vec<Arc<TranscriptEntry>>> {
        let from = Some(TranscriptFrom::start());
        Ok(self.ask(GetTranscript { from, ..GetTranscript::new(worker) }).await?.entries)
    }

    pub(super) async fn turns(&self, worker: WorkerRef) -> CheckResult<Vec<Arc<TurnDetail>>> {
        Ok(self.ask(ListTurns { worker, outcomes: None, page: None }).await?.items)
    }

    /// The events of a Worker, without the epoch, which differs between two Runtimes.
    pub(super) async fn events(&self, worker: WorkerRef) -> CheckResult<Vec<RuntimeEvent>> {
        let items = self.ask(ReadEvents::new(Scope::worker(worker))).await?.items;
        Ok(items.into_iter().map(|event| RuntimeEvent { epoch: Epoch::NIL, ..event }).collect())
    }

    /// Stops the Runtime, keeps its Workers, and returns the store, which is released then.
    pub(super) async fn stop(self) -> CheckResult<Arc<dyn Store>> {
        let keep = StopRuntime { workers: Some(StopWorkers::Keep), ..StopRuntime::default() };
        self.ask(keep).await?;
        let deadline = Instant::now() + TIME_LIMIT;
        loop {
            let state = self.ask(GetRuntime {}).await?.summary.state;
            if state == RuntimeState::Stopped {
                return Ok(self.store);
            }
            require(Instant::now() < deadline, || {
                format!("the Runtime is {state:?} {TIME_LIMIT:?} after it was told to stop")
            })?;
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Drops the Runtime without a stop, like a process that crashes, and returns the store.
    pub(super) fn crash(self) -> Arc<dyn Store> {
        self.store
    }
}

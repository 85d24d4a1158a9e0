//! A script with every command and every event of a turn, which repeats requests until they succeed.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use llm_engine::{EchoProvider, EngineError, ErrorKind, Script, ScriptedProvider};
use tokio::time::{Instant, sleep};
use worker_runtime::{
    Profile, Request, Runtime, RuntimeError, TurnId, WorkerRef,
    commands::{
        CancelTurn, CancelWorker, CreateWorker, DeleteWorker, SendInput, StopWorker, UpdateWorker,
    },
    model::{Access, Input, ProfileSelector, ScopeClaim},
    queries::{GetRuntime, GetTurn},
    store::Store,
};

use crate::view::view;

/// A caller that drops the future of one step after some polls.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GivesUp {
    pub(crate) step: usize,
    pub(crate) polls: usize,
}

/// A run of the script.
pub(crate) struct Run {
    pub(crate) runtime: Runtime,
    gives_up: Option<GivesUp>,
    steps: AtomicUsize,
}

/// A Runtime for the script on a store.
pub(crate) async fn runtime_on(store: Arc<dyn Store>) -> Runtime {
    let overloaded = || Script::new().error(EngineError::new(ErrorKind::Overloaded, "too busy"));
    let moody = ScriptedProvider::new()
        .script(Script::new().text("so far").hang())
        .script(overloaded())
        .script(Script::new().text("at last").finish())
        .script(Script::new().hang());
    Runtime::builder()
        .display_name("script")
        .profile(Profile::new("echo", Arc::new(EchoProvider::with_delay(Duration::from_millis(5)))))
        .profile(Profile::new("moody", Arc::new(moody)))
        .store(store)
        .build()
        .await
        .unwrap()
}

impl Run {
    pub(crate) async fn on(store: Arc<dyn Store>, gives_up: Option<GivesUp>) -> Self {
        Self { runtime: runtime_on(store).await, gives_up, steps: AtomicUsize::new(0) }
    }

    /// The number of steps so far.
    pub(crate) fn steps(&self) -> usize {
        self.steps.load(Ordering::Relaxed)
    }

    /// Makes one step: repeats a request until it succeeds. A request that failed for certain must leave no
    /// trace.
    async fn ask<R: Request<Kind> + Clone, Kind>(&self, request: R) -> R::Reply {
        let step = self.steps.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(gives_up) = self.gives_up
            && gives_up.step == step
            && poll_some(self.runtime.handle(request.clone()), gives_up.polls).await
        {
            // The request has ended one way or the other before the next step.
            sleep(Duration::from_secs(1)).await;
        }
        loop {
            let before = view(&self.runtime).await;
            let asked_at = Instant::now();
            match self.runtime.handle(request.clone()).await {
                Ok(reply) => return reply,
                Err(RuntimeError::StoreFailed { certain, .. }) => {
                    if certain && asked_at == Instant::now() {
                        assert_eq!(before, view(&self.runtime).await, "a refusal left a trace");
                    }
                }
                Err(error) => panic!("step {step}: {error}"),
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn send(&self, worker: WorkerRef, text: &str) -> TurnId {
        let key = Some(format!("key of {text}"));
        let send = SendInput { idempotency_key: key, ..SendInput::new(worker, text) };
        self.ask(send).await.receipt.turn_id
    }

    /// Waits until a turn has ended.
    async fn wait_for_end(&self, worker: WorkerRef, turn_id: TurnId) {
        let get = GetTurn { wait_ms: Some(60_000), ..GetTurn::new(worker, turn_id) };
        while self.runtime.handle(get.clone()).await.unwrap().turn.outcome.is_none() {}
    }

    /// Waits until the outcome of every commit is known.
    pub(crate) async fn wait_settled(&self) {
        while self.runtime.handle(GetRuntime {}).await.unwrap().store.pending > 0 {
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Runs the script.
    pub(crate) async fn play(&self) {
        let claim = ScopeClaim { resource: "app".to_owned(), access: Access::Exclusive };
        let created = self.ask(CreateWorker {
            display_name: Some("talker".to_owned()),
            idempotency_key: Some("talker".to_owned()),
            scope_claims: Some(vec![claim.clone()]),
            initial_input: Some(Input::user("one two")),
            ..CreateWorker::default()
        });
        let created = created.await;
        let talker = created.detail.worker;
        self.wait_for_end(talker, created.receipt.unwrap().turn_id).await;
        let turn_id = self.send(talker, "three four").await;
        self.wait_for_end(talker, turn_id).await;

        let moody = self.ask(CreateWorker {
            display_name: Some("moody".to_owned()),
            idempotency_key: Some("moody".to_owned()),
            profile: Some(ProfileSelector::named("moody")),
            ..CreateWorker::default()
        });
        let moody = moody.await.detail.worker;
        let turn_id = self.send(moody, "hang").await;
        sleep(Duration::from_millis(1)).await;
        self.ask(rename(moody, "very moody")).await;
        self.ask(CancelTurn { turn_id: Some(turn_id), ..CancelTurn::new(moody) }).await;
        let turn_id = self.send(moody, "retry").await;
        self.wait_for_end(moody, turn_id).await;
        let turn_id = self.send(moody, "hang again").await;
        self.ask(StopWorker { deadline_ms: Some(50), ..StopWorker::new(moody) }).await;
        self.wait_for_end(moody, turn_id).await;

        self.ask(StopWorker::new(talker)).await;
        self.ask(DeleteWorker::new(talker)).await;
        let heir = self.ask(CreateWorker {
            display_name: Some("heir".to_owned()),
            idempotency_key: Some("heir".to_owned()),
            scope_claims: Some(vec![claim]),
            ..CreateWorker::default()
        });
        let heir = heir.await.detail.worker;
        self.ask(rename(heir, "renamed")).await;
        self.ask(CancelWorker::new(heir)).await;
        self.wait_settled().await;
    }
}

fn rename(worker: WorkerRef, name: &str) -> UpdateWorker {
    UpdateWorker { display_name: Some(name.to_owned()), ..UpdateWorker::new(worker) }
}

/// Polls a future at most `polls` times and drops it. Returns whether the future was still pending.
pub(crate) async fn poll_some<F: Future>(future: F, polls: usize) -> bool {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        let polled = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if polled.is_ready() {
            return false;
        }
        tokio::task::yield_now().await;
    }
    true
}

//! A Runtime under test, with its clock, ids, provider, limits and store.

use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll, time::Duration};

use llm_engine::{Script, ScriptedProvider, StopReason, TokenUsage};
use serde_json::{Value, json};
use worker_runtime::{
    Decode, Limits, Profile, Request, Runtime, RuntimeBuilder, RuntimeCommand, RuntimeError,
    RuntimeQuery, Subscribe, Subscription, TenantRuntime,
    commands::UpdateWorker,
    store::{MemoryStore, Store},
};

use super::{
    CountedIds, TestClock, create, get_transcript, get_worker, oracle::said, read_events, scope_of,
};

/// The part of the slow answer that comes at once.
pub(crate) const FIRST_PIECE: &str = "Hello ";

/// The text of the slow answer.
pub(crate) const ANSWER: &str = "Hello world";

/// The pause before the second piece of the slow answer.
pub(crate) const PAUSE: Duration = Duration::from_secs(10);

/// The token usage of the slow answer.
pub(crate) const TOKENS: TokenUsage =
    TokenUsage::new().input(7).cached_input(3).output(5).reasoning(2);

/// An answer in two pieces with a pause between them.
pub(crate) fn slow_answer() -> Script {
    Script::new()
        .text(FIRST_PIECE)
        .delay(PAUSE)
        .text("world")
        .finish_with(StopReason::EndTurn, TOKENS)
}

/// The settings of a Runtime that is not built yet.
pub(crate) struct Builder {
    inner: RuntimeBuilder,
    limits: Limits,
    provider: ScriptedProvider,
    clock: Arc<TestClock>,
    ids: Arc<CountedIds>,
    store: Arc<dyn Store>,
}

impl Builder {
    /// Changes limits.
    pub(crate) fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Sets the provider of the default profile.
    pub(crate) fn provider(mut self, provider: ScriptedProvider) -> Self {
        self.provider = provider;
        self
    }

    /// Sets the script of every turn of the default profile.
    pub(crate) fn script(self, script: Script) -> Self {
        self.provider(ScriptedProvider::new().script(script))
    }

    pub(crate) fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = store;
        self
    }

    pub(crate) fn ids(mut self, ids: Arc<CountedIds>) -> Self {
        self.ids = ids;
        self
    }

    /// Changes other settings of the builder.
    pub(crate) fn with(mut self, change: impl FnOnce(RuntimeBuilder) -> RuntimeBuilder) -> Self {
        self.inner = change(self.inner);
        self
    }

    pub(crate) async fn build(self) -> World {
        let Self { inner, limits, provider, clock, ids, store } = self;
        let runtime = inner
            .profile(Profile::new("slow", Arc::new(provider.clone())).model("slow-1"))
            .limits(limits)
            .clock(Arc::<TestClock>::clone(&clock))
            .ids(Arc::<CountedIds>::clone(&ids))
            .store(store)
            .build()
            .await
            .expect("the Runtime is built");
        World { runtime, clock, ids, provider, acting: None }
    }
}

/// A Runtime under test. Its default profile, `slow`, plays [`slow_answer`] unless a test sets another
/// provider.
pub(crate) struct World {
    pub(crate) runtime: Runtime,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) ids: Arc<CountedIds>,
    pub(crate) provider: ScriptedProvider,
    /// The tenant that requests are sent for; `None` for the Backend.
    acting: Option<TenantRuntime>,
}

impl World {
    pub(crate) fn builder() -> Builder {
        Builder {
            inner: Runtime::builder().display_name("home"),
            limits: Limits::default(),
            provider: ScriptedProvider::new().script(slow_answer()),
            clock: Arc::default(),
            ids: Arc::default(),
            store: Arc::new(MemoryStore::new()),
        }
    }

    pub(crate) async fn new() -> Self {
        Self::builder().build().await
    }

    /// A Runtime with these limits.
    pub(crate) async fn limited(change: impl FnOnce(&mut Limits)) -> Self {
        Self::builder().limits(change).build().await
    }

    /// The same Runtime, to which requests are sent for a tenant.
    pub(crate) fn tenant(&self, name: &str) -> Self {
        Self {
            runtime: self.runtime.clone(),
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            provider: self.provider.clone(),
            acting: Some(self.runtime.tenant(name)),
        }
    }

    async fn handle<R: Request<Kind>, Kind>(&self, request: R) -> Result<R::Reply, RuntimeError> {
        match &self.acting {
            Some(tenant) => tenant.handle(request).await,
            None => self.runtime.handle(request).await,
        }
    }

    /// Handles a request like a transport, from JSON to JSON.
    pub(crate) async fn call(&self, request: Value) -> Result<Value, Value> {
        let text = request.to_string();
        self.call_text(&text).await
    }

    /// Handles a text that should be a JSON request, and checks the reply or error against its schema.
    pub(crate) async fn call_text(&self, text: &str) -> Result<Value, Value> {
        let max = self.runtime.limits().request_bytes;
        let outcome = if is_command(text) {
            match RuntimeCommand::decode(text.as_bytes(), max) {
                Ok(command) => {
                    let expected = command.reply_type();
                    let reply = self.handle(command).await;
                    reply.map(|reply| said_as(expected, said("command_reply.json", &reply)))
                }
                Err(error) => Err(error),
            }
        } else {
            match RuntimeQuery::decode(text.as_bytes(), max) {
                Ok(query) => {
                    let expected = query.reply_type();
                    let reply = self.handle(query).await;
                    reply.map(|reply| said_as(expected, said("query_reply.json", &reply)))
                }
                Err(error) => Err(error),
            }
        };
        outcome.map_err(|error: RuntimeError| said("runtime_error.json", &error))
    }

    /// The reply to a request that must be accepted.
    #[track_caller]
    pub(crate) fn ok(&self, request: Value) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let shown = request.to_string();
            match self.call(request).await {
                Ok(reply) => reply,
                Err(error) => panic!("{caller}: {shown} was refused: {error}"),
            }
        }
    }

    /// The error of a request that must be refused.
    #[track_caller]
    pub(crate) fn refused(&self, request: Value) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let shown = request.to_string();
            match self.call(request).await {
                Err(error) => error,
                Ok(reply) => panic!("{caller}: {shown} was accepted: {reply}"),
            }
        }
    }

    /// Creates a Worker and returns the reference.
    pub(crate) async fn worker(&self) -> Value {
        self.worker_with(json!({})).await
    }

    /// Creates a Worker with `fields` and returns the reference.
    pub(crate) async fn worker_with(&self, fields: Value) -> Value {
        let reply = self.ok(super::and(create(), fields)).await;
        reply["detail"]["worker"].clone()
    }

    pub(crate) async fn detail(&self, worker: &Value) -> Value {
        self.ok(get_worker(worker)).await["detail"].clone()
    }

    pub(crate) async fn state(&self, worker: &Value) -> String {
        self.detail(worker).await["state"].as_str().expect("a state").to_owned()
    }

    pub(crate) async fn transcript(&self, worker: &Value) -> Value {
        self.ok(super::and(get_transcript(worker), json!({ "limit": 1000 }))).await
    }

    /// All events of a Worker that are kept.
    pub(crate) async fn events(&self, worker: &Value) -> Vec<Value> {
        self.events_from(&scope_of(worker), json!({ "type": "oldest" })).await
    }

    /// All events after `cursor`.
    pub(crate) async fn events_after(&self, scope: &Value, cursor: &Value) -> Vec<Value> {
        self.events_from(scope, json!({ "type": "after", "cursor": cursor })).await
    }

    /// All events from a position on, read page by page.
    pub(crate) async fn events_from(&self, scope: &Value, mut from: Value) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let reply = self.ok(super::and(read_events(scope), json!({ "from": from }))).await;
            events.extend_from_slice(reply["items"].as_array().expect("items"));
            if reply["more"] == false {
                return events;
            }
            from = json!({ "type": "after", "cursor": reply["next"] });
        }
    }

    /// Waits for the end of a turn, and returns the `turn` reply.
    pub(crate) async fn finished(&self, worker: &Value, turn_id: &Value) -> Value {
        let query = super::and(super::get_turn(worker, turn_id), json!({ "wait_ms": 60_000 }));
        let reply = self.ok(query).await;
        assert!(reply["turn"].get("outcome").is_some(), "the turn is not over: {reply}");
        reply
    }

    /// Sends an input and waits for the answer. Returns the turn's id.
    pub(crate) async fn turn(&self, worker: &Value, text: &str) -> Value {
        let reply = self.ok(super::send(worker, text)).await;
        let turn_id = reply["receipt"]["turn_id"].clone();
        self.finished(worker, &turn_id).await;
        turn_id
    }

    /// Sends an input and waits until the running answer is `text`. Returns the turn's id.
    pub(crate) async fn running(&self, worker: &Value, text: &str) -> Value {
        let reply = self.ok(super::send(worker, "hi")).await;
        self.streamed(worker, text).await;
        reply["receipt"]["turn_id"].clone()
    }

    /// Waits until the running answer is `text`, without advancing the clock.
    pub(crate) async fn streamed(&self, worker: &Value, text: &str) {
        for _ in 0..10_000 {
            let reply = self.ok(get_transcript(worker)).await;
            if reply["in_progress"]["text"] == text {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the answer did not become {text:?}");
    }

    /// Renames a Worker without JSON, for tests that rename very often.
    pub(crate) async fn rename(&self, worker: &Value, name: String) {
        let worker = serde_json::from_value(worker.clone()).expect("a reference");
        let update = UpdateWorker { display_name: Some(name), ..UpdateWorker::new(worker) };
        self.runtime.handle(update).await.expect("the Worker is renamed");
    }

    pub(crate) async fn subscribe(&self, request: Value) -> Result<Subscription, Value> {
        let max = self.runtime.limits().request_bytes;
        let subscribe = Subscribe::decode(request.to_string().as_bytes(), max);
        let stream = match subscribe {
            Ok(subscribe) => match &self.acting {
                Some(tenant) => tenant.subscribe(subscribe).await,
                None => self.runtime.subscribe(subscribe).await,
            },
            Err(error) => Err(error),
        };
        stream.map_err(|error| said("runtime_error.json", &error))
    }

    /// Subscribes to `scope` from the oldest event on.
    pub(crate) async fn stream(&self, scope: &Value) -> Subscription {
        let request = json!({ "scope": scope, "from": { "type": "oldest" } });
        self.subscribe(request).await.expect("the subscription is made")
    }

    /// The reply to a query, without the checks of other replies.
    async fn plain(&self, query: Value) -> Value {
        let query: RuntimeQuery = serde_json::from_value(query).expect("a query");
        let reply = self.handle(query).await.expect("the query is answered");
        serde_json::to_value(reply).expect("JSON")
    }

    /// The replies to all queries that show the state of this Runtime.
    pub(crate) async fn everything(&self) -> Value {
        let runtime = self.plain(json!({ "type": "get_runtime" })).await;
        let overview = self.plain(json!({ "type": "get_overview" })).await;
        let diagnostics = self.plain(json!({ "type": "list_diagnostics" })).await;
        let events = self.plain(read_events(&super::runtime_scope())).await;
        let list = self.plain(json!({ "type": "list_workers" })).await;
        let mut workers = Vec::new();
        for item in list["items"].as_array().expect("items") {
            let worker = &item["worker"];
            workers.push(json!({
                "worker": self.plain(get_worker(worker)).await,
                "transcript": self.plain(super::and(get_transcript(worker), json!({ "limit": 1000 }))).await,
                "turns": self.plain(json!({ "type": "list_turns", "worker": worker })).await,
                "events": self.plain(read_events(&scope_of(worker))).await,
            }));
        }
        json!({
            "runtime": runtime, "overview": overview, "diagnostics": diagnostics,
            "events": events, "list": list, "workers": workers,
        })
    }
}

/// Checks that a reply is of the type that the table of methods names for its request.
fn said_as(expected: &str, reply: Value) -> Value {
    assert_eq!(reply["type"], expected);
    reply
}

fn is_command(text: &str) -> bool {
    let tag = serde_json::from_str::<Value>(text).ok().map(|request| request["type"].clone());
    tag.is_some_and(|tag| RuntimeCommand::TYPES.iter().any(|name| tag == *name))
}

/// The next item of a stream, in JSON.
pub(crate) async fn next_item(stream: &mut Subscription) -> Option<Value> {
    stream.next().await.map(|item| said("stream_item.json", &item))
}

/// The items of a stream up to and including the first for which `last` is true.
pub(crate) async fn collect(
    stream: &mut Subscription,
    last: impl Fn(&Value) -> bool,
) -> Vec<Value> {
    let mut items = Vec::new();
    while let Some(item) = next_item(stream).await {
        let is_last = last(&item);
        items.push(item);
        if is_last {
            return items;
        }
    }
    panic!("the stream ended too early: {items:?}");
}

/// Polls `future` once, and returns its output if the future is ready.
pub(crate) async fn at_once<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
    poll_fn(|context| {
        Poll::Ready(match Pin::new(&mut future).poll(context) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

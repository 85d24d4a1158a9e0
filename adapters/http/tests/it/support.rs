//! The server under test, and its clients.

mod client;
mod events;
mod socket;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, middleware::from_fn_with_state, serve::ListenerExt};
use futures_util::{StreamExt, stream};
use llm_engine::{EchoProvider, Provider, ProviderEvent, StopReason, TokenUsage, provider_fn};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};
use worker_runtime::{Profile, Runtime, RuntimeBuilder};
use yoi_http::{Access, Tokens};

pub(crate) use self::{
    client::{Answer, Client, events_of},
    events::{Events, Frame, sequences, text_of},
    socket::Socket,
};

/// How long anything may take, on a machine that is busy.
const WAIT: Duration = Duration::from_mins(2);

/// The token of the Backend itself.
pub(crate) const OPERATOR: &str = "operator-token";

/// The token of the tenant `acme`.
pub(crate) const ACME: &str = "acme-token";

/// The token of the tenant `globex`.
pub(crate) const GLOBEX: &str = "globex-token";

/// A server with a Runtime of its own. The profile `echo` answers at once, and `gated` when it may.
pub(crate) struct Server {
    pub(crate) runtime: Runtime,
    address: SocketAddr,
    gate: Arc<Semaphore>,
}

impl Server {
    pub(crate) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    pub(crate) async fn with(configure: impl FnOnce(RuntimeBuilder) -> RuntimeBuilder) -> Self {
        let gate = Arc::new(Semaphore::new(0));
        let builder = Runtime::builder()
            .profile(Profile::new("echo", Arc::new(EchoProvider::new())))
            .profile(Profile::new("gated", Arc::new(gated(Arc::clone(&gate)))));
        let runtime = configure(builder).build().await.expect("a Runtime");
        let tokens = Tokens::new([
            (OPERATOR, Access::Backend(runtime.clone())),
            (ACME, Access::Tenant(runtime.tenant("acme"))),
            (GLOBEX, Access::Tenant(runtime.tenant("globex"))),
        ]);
        let api = yoi_http::router().layer(from_fn_with_state(tokens, yoi_http::bearer));
        let address = serve(Router::new().nest("/v1", api)).await;
        Self { runtime, address, gate }
    }

    pub(crate) fn client(&self, token: &'static str) -> Client {
        Client::new(self.address, token)
    }

    /// Lets the profile `gated` say this many more words.
    pub(crate) fn allow(&self, words: usize) {
        self.gate.add_permits(words);
    }
}

/// Serves a router on a free port.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let listener = listener.tap_io(|io| io.set_nodelay(true).expect("a socket"));
    tokio::spawn(async { axum::serve(listener, router).await });
    address
}

/// Answers with as many words as the input says, each once the gate lets it through.
fn gated(gate: Arc<Semaphore>) -> impl Provider {
    provider_fn("gated", move |request| {
        let input = request.messages.last().map(|message| message.text.clone());
        let words: usize = input.and_then(|text| text.parse().ok()).unwrap_or_default();
        let gate = Arc::clone(&gate);
        stream::iter(0..=words).then(move |at| {
            let gate = Arc::clone(&gate);
            async move {
                if at == words {
                    let (stop_reason, usage) = (StopReason::EndTurn, TokenUsage::default());
                    return Ok(ProviderEvent::Finished { stop_reason, usage });
                }
                gate.acquire().await.expect("the gate is never closed").forget();
                Ok(ProviderEvent::TextDelta(word(at)))
            }
        })
    })
}

fn word(at: usize) -> String {
    format!("{at} ")
}

/// The answer of the profile `gated` to this number.
pub(crate) fn words(count: usize) -> String {
    (0..count).map(word).collect()
}

/// Waits for something that must come.
pub(crate) async fn within<T>(what: &str, wait: impl Future<Output = T>) -> T {
    timeout(WAIT, wait).await.unwrap_or_else(|_| panic!("in time: {what}"))
}

/// Asks again and again until the answer is yes.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within(what, asking).await;
}

/// `value` with more fields, which replace existing ones.
pub(crate) fn and(mut value: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("fields are an object") };
    value.as_object_mut().expect("an object").extend(more);
    value
}

pub(crate) fn send(worker: &Value, text: &str) -> Value {
    json!({ "type": "send_input", "worker": worker, "input": { "kind": "user", "text": text } })
}

pub(crate) fn about(name: &str, worker: &Value) -> Value {
    json!({ "type": name, "worker": worker })
}

pub(crate) fn named(profile: &str) -> Value {
    json!({ "profile": { "type": "named", "name": profile } })
}

pub(crate) fn scope_of(worker: &Value) -> Value {
    json!({ "type": "worker", "worker": worker })
}

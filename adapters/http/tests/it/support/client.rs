//! A client of the endpoints that take one request.

use std::net::SocketAddr;

use reqwest::{
    RequestBuilder, Response, StatusCode,
    header::{AUTHORIZATION, HeaderMap},
};
use serde_json::{Value, json};

use super::{Events, Socket, and, within};

/// A client with a token.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    token: &'static str,
}

/// A response that is not a stream.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Null if the body is not JSON.
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, token: &'static str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, address, token }
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.with_token(self.http.get(self.url(path)))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.with_token(self.http.post(self.url(path)))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/v1{path}", self.address)
    }

    /// Sends a command and returns its reply.
    pub(crate) async fn command(&self, command: Value) -> Value {
        self.accepted("/commands", command).await
    }

    /// Sends a query and returns its reply.
    pub(crate) async fn query(&self, query: Value) -> Value {
        self.accepted("/queries", query).await
    }

    async fn accepted(&self, path: &str, request: Value) -> Value {
        let answer = Answer::of(self.post(path).json(&request)).await;
        assert_eq!(answer.status, StatusCode::OK, "{request}: {answer:?}");
        answer.body
    }

    /// Creates a Worker and returns its reference.
    pub(crate) async fn create(&self, fields: Value) -> Value {
        let created = self.command(and(json!({ "type": "create_worker" }), fields)).await;
        created["detail"]["worker"].clone()
    }

    /// Waits until the latest turn of a Worker has ended, and returns it.
    pub(crate) async fn ended(&self, worker: &Value) -> Value {
        let latest = json!({ "type": "latest" });
        loop {
            let query =
                json!({ "type": "get_turn", "worker": worker, "turn": latest, "wait_ms": 10_000 });
            let shown = self.query(query).await;
            if !shown["turn"]["outcome"].is_null() {
                return shown["turn"].clone();
            }
        }
    }

    /// Has a Worker take a turn.
    pub(crate) async fn turn(&self, worker: &Value, text: &str) {
        self.command(super::send(worker, text)).await;
        self.ended(worker).await;
    }

    /// Opens a stream of events.
    pub(crate) async fn events(&self, path: &str) -> Events {
        Events::of(self.get(path)).await
    }

    /// Opens a stream of events that goes on from an id.
    pub(crate) async fn events_after(&self, path: &str, id: &str) -> Events {
        Events::of(self.get(path).header("last-event-id", id)).await
    }

    pub(crate) async fn socket(&self) -> Socket {
        Socket::open(&format!("ws://{}/v1/ws", self.address), self.token).await
    }

    /// Returns the number of open subscriptions that this client is told.
    pub(crate) async fn subscriptions(&self) -> u64 {
        let shown = self.query(json!({ "type": "get_runtime" })).await;
        shown["open"]["subscriptions"].as_u64().expect("a number")
    }

    fn with_token(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(AUTHORIZATION, format!("Bearer {}", self.token))
    }
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response: Response = within("a response", request.send()).await.expect("a response");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = within("a body", response.text()).await.expect("a body");
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or_default() }
    }

    /// The status and the code of an error.
    pub(crate) fn error(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or_default())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }
}

/// The path of a Worker's events.
pub(crate) fn events_of(worker: &Value) -> String {
    format!("/workers/{}/events", worker["worker_id"].as_str().expect("an id"))
}

//! A client of the WebSocket.

use std::collections::VecDeque;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::within;

/// A WebSocket that is open.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    calls: u64,
    /// The notifications that came while a response was waited for.
    notified: VecDeque<Value>,
}

impl Socket {
    pub(crate) async fn open(url: &str, token: &str) -> Self {
        let mut request = url.into_client_request().expect("a URL");
        let token = format!("Bearer {token}").parse().expect("a header");
        request.headers_mut().insert("authorization", token);
        let opening = connect_async_with_config(request, None, true);
        let (stream, _) = within("a WebSocket", opening).await.expect("a WebSocket");
        Self { stream, calls: 0, notified: VecDeque::new() }
    }

    pub(crate) async fn send(&mut self, message: Message) {
        within("sending", self.stream.send(message)).await.expect("an open socket");
    }

    pub(crate) async fn send_text(&mut self, text: impl Into<String>) {
        self.send(Message::text(text.into())).await;
    }

    /// Sends a request and returns its id.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> u64 {
        self.calls += 1;
        let call =
            json!({ "jsonrpc": "2.0", "id": self.calls, "method": method, "params": params });
        self.send_text(call.to_string()).await;
        self.calls
    }

    /// The next message, whatever it is. `None` if the connection has ended without a close frame.
    pub(crate) async fn frame(&mut self) -> Option<Message> {
        within("a message", self.stream.next()).await?.ok()
    }

    /// The next text, as JSON.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match self.frame().await {
                Some(Message::Text(text)) => return serde_json::from_str(&text).expect("JSON"),
                Some(Message::Ping(_)) => {}
                other => panic!("not a text: {other:?}"),
            }
        }
    }

    /// Sends a request and returns its response.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params).await;
        loop {
            let message = self.next().await;
            if message["id"] == id {
                return message;
            }
            self.notified.push_back(message);
        }
    }

    /// Sends a request and returns its result.
    pub(crate) async fn result(&mut self, method: &str, params: Value) -> Value {
        let response = self.call(method, params).await;
        assert!(response["error"].is_null(), "{response}");
        response["result"].clone()
    }

    /// Subscribes and returns the name of the subscription.
    pub(crate) async fn subscribe(&mut self, params: Value) -> String {
        let subscribed = self.result("subscribe", params).await;
        subscribed["subscription"].as_str().expect("a name").to_owned()
    }

    /// The next item, with the name of its subscription.
    pub(crate) async fn item(&mut self) -> (String, Value) {
        let message = match self.notified.pop_front() {
            Some(message) => message,
            None => self.next().await,
        };
        assert_eq!(message["method"], "event", "{message}");
        let params = &message["params"];
        let name = params["subscription"].as_str().expect("a name").to_owned();
        (name, params["item"].clone())
    }

    /// All items of a subscription up to the first of this type. Those of others are left out.
    pub(crate) async fn up_to(&mut self, subscription: &str, r#type: &str) -> Vec<Value> {
        let mut items: Vec<Value> = Vec::new();
        while items.last().is_none_or(|item| item["type"] != r#type) {
            let (name, item) = self.item().await;
            if name == subscription {
                items.push(item);
            }
        }
        items
    }
}

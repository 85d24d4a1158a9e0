//! Many subscriptions and requests over one WebSocket, as JSON-RPC 2.0.
//!
//! Each text message is one request `{jsonrpc, id, method, params}`; the methods are those of
//! `schema/rpc.json`, `subscribe` and `unsubscribe` among them. Responses come as they are ready, and
//! items as notifications `event`. The socket closes once the Runtime has stopped and every
//! subscription has ended.
//!
//! A client that does not read delays its own messages and nobody else's: what it has not read stays
//! in the Runtime's logs, and a `gap` tells it what it has missed. One that takes nothing for half a
//! minute is disconnected.

use std::time::Duration;

use axum::{
    extract::ws::{
        CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code,
        rejection::WebSocketUpgradeRejection,
    },
    response::Response,
};
use futures_util::{SinkExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use tokio::time::{interval, timeout};
use tokio_stream::StreamMap;
use worker_runtime::{
    AnyRequest, Decode, RuntimeError, StreamItem, Subscription,
    event::EndReason,
    rpc::{ErrorObject, EventNotification, Subscribed, Unsubscribe, Unsubscribed},
};

use crate::{Access, Refusal};

/// The most requests of one client that are under way. Further ones are read when some are answered.
const IN_FLIGHT: usize = 256;

/// The longest time for which a client may take nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens a WebSocket.
pub async fn connect(
    access: Access,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|_| Refusal::UpgradeRequired)?;
    let max = usize::try_from(access.limits().request_bytes).unwrap_or(usize::MAX);
    let upgrade = upgrade.max_message_size(max).max_frame_size(max);
    Ok(upgrade.on_upgrade(move |socket| Session::new(access).run(socket)))
}

/// The requests and the subscriptions of one client. Everything happens in one task, so that nothing is
/// read, asked or taken from a stream while the client takes nothing.
struct Session {
    access: Access,
    calls: FuturesUnordered<BoxFuture<'static, Done>>,
    streams: StreamMap<String, Subscription>,
    opened: u64,
    /// Whether a stream has ended because the Runtime has stopped.
    is_over: bool,
}

/// A call that is done: its response, or the subscription that it made.
enum Done {
    Answered(Option<String>),
    Subscribed(Value, Box<Subscription>),
}

/// A message of the client. Members that are not known are ignored, as those that carry a trace.
#[derive(Deserialize)]
struct Call {
    jsonrpc: String,
    /// Absent in a notification, which has no response.
    id: Option<Value>,
    method: String,
    params: Option<Box<RawValue>>,
}

impl Session {
    fn new(access: Access) -> Self {
        let (calls, streams) = (FuturesUnordered::new(), StreamMap::new());
        Self { access, calls, streams, opened: 0, is_over: false }
    }

    async fn run(mut self, socket: WebSocket) {
        let (mut sink, mut source) = socket.split();
        let mut pings = interval(PATIENCE);
        let mut is_heard = true;
        loop {
            let has_room = self.calls.len() < IN_FLIGHT;
            let message = tokio::select! {
                Some(done) = self.calls.next() => self.finish(done),
                Some((id, item)) = self.streams.next() => Some(self.event(id, item)),
                received = source.next(), if has_room => {
                    is_heard = true;
                    match received {
                        Some(Ok(Message::Text(text))) => self.receive(&text),
                        // Pings are answered by axum.
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                        Some(Ok(Message::Binary(_))) => unread("send requests as text"),
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    }
                }
                _ = pings.tick() => {
                    let is_gone = has_room && !std::mem::take(&mut is_heard);
                    if is_gone || !send(&mut sink, Message::Ping("".into())).await {
                        return;
                    }
                    None
                }
            };
            if let Some(text) = message
                && !send(&mut sink, Message::Text(text.into())).await
            {
                return;
            }
            if self.is_over && self.streams.is_empty() && self.calls.is_empty() {
                let reason = "the Runtime has stopped".into();
                let close = CloseFrame { code: close_code::AWAY, reason };
                send(&mut sink, Message::Close(Some(close))).await;
                return;
            }
        }
    }

    /// Reads a message and begins its call. Returns the response if there is one already.
    fn receive(&mut self, text: &str) -> Option<String> {
        let Ok(call) = serde_json::from_str::<Call>(text) else {
            return unread("not a JSON-RPC request with `method` and `params`");
        };
        if call.jsonrpc != "2.0" {
            return unread("`jsonrpc` must be `2.0`");
        }
        let params = call.params.as_ref().map_or("{}", |params| params.get());
        let max = self.access.limits().request_bytes;
        if call.method == "unsubscribe" {
            let closed = Unsubscribe::decode(params.as_bytes(), max).and_then(|it| self.close(&it));
            return respond(call.id, closed.map_err(ErrorObject::from));
        }
        match AnyRequest::decode_fields(&call.method, params.as_bytes(), max) {
            Ok(AnyRequest::Subscribe(_)) if call.id.is_none() => {
                unread("`subscribe` needs an `id`, because only its result names the subscription")
            }
            Ok(request) => {
                self.calls.push(Box::pin(answer(self.access.clone(), call.id, request)));
                None
            }
            Err(RuntimeError::InvalidRequest { field, problem }) if field == "type" => {
                let message =
                    format!("no method `{}`: it {problem}, `unsubscribe`", shown(&call.method));
                refuse(call.id, ErrorObject::plain(ErrorObject::METHOD_NOT_FOUND, message))
            }
            Err(error) => refuse(call.id, error),
        }
    }

    fn finish(&mut self, done: Done) -> Option<String> {
        match done {
            Done::Answered(response) => response,
            Done::Subscribed(id, stream) => {
                self.opened += 1;
                let name = self.opened.to_string();
                self.streams.insert(name.clone(), *stream);
                respond(Some(id), Ok(Subscribed::new(name)))
            }
        }
    }

    fn close(&mut self, request: &Unsubscribe) -> Result<Unsubscribed, RuntimeError> {
        let closed = self.streams.remove(&request.subscription);
        closed.map(|_| Unsubscribed::default()).ok_or_else(|| RuntimeError::InvalidRequest {
            field: "subscription".to_owned(),
            problem: "must be one that `subscribe` gave and that has not ended".to_owned(),
        })
    }

    fn event(&mut self, subscription: String, item: StreamItem) -> String {
        if let StreamItem::Ended { reason } = item {
            self.is_over |= reason == EndReason::RuntimeStopped;
            self.streams.remove(&subscription);
        }
        let params = EventNotification::new(subscription, item);
        json!({ "jsonrpc": "2.0", "method": "event", "params": params }).to_string()
    }
}

/// Handles one request.
async fn answer(access: Access, id: Option<Value>, request: AnyRequest) -> Done {
    let response = match request {
        AnyRequest::Command(command) => {
            respond(id, access.handle(command).await.map_err(ErrorObject::from))
        }
        AnyRequest::Query(query) => {
            respond(id, access.handle(query).await.map_err(ErrorObject::from))
        }
        AnyRequest::Subscribe(subscribe) => match (access.subscribe(subscribe).await, id) {
            (Ok(stream), Some(id)) => return Done::Subscribed(id, Box::new(stream)),
            (Ok(_), None) => None,
            (Err(error), id) => refuse(id, error),
        },
    };
    Done::Answered(response)
}

/// Sends a message. Returns whether the client has taken it in time.
async fn send(sink: &mut (impl SinkExt<Message> + Unpin), message: Message) -> bool {
    matches!(timeout(PATIENCE, sink.send(message)).await, Ok(Ok(())))
}

/// Returns the response to a request. A notification has none.
fn respond(id: Option<Value>, outcome: Result<impl Serialize, ErrorObject>) -> Option<String> {
    let id = id?;
    let response = match outcome {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(error) => json!({ "jsonrpc": "2.0", "id": id, "error": error }),
    };
    Some(response.to_string())
}

/// Returns the response to a request that failed.
fn refuse(id: Option<Value>, error: impl Into<ErrorObject>) -> Option<String> {
    respond(id, Err::<(), _>(error.into()))
}

/// Returns the response to a message that is no request which could be answered.
fn unread(problem: &str) -> Option<String> {
    refuse(Some(Value::Null), ErrorObject::plain(ErrorObject::INVALID_REQUEST, problem))
}

/// Returns the beginning of a name that came from the client.
fn shown(name: &str) -> String {
    name.chars().filter(|it| !it.is_control()).take(64).collect()
}

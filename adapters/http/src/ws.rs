//! Many subscriptions and requests over one WebSocket, as JSON-RPC 2.0.
//!
//! Each text message is one request `{jsonrpc, id, method, params}`; the methods are those of
//! `schema/rpc.json`, `subscribe` and `unsubscribe` among them. Responses come as they are ready, and
//! items as notifications `event`. A socket with subscriptions closes once the Runtime has stopped and
//! all of them have ended.
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
use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};
use serde_json::{Value, json, value::RawValue};
use tokio::time::{interval, timeout};
use tokio_stream::StreamMap;
use worker_runtime::{
    AnyRequest, Decode, RuntimeCommand, RuntimeError, RuntimeQuery, StreamItem, Subscription,
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
    // A message that is too large is answered, unless it is much too large to be read.
    let max =
        usize::try_from(access.limits().request_bytes.saturating_mul(2)).unwrap_or(usize::MAX);
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
    /// The streams that have ended because the Runtime has stopped. They keep their places until the
    /// socket is closed, which is what the end of a server waits for.
    over: Vec<Subscription>,
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
    /// Absent in a notification, which has no response. `null` is an id.
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    /// Absent in a response, which is ignored: the server asks nothing.
    method: Option<String>,
    params: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "present")]
    result: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    error: Option<IgnoredAny>,
}

/// Reads `null` as a value: a request with the id `null` is not a notification, and a result may be
/// `null`.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl Session {
    fn new(access: Access) -> Self {
        let (calls, streams) = (FuturesUnordered::new(), StreamMap::new());
        Self { access, calls, streams, opened: 0, over: Vec::new() }
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
                        Some(Ok(Message::Binary(_))) => {
                            unread(ErrorObject::INVALID_REQUEST, "send requests as text")
                        }
                        Some(Err(_)) => {
                            let reason = "no message, or one that is much too large";
                            close(&mut sink, close_code::POLICY, reason).await;
                            return;
                        }
                        Some(Ok(Message::Close(_))) | None => return,
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
            if !self.over.is_empty() && self.streams.is_empty() && self.calls.is_empty() {
                close(&mut sink, close_code::AWAY, "the Runtime has stopped").await;
                return;
            }
        }
    }

    /// Reads a message and begins its call. Returns the response if there is one already.
    fn receive(&mut self, text: &str) -> Option<String> {
        let max = self.access.limits().request_bytes;
        if text.len() as u64 > max {
            return refuse(Some(Value::Null), RuntimeError::TooLarge { field: String::new(), max });
        }
        let call = match serde_json::from_str::<Call>(text) {
            // Serde would take an array of the members for an object of them.
            Ok(call) if call.jsonrpc == "2.0" && text.trim_start().starts_with('{') => call,
            Err(error) if !error.is_data() => return unread(ErrorObject::PARSE_ERROR, "not JSON"),
            Ok(_) | Err(_) => {
                let problem =
                    "not a request with `\"jsonrpc\":\"2.0\"`, `id`, `method` and `params`";
                return unread(ErrorObject::INVALID_REQUEST, problem);
            }
        };
        let Some(method) = call.method else {
            let is_response = call.result.is_some() || call.error.is_some();
            let problem = "a request needs a `method`";
            return if is_response { None } else { unread(ErrorObject::INVALID_REQUEST, problem) };
        };
        let params = call.params.as_ref().map_or("{}", |params| params.get());
        if method == "unsubscribe" {
            let closed = Unsubscribe::decode(params.as_bytes(), max).and_then(|it| self.close(&it));
            return respond(call.id, closed.map_err(ErrorObject::from));
        }
        if !methods().any(|name| name == method) {
            let names: Vec<_> = methods().map(|name| format!("`{name}`")).collect();
            let message = format!("no method `{}`; there are {}", shown(&method), names.join(", "));
            return refuse(call.id, ErrorObject::plain(ErrorObject::METHOD_NOT_FOUND, message));
        }
        match AnyRequest::decode_fields(&method, params.as_bytes(), max) {
            Ok(AnyRequest::Subscribe(_)) if call.id.is_none() => {
                let problem =
                    "`subscribe` needs an `id`, because only its result names the subscription";
                unread(ErrorObject::INVALID_REQUEST, problem)
            }
            Ok(request) => {
                self.calls.push(Box::pin(answer(self.access.clone(), call.id, request)));
                None
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
            let stream = self.streams.remove(&subscription);
            self.over.extend(stream.filter(|_| reason == EndReason::RuntimeStopped));
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

/// Sends a close frame, which is the last message.
async fn close(sink: &mut (impl SinkExt<Message> + Unpin), code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: reason.into() };
    send(sink, Message::Close(Some(frame))).await;
}

/// Returns the names of all methods.
fn methods() -> impl Iterator<Item = &'static str> {
    let requests = RuntimeCommand::TYPES.iter().chain(RuntimeQuery::TYPES);
    requests.copied().chain(["subscribe", "unsubscribe"])
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
fn unread(code: i64, problem: &str) -> Option<String> {
    refuse(Some(Value::Null), ErrorObject::plain(code, problem))
}

/// Returns the beginning of a name that came from the client.
fn shown(name: &str) -> String {
    name.chars().filter(|it| !it.is_control()).take(64).collect()
}

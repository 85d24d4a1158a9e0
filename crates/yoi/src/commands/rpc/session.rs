//! A session with a client: begins requests in the order of their lines, and sends each response
//! when it is ready.

use std::{io::Read, sync::Arc};

use futures_util::{FutureExt, future::join_all};
use serde::Serialize;
use serde_json::json;
use tokio::{
    sync::{Semaphore, mpsc::Sender},
    task::unconstrained,
    time::{Instant, timeout_at},
};
use worker_runtime::{Runtime, RuntimeError, queries::GetRuntime};

use super::{
    error::RpcError,
    lines::{Line, Lines},
    methods::{Methods, Operation},
    request::{Id, MAX_BATCH, Message, Request},
    response,
    subscriptions::{Gate, Subscriptions},
};

/// The number of requests that may be in flight at once: as many as the largest batch has.
const MAX_IN_FLIGHT: u32 = 1024;
const _: () = assert!(MAX_BATCH == MAX_IN_FLIGHT as usize);

/// A Runtime and the client that talks to it.
#[derive(Debug)]
pub(super) struct Session {
    runtime: Runtime,
    methods: Methods,
    subscriptions: Subscriptions,
    output: Sender<String>,
    in_flight: Arc<Semaphore>,
}

/// The response to a request or a batch.
#[derive(Debug)]
struct Response {
    /// `None` if no response is due, as to a notification.
    line: Option<String>,
    /// The gates of the subscriptions that begin when the line has been sent.
    gates: Vec<Gate>,
}

impl Session {
    pub(super) async fn new(
        runtime: Runtime,
        output: Sender<String>,
    ) -> Result<Self, RuntimeError> {
        let methods = Methods::new(runtime.handle(GetRuntime {}).await?);
        let subscriptions = Subscriptions::new(output.clone());
        let in_flight = Arc::new(Semaphore::new(MAX_IN_FLIGHT as usize));
        Ok(Self { runtime, methods, subscriptions, output, in_flight })
    }

    /// Begins the requests of all lines, until the end of input or until stdout is closed. Blocks
    /// the thread while it waits for a line.
    pub(super) async fn serve<R: Read>(self: Arc<Self>, mut lines: Lines<R>) {
        while let Some(line) = lines.next()
            && !self.output.is_closed()
        {
            let message = match line {
                Line::Whole(line) => Message::read(&line),
                Line::TooLong { max } => {
                    let error = RuntimeError::TooLarge { field: String::new(), max };
                    Some(Message::refused(error.into()))
                }
            };
            if let Some(message) = message {
                self.begin(message).await;
            }
        }
    }

    /// Waits until no request is in flight, but no longer than until `deadline`.
    pub(super) async fn idle(&self, deadline: Instant) {
        // An error means that the deadline has passed. The Runtime cancels the rest when it stops.
        let _ = timeout_at(deadline, self.in_flight.acquire_many(MAX_IN_FLIGHT)).await;
    }

    /// Begins the requests of a line. Returns when each request has its place in the order, which
    /// may be long before it is answered.
    async fn begin(self: &Arc<Self>, message: Message) {
        let count = u32::try_from(message.requests.len()).unwrap_or(MAX_IN_FLIGHT);
        let permit = Arc::clone(&self.in_flight).acquire_many_owned(count).await;
        let session = Arc::clone(self);
        let mut responding = Box::pin(async move { session.respond(message).await });
        // A request takes its place in the queue of its Worker when it is first polled. The first
        // poll is made here and not in a new task, because tasks start in no particular order.
        if let Some(response) = poll_once(&mut responding) {
            self.send(response).await;
        } else {
            let session = Arc::clone(self);
            tokio::spawn(async move {
                session.send(responding.await).await;
                drop(permit);
            });
        }
    }

    async fn send(&self, response: Response) {
        if let Some(line) = response.line {
            // An error means that stdout is closed. The line is not needed then.
            let _ = self.output.send(line).await;
        }
        drop(response.gates);
    }

    async fn respond(&self, message: Message) -> Response {
        // `join_all` does not promise to poll in order, so each request of the batch is first
        // polled once, to take its place.
        let mut begun = Vec::new();
        for request in message.requests {
            let mut responding = Box::pin(self.respond_to(request));
            let response = poll_once(&mut responding);
            begun.push(async move {
                match response {
                    Some(response) => response,
                    None => responding.await,
                }
            });
        }
        let (mut lines, mut gates) = (Vec::new(), Vec::new());
        for response in join_all(begun).await {
            lines.extend(response.line);
            gates.extend(response.gates);
        }
        let line = if message.is_batch && !lines.is_empty() {
            Some(response::batch(&lines))
        } else {
            lines.pop()
        };
        Response { line, gates }
    }

    async fn respond_to(&self, mut request: Request) -> Response {
        if let Request { id: None, call: Ok(call) } = &request
            && self.methods.is_subscribe(call)
        {
            request = Request::refused(RpcError::SubscribeWithoutId);
        }
        let Request { id, call } = request;
        let id = id.as_ref();
        let operation = match call.and_then(|call| self.methods.decode(&call)) {
            Ok(operation) => operation,
            Err(error) => return Response::new(id, Err::<(), _>(error)),
        };
        match operation {
            Operation::Command(command) => Response::new(id, self.runtime.handle(*command).await),
            Operation::Query(query) => Response::new(id, self.runtime.handle(*query).await),
            Operation::Unsubscribe(unsubscribe) => {
                let closed = self.subscriptions.close(&unsubscribe.subscription).await;
                Response::new(id, closed.map(|()| json!({})))
            }
            Operation::Subscribe(subscribe) => match self.runtime.subscribe(subscribe).await {
                Ok(stream) => {
                    let (subscription, gate) = self.subscriptions.open(stream);
                    let result = Ok::<_, RpcError>(json!({ "subscription": subscription }));
                    Response { gates: vec![gate], ..Response::new(id, result) }
                }
                Err(error) => Response::new(id, Err::<(), _>(error)),
            },
        }
    }
}

impl Response {
    fn new<T: Serialize>(id: Option<&Id>, outcome: Result<T, impl Into<RpcError>>) -> Self {
        let line = id.map(|id| response::response(id, &outcome.map_err(Into::into)));
        Self { line, gates: Vec::new() }
    }
}

/// Polls a future once, and returns its output if it is ready. If not, the caller must have it
/// polled by a task, because this poll registers no waker.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    // When a task has used up its budget, tokio's own futures are pending although they could go
    // on. Many lines in a row would use up the budget, and a request would then not take its place.
    unconstrained(future).now_or_never()
}

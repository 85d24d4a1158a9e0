//! A session with a client: begins requests in the order of their lines, and sends each response
//! when it is ready.

use std::{
    io::{self, Read},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    sync::{Semaphore, mpsc::Sender},
    time::{Instant, timeout_at},
};
use worker_runtime::{
    Runtime, RuntimeError,
    queries::GetRuntime,
    rpc::{Subscribed, Unsubscribed},
};

use super::{
    begun::{self, Begun, Response},
    error::RpcError,
    lines::{Line, Lines},
    methods::{Methods, Operation},
    request::{Id, MAX_BATCH, Message, Request},
    room::Room,
    subscriptions::Subscriptions,
};

/// The number of requests that may be in flight at once, apart from those that wait: as many as the
/// largest batch has. Past it, nothing is read until some are answered.
const MAX_IN_FLIGHT: u32 = 1024;
const _: () = assert!(MAX_BATCH == MAX_IN_FLIGHT as usize);

/// The number of queries that may wait at once, with the other requests of their batches. Past it, a
/// query that would have to wait is refused, so that it does not hold up the lines behind it.
const MAX_WAITING: u32 = 4096;

/// A Runtime and the client that talks to it.
#[derive(Debug)]
pub(super) struct Session {
    runtime: Runtime,
    methods: Methods,
    subscriptions: Subscriptions,
    output: Sender<String>,
    in_flight: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    ended: AtomicBool,
}

impl Session {
    pub(super) async fn new(
        runtime: Runtime,
        output: Sender<String>,
    ) -> Result<Self, RuntimeError> {
        let methods = Methods::new(runtime.handle(GetRuntime {}).await?);
        let subscriptions = Subscriptions::new(output.clone());
        let in_flight = Arc::new(Semaphore::new(MAX_IN_FLIGHT as usize));
        let waiting = Arc::new(Semaphore::new(MAX_WAITING as usize));
        let ended = AtomicBool::new(false);
        Ok(Self { runtime, methods, subscriptions, output, in_flight, waiting, ended })
    }

    /// Begins the requests of all lines, until the end of input, until stdout is closed, or until the
    /// session is over. Blocks the thread while it waits for a line, and holds the session only while
    /// it begins one, so that a thread that waits in vain does not keep the writer from its end.
    ///
    /// # Errors
    ///
    /// Returns the error of the input if it can no longer be read.
    pub(super) async fn serve<R: Read>(session: Weak<Self>, mut lines: Lines<R>) -> io::Result<()> {
        while let Some(line) = lines.next()
            && let Some(session) = session.upgrade()
            && !session.is_over()
        {
            let message = match line? {
                Line::Whole(line) => Message::read(&line),
                Line::TooLong { max } => {
                    let error = RuntimeError::TooLarge { field: String::new(), max };
                    Some(Message::refused(error.into()))
                }
            };
            if let Some(message) = message {
                session.begin(message).await;
            }
        }
        Ok(())
    }

    /// Lets no further line begin. One that is being begun is begun to its end.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.ended.load(Ordering::Relaxed) || self.output.is_closed()
    }

    /// Waits until no request is in flight, but no longer than until `deadline`.
    pub(super) async fn idle(&self, deadline: Instant) {
        let all = async {
            let in_flight = self.in_flight.acquire_many(MAX_IN_FLIGHT).await;
            (in_flight, self.waiting.acquire_many(MAX_WAITING).await)
        };
        // An error means that the deadline has passed. The Runtime cancels the rest when it stops.
        let _ = timeout_at(deadline, all).await;
    }

    /// Begins the requests of a line. Returns when each request has its place in the order, which
    /// may be long before it is answered.
    async fn begin(self: &Arc<Self>, message: Message) {
        let Message { requests, is_batch } = message;
        let count = u32::try_from(requests.len()).unwrap_or(MAX_IN_FLIGHT);
        let mut places = Arc::clone(&self.in_flight).acquire_many_owned(count).await;
        let room = Room::new(is_batch);
        let mut begun: Vec<Begun> =
            requests.into_iter().map(|request| self.begin_request(request, room.clone())).collect();
        if begun.iter().any(Begun::waits) {
            // The whole batch waits with the query, because its responses are kept until then.
            match Arc::clone(&self.waiting).try_acquire_many_owned(count) {
                Ok(waiting) => places = Ok(waiting),
                Err(_) => begun = begun.into_iter().map(Begun::refuse_to_wait).collect(),
            }
        }
        let is_answered = begun.iter().all(Begun::is_answered);
        let responding = begun::respond(begun, is_batch);
        if is_answered {
            self.send(responding.await).await;
        } else {
            let session = Arc::clone(self);
            tokio::spawn(async move {
                session.send(responding.await).await;
                drop(places);
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

    fn begin_request(self: &Arc<Self>, mut request: Request, room: Room) -> Begun {
        if let Request { id: None, call: Ok(call) } = &request
            && self.methods.is_subscribe(call)
        {
            request = Request::refused(RpcError::SubscribeWithoutId);
        }
        let Request { id, call } = request;
        let operation = match call.and_then(|call| self.methods.decode(&call)) {
            Ok(operation) => operation,
            Err(error) => return Begun::Answered(Response::new(id.as_ref(), Err::<(), _>(error))),
        };
        let refusal = operation.waits().then(|| {
            let (what, max) = ("waiting_queries".to_owned(), MAX_WAITING.into());
            let error = RuntimeError::CapacityExhausted { what, max };
            Response::new(id.as_ref(), Err::<(), _>(error))
        });
        let session = Arc::clone(self);
        let responding = async move { session.carry_out(id.as_ref(), operation, &room).await };
        Begun::new(responding, refusal)
    }

    async fn carry_out(&self, id: Option<&Id>, operation: Operation, room: &Room) -> Response {
        match operation {
            Operation::Command(command) => Response::new(id, self.runtime.handle(*command).await),
            Operation::Query(query) => {
                let response = Response::new(id, self.runtime.handle(*query).await);
                match room.take(response.line.as_ref().map_or(0, String::len)) {
                    Ok(()) => response,
                    Err(error) => Response::new(id, Err::<(), _>(error)),
                }
            }
            Operation::Unsubscribe(unsubscribe) => {
                let closed = self.subscriptions.close(&unsubscribe.subscription).await;
                Response::new(id, closed.map(|()| Unsubscribed::default()))
            }
            Operation::Subscribe(subscribe) => match self.runtime.subscribe(subscribe).await {
                Ok(stream) => {
                    let (subscription, gate) = self.subscriptions.open(stream);
                    let result = Ok::<_, RpcError>(Subscribed::new(subscription));
                    Response { gates: vec![gate], ..Response::new(id, result) }
                }
                Err(error) => Response::new(id, Err::<(), _>(error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use worker_runtime::schema;

    use super::*;
    use crate::commands::rpc::{request::MAX_ID_BYTES, room::BATCH_BYTES};

    #[test]
    fn the_rules_in_the_table_of_methods_have_the_bounds_of_the_session() {
        let documents = schema::documents();
        let (_, table) = documents.iter().find(|(name, _)| *name == "rpc.json").expect("a table");
        let rules = table["rules"].to_string();
        for bound in [
            format!("a batch of up to {MAX_BATCH} of them"),
            format!("of at most {MAX_ID_BYTES} bytes"),
            format!("At most {MAX_IN_FLIGHT} requests are in flight"),
            format!("past {MAX_WAITING} refused"),
            format!("have {} MiB together", BATCH_BYTES >> 20),
        ] {
            assert!(rules.contains(&bound), "{bound}");
        }
    }
}

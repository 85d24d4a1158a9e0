//! A session: what comes in is begun in its order, what is ready goes out.

use std::{pin::Pin, sync::Arc};

use futures_util::{
    FutureExt,
    future::{MaybeDone, join_all, maybe_done},
};
use serde::Serialize;
use serde_json::{json, value::RawValue};
use tokio::{
    io::AsyncRead,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::unconstrained,
    time::{Instant, timeout_at},
};
use worker_runtime::{Runtime, RuntimeError, queries::GetRuntime};

use super::{
    call::{Call, Methods},
    lines::{Line, Lines},
    message::{Entry, Id, MAX_BATCH, Message},
    outbox::Outbox,
    response::{self, RpcError},
    subscriptions::{Gate, Subscriptions},
};

/// How many requests may be under way at once.
const IN_FLIGHT: u32 = 1024;
const _: () = assert!(MAX_BATCH <= IN_FLIGHT as usize, "a batch must find room");

/// A Runtime and somebody who talks to it.
#[derive(Debug)]
pub(super) struct Session {
    runtime: Runtime,
    methods: Methods,
    outbox: Outbox,
    subscriptions: Subscriptions,
    room: Arc<Semaphore>,
}

/// What goes back for one request.
#[derive(Debug)]
struct Answer {
    /// `None` for a notification.
    line: Option<String>,
    /// What must not begin before the line was put into the outbox.
    gate: Option<Gate>,
}

impl Session {
    pub(super) async fn new(runtime: Runtime, outbox: Outbox) -> Result<Self, RuntimeError> {
        let methods = Methods::of(runtime.handle(GetRuntime {}).await?);
        let subscriptions = Subscriptions::new(outbox.clone());
        let room = Arc::new(Semaphore::new(IN_FLIGHT as usize));
        Ok(Self { runtime, methods, outbox, subscriptions, room })
    }

    /// Takes in what comes, until the end of input or until nobody reads the answers.
    pub(super) async fn serve<R: AsyncRead + Unpin>(self: &Arc<Self>, mut lines: Lines<R>) {
        loop {
            let line = tokio::select! {
                line = lines.next() => line,
                () = self.outbox.closed() => None,
            };
            match line {
                Some(Line::Whole(line)) => self.take(&line).await,
                Some(Line::TooLong) => {
                    let error = RuntimeError::TooLarge { field: String::new(), max: lines.max() };
                    self.outbox.send(response::answer(&Id::null(), Err(error.into()))).await;
                }
                None => return,
            }
        }
    }

    /// Waits until no request is under way, but no longer than until `until`.
    pub(super) async fn idle(&self, until: Instant) {
        // Either will do.
        let _ = timeout_at(until, self.room.acquire_many(IN_FLIGHT)).await;
    }

    /// Begins everything in a line, and answers at once what is decided at once.
    async fn take(self: &Arc<Self>, line: &[u8]) {
        let Some(message) = Message::read(line) else { return };
        let Message { entries, is_batch } = match message {
            Ok(message) => message,
            Err(it) => return self.outbox.send(response::answer(&it.id, Err(it.error))).await,
        };
        let count = u32::try_from(entries.len()).unwrap_or(IN_FLIGHT);
        let room = Arc::clone(&self.room).acquire_many_owned(count).await;
        // The semaphore is never closed.
        let Ok(room) = room else { return };
        let answers: Vec<_> = entries.into_iter().map(|entry| begun(self.answer(entry))).collect();
        let is_decided = answers.iter().all(|it| matches!(it, MaybeDone::Done(_)));
        let respond = respond(self.outbox.clone(), answers, is_batch, room);
        if is_decided {
            respond.await;
        } else {
            tokio::spawn(respond);
        }
    }

    fn answer(self: &Arc<Self>, entry: Entry<'_>) -> impl Future<Output = Answer> + Send + use<> {
        let session = Arc::clone(self);
        let (id, call) = match entry {
            Ok(it) => (it.id, session.methods.decode(&it.method, it.params)),
            Err(it) => (Some(it.id), Err(it.error)),
        };
        async move {
            let (result, gate) = match call {
                Ok(call) => session.call(call).await,
                Err(error) => (Err(error), None),
            };
            Answer { line: id.map(|id| response::answer(&id, result)), gate }
        }
    }

    async fn call(&self, call: Call) -> (Result<Box<RawValue>, RpcError>, Option<Gate>) {
        let result = match call {
            Call::Command(it) => written(self.runtime.handle(*it).await),
            Call::Query(it) => written(self.runtime.handle(*it).await),
            Call::Unsubscribe(it) => {
                written(self.subscriptions.close(&it.subscription).await.map(|()| json!({})))
            }
            Call::Subscribe(it) => match self.runtime.subscribe(it).await {
                Ok(stream) => {
                    let (id, gate) = self.subscriptions.open(stream);
                    return (written(Ok(json!({ "subscription": id }))), Some(gate));
                }
                Err(error) => Err(error.into()),
            },
        };
        (result, None)
    }
}

fn written(reply: Result<impl Serialize, RuntimeError>) -> Result<Box<RawValue>, RpcError> {
    response::result(&reply?)
}

/// Takes a request's first step, in which it gets its place in line.
fn begun<F: Future>(request: F) -> MaybeDone<Pin<Box<F>>> {
    let mut request = maybe_done(Box::pin(request));
    // Outside of tokio's budget: a long run of lines would use it up, and steps would be put off.
    let _ = unconstrained(&mut request).now_or_never();
    request
}

/// Sends the answers when all of them are there.
async fn respond<F>(
    outbox: Outbox,
    mut requests: Vec<MaybeDone<F>>,
    is_batch: bool,
    room: OwnedSemaphorePermit,
) where
    F: Future<Output = Answer> + Unpin,
{
    join_all(&mut requests).await;
    let answers = requests.iter_mut().filter_map(|it| Pin::new(it).take_output());
    let (lines, gates): (Vec<_>, Vec<_>) = answers.map(|it| (it.line, it.gate)).unzip();
    let lines: Vec<String> = lines.into_iter().flatten().collect();
    if is_batch && !lines.is_empty() {
        outbox.send(response::batch(&lines)).await;
    } else if let Some(line) = lines.into_iter().next() {
        outbox.send(line).await;
    }
    drop((gates, room));
}

//! A session: what comes in is begun in its order, what is ready goes out.

use std::{io::Read, pin::Pin, sync::Arc};

use futures_util::{
    FutureExt,
    future::{MaybeDone, join_all, maybe_done},
};
use serde::Serialize;
use serde_json::json;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::unconstrained,
    time::{Instant, timeout_at},
};
use worker_runtime::{Runtime, RuntimeError, queries::GetRuntime};

use super::{
    lines::{Line, Lines},
    methods::{Call, Methods},
    request::{Entry, Id, MAX_BATCH, Message},
    response,
    subscriptions::{Gate, Subscriptions},
    writer::{Outbox, Piece},
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

    /// Takes in what comes, until the end of input or until nobody reads the answers. Blocks the
    /// thread while nothing comes.
    pub(super) async fn serve<R: Read>(self: &Arc<Self>, mut lines: Lines<R>) {
        let mut answers = Piece::new(&self.outbox);
        loop {
            if !lines.has_next() {
                answers.send().await;
            }
            match lines.next() {
                Some(_) if self.outbox.is_closed() => return,
                Some(Line::Whole(line)) => self.take(&line, &mut answers).await,
                Some(Line::TooLong) => {
                    let error = RuntimeError::TooLarge { field: String::new(), max: lines.max() };
                    answers.add(response::failure(&Id::null(), &error.into())).await;
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

    /// Begins everything in a line, and answers what is decided at once.
    async fn take(self: &Arc<Self>, line: &[u8], answers: &mut Piece<'_>) {
        let Some(message) = Message::read(line, &self.methods) else { return };
        let Message { entries, is_batch } = match message {
            Ok(message) => message,
            Err(it) => return answers.add(response::failure(&it.id, &it.error)).await,
        };
        let count = u32::try_from(entries.len()).unwrap_or(IN_FLIGHT);
        let Some(room) = self.room_for(count, answers).await else { return };
        let requests: Vec<_> = entries.into_iter().map(|entry| begun(self.answer(entry))).collect();
        if !requests.iter().all(|it| matches!(it, MaybeDone::Done(_))) {
            tokio::spawn(respond(self.outbox.clone(), requests, is_batch, room));
            return;
        }
        let (line, gates) = response_to(requests, is_batch);
        if let Some(line) = line {
            answers.add(line).await;
        }
        if !gates.is_empty() {
            answers.send().await;
        }
    }

    /// Waits until so many requests more may be under way. The answers so far go out before.
    async fn room_for(&self, count: u32, answers: &mut Piece<'_>) -> Option<OwnedSemaphorePermit> {
        let room = || Arc::clone(&self.room);
        if let Ok(there) = room().try_acquire_many_owned(count) {
            return Some(there);
        }
        answers.send().await;
        // The semaphore is never closed.
        room().acquire_many_owned(count).await.ok()
    }

    fn answer(self: &Arc<Self>, entry: Entry) -> impl Future<Output = Answer> + Send + use<> {
        let session = Arc::clone(self);
        let (id, call) = match entry {
            Ok(it) => (it.id, it.call),
            Err(it) => (Some(it.id), Err(it.error)),
        };
        async move {
            match call {
                Ok(call) => session.call(id.as_ref(), call).await,
                Err(error) => {
                    Answer { line: id.map(|id| response::failure(&id, &error)), gate: None }
                }
            }
        }
    }

    async fn call(&self, id: Option<&Id>, call: Call) -> Answer {
        match call {
            Call::Command(it) => Answer::of(id, self.runtime.handle(*it).await),
            Call::Query(it) => Answer::of(id, self.runtime.handle(*it).await),
            Call::Unsubscribe(it) => {
                let closed = self.subscriptions.close(&it.subscription).await;
                Answer::of(id, closed.map(|()| json!({})))
            }
            Call::Subscribe(it) => match self.runtime.subscribe(it).await {
                Ok(stream) => {
                    let (name, gate) = self.subscriptions.open(stream);
                    let answer = Answer::of(id, Ok(json!({ "subscription": name })));
                    Answer { gate: Some(gate), ..answer }
                }
                Err(error) => Answer::of(id, Err::<(), _>(error)),
            },
        }
    }
}

impl Answer {
    fn of(id: Option<&Id>, reply: Result<impl Serialize, RuntimeError>) -> Self {
        let line = id.map(|id| match reply {
            Ok(result) => response::success(id, &result),
            Err(error) => response::failure(id, &error.into()),
        });
        Self { line, gate: None }
    }
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
    let (line, gates) = response_to(requests, is_batch);
    if let Some(line) = line {
        outbox.send(line).await;
    }
    drop((gates, room));
}

/// The line that answers what is decided, if one is due, and what must not begin before it was sent.
fn response_to<F>(requests: Vec<MaybeDone<F>>, is_batch: bool) -> (Option<String>, Vec<Gate>)
where
    F: Future<Output = Answer> + Unpin,
{
    let (mut lines, mut gates) = (Vec::new(), Vec::new());
    for request in requests {
        if let MaybeDone::Done(Answer { line, gate }) = request {
            lines.extend(line);
            gates.extend(gate);
        }
    }
    let line = if is_batch && !lines.is_empty() {
        Some(response::batch(&lines))
    } else {
        lines.into_iter().next()
    };
    (line, gates)
}

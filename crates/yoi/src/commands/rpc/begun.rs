//! Requests that have been begun, with their responses as far as these are ready.

use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use serde::Serialize;
use tokio::task::unconstrained;

use super::{error::RpcError, request::Id, response, subscriptions::Gate};

/// The response to a request or a batch.
#[derive(Debug)]
pub(super) struct Response {
    /// `None` if no response is due, as to a notification.
    pub(super) line: Option<String>,
    /// The gates of the subscriptions that begin when the line has been sent.
    pub(super) gates: Vec<Gate>,
}

impl Response {
    pub(super) fn new<T: Serialize>(
        id: Option<&Id>,
        outcome: Result<T, impl Into<RpcError>>,
    ) -> Self {
        let line = id.map(|id| response::response(id, &outcome.map_err(Into::into)));
        Self { line, gates: Vec::new() }
    }
}

/// A request that has taken its place in the order.
pub(super) enum Begun {
    Answered(Response),
    Pending {
        responding: BoxFuture<'static, Response>,
        /// The response if there is no place to wait. `None` if the request does not wait.
        refusal: Option<Response>,
    },
}

impl Begun {
    /// Begins a request. It takes its place in the queue of its Worker when it is first polled,
    /// which happens here and not in a new task, because tasks start in no particular order.
    ///
    /// If the response is not ready, the caller must have it awaited by a task, because this poll
    /// registers no waker.
    pub(super) fn new(
        responding: impl Future<Output = Response> + Send + 'static,
        refusal: Option<Response>,
    ) -> Self {
        let mut responding = responding.boxed();
        // When a task has used up its budget, tokio's own futures are pending although they could
        // go on. Many lines in a row would use up the budget, and a request would then not take its
        // place.
        match unconstrained(&mut responding).now_or_never() {
            Some(response) => Self::Answered(response),
            None => Self::Pending { responding, refusal },
        }
    }

    pub(super) fn is_answered(&self) -> bool {
        matches!(self, Self::Answered(_))
    }

    /// Returns whether the request is a query that waits for what it asked for.
    pub(super) fn waits(&self) -> bool {
        matches!(self, Self::Pending { refusal: Some(_), .. })
    }

    /// Answers a query that waits with its refusal. Other requests stay as they are.
    pub(super) fn refuse_to_wait(self) -> Self {
        match self {
            Self::Pending { refusal: Some(refusal), .. } => Self::Answered(refusal),
            Self::Answered(_) | Self::Pending { refusal: None, .. } => self,
        }
    }

    async fn response(self) -> Response {
        match self {
            Self::Answered(response) => response,
            Self::Pending { responding, .. } => responding.await,
        }
    }
}

/// Returns the response to a line, when every request of the line has its own.
pub(super) async fn respond(requests: Vec<Begun>, is_batch: bool) -> Response {
    let (mut lines, mut gates) = (Vec::new(), Vec::new());
    for response in join_all(requests.into_iter().map(Begun::response)).await {
        lines.extend(response.line);
        gates.extend(response.gates);
    }
    let line =
        if is_batch && !lines.is_empty() { Some(response::batch(&lines)) } else { lines.pop() };
    Response { line, gates }
}

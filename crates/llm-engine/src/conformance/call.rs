//! A call that the checks observe.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{Check, Subject, Violation};
use crate::{
    EngineError, ModelRequest, ProviderEvent, ProviderStream, TokenUsage, engine::guarded,
};

/// A running call, and the longest time for which one of its steps blocked the thread.
pub(super) struct Call {
    stream: Option<ProviderStream>,
    limit: Duration,
    pub(super) slowest: Duration,
}

/// The end of a call.
pub(super) struct Ending {
    pub(super) result: Result<(), EngineError>,
    pub(super) usage: TokenUsage,
}

/// An item of a call's stream.
pub(super) type Item = Result<ProviderEvent, EngineError>;

impl Call {
    pub(super) fn begin(subject: &Subject, request: ModelRequest) -> Result<Self, Violation> {
        let began = Instant::now();
        let stream = guarded("beginning a call", || subject.provider.stream(Arc::new(request)))
            .map_err(|_| panicked("a call begins"))?;
        Ok(Self { stream: Some(stream), limit: subject.call_limit, slowest: began.elapsed() })
    }

    /// Polls the stream once.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Item>, Violation>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(Ok(None)) };
        let began = Instant::now();
        let polled = guarded("streaming", || stream.as_mut().poll_next(cx));
        self.slowest = self.slowest.max(began.elapsed());
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(_) => Poll::Ready(Err(panicked("a call streams"))),
        }
    }

    /// Waits for the next item, at most for the call's limit.
    pub(super) async fn next(&mut self) -> Result<Option<Item>, Violation> {
        let limit = self.limit;
        let mut time_is_up = pin!(sleep(limit));
        poll_fn(|cx| {
            // After the limit the call is not polled again, because it should have woken the task
            // itself.
            if time_is_up.as_mut().poll(cx).is_ready() {
                let what = format!("nothing came for {limit:?}");
                return Poll::Ready(Err(Violation::new(Check::Ends, what)));
            }
            self.poll(cx)
        })
        .await
    }

    /// Takes all items up to the end, which must be `Finished` or an error.
    pub(super) async fn drain(&mut self) -> Result<Ending, Violation> {
        let began = Instant::now();
        let mut usage = TokenUsage::default();
        let mut calls = 0;
        loop {
            match self.next().await? {
                Some(Ok(ProviderEvent::Finished { usage: last, .. })) => {
                    usage.update(last);
                    return Ok(Ending { result: Ok(()), usage });
                }
                Some(Err(error)) => return Ok(Ending { result: Err(error), usage }),
                Some(Ok(ProviderEvent::Usage(later))) => usage.update(later),
                Some(Ok(
                    ProviderEvent::Connected
                    | ProviderEvent::Heartbeat
                    | ProviderEvent::KeepAlive
                    | ProviderEvent::TextDelta(_)
                    | ProviderEvent::ReasoningDelta(_)
                    | ProviderEvent::CallBegan { .. }
                    | ProviderEvent::CallArguments { .. }
                    | ProviderEvent::Opaque(_),
                )) => {}
                Some(Ok(ProviderEvent::CallComplete { index, .. })) => {
                    if index != calls {
                        let what = format!("call {index} was completed in place of call {calls}");
                        return Err(Violation::new(Check::Calls, what));
                    }
                    calls += 1;
                }
                None => {
                    let what = "a call ended with neither Finished nor an error";
                    return Err(Violation::new(Check::Ends, what));
                }
            }
            if began.elapsed() > self.limit {
                let what = format!("a call was not over after {:?}", self.limit);
                return Err(Violation::new(Check::Ends, what));
            }
        }
    }

    /// Drops the call and returns the duration of its slowest step.
    pub(super) fn close(mut self) -> Result<Duration, Violation> {
        let began = Instant::now();
        let stream = self.stream.take();
        guarded("ending a call", || drop(stream)).map_err(|_| panicked("a call is dropped"))?;
        Ok(self.slowest.max(began.elapsed()))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // A check that fails drops its call without closing it. A panic of that drop must not
        // unwind into the check.
        let stream = self.stream.take();
        drop(guarded("ending a call", || drop(stream)));
    }
}

fn panicked(when: &str) -> Violation {
    Violation::new(Check::NeverPanics, format!("it panics while {when}"))
}

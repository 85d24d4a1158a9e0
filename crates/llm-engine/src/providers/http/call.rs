//! One call to a provider: the request, and the events of its answer.

use std::{sync::Arc, time::Duration};

use reqwest::{
    Response,
    header::{ACCEPT, CONTENT_TYPE, HeaderValue},
};
use tokio::time::{Instant, timeout_at};

use super::{
    answer::Answer,
    frames::{Frame, FrameError, Frames},
    server::Server,
};
use crate::{
    EngineError, ErrorKind, ModelRequest, ProviderEvent, TokenUsage,
    providers::{
        dialect::Framing,
        failure::{broken, of_other_content, of_response, protocol, unreachable},
    },
    timer::after,
};

/// The longest wait for the token counts and the end of an answer, once the model has stopped.
const LINGER: Duration = Duration::from_secs(2);

/// A call. It makes progress only while its next event is awaited.
pub(super) struct Call {
    server: Arc<Server>,
    request: Arc<ModelRequest>,
    phase: Phase,
    answer: Answer,
    /// Whether any part of the provider's protocol came.
    has_begun: bool,
    /// The time until which the end of the answer is awaited, once the model has stopped.
    lingers_until: Option<Instant>,
}

enum Phase {
    New,
    Reading(Box<Frames>),
    Over,
}

impl Call {
    pub(super) fn new(server: Arc<Server>, request: Arc<ModelRequest>) -> Self {
        Self {
            server,
            request,
            phase: Phase::New,
            answer: Answer::default(),
            has_begun: false,
            lingers_until: None,
        }
    }

    /// Returns the next event, or `None` after the last one.
    pub(super) async fn next(&mut self) -> Option<Result<ProviderEvent, EngineError>> {
        let event = match self.phase {
            Phase::New => self.open().await,
            Phase::Reading(_) => self.read().await,
            Phase::Over => return None,
        };
        if matches!(event, Err(_) | Ok(ProviderEvent::Finished { .. })) {
            self.phase = Phase::Over;
        }
        Some(event)
    }

    async fn open(&mut self) -> Result<ProviderEvent, EngineError> {
        let server = &self.server;
        let framing = server.dialect.framing();
        let request = server
            .client
            .post(server.dialect.url(&server.endpoint, &self.request)?)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(ACCEPT, HeaderValue::from_static(content_type(framing)))
            .headers(server.headers.clone())
            .body(server.dialect.body(&self.request)?);
        let response =
            request.send().await.map_err(|error| unreachable(&error, &server.endpoint.origin()))?;
        if !response.status().is_success() {
            return Err(of_response(response).await);
        }
        if !is_stream(&response, framing) {
            return Err(of_other_content(response, content_type(framing)).await);
        }
        self.phase = Phase::Reading(Box::new(Frames::new(response, framing)));
        Ok(ProviderEvent::Connected)
    }

    async fn read(&mut self) -> Result<ProviderEvent, EngineError> {
        if let Some(event) = self.answer.events.pop_front() {
            return Ok(event);
        }
        if let Some(error) = self.answer.failure.take() {
            return Err(error);
        }
        if self.answer.is_over {
            return self.end();
        }
        match self.frame().await {
            Ok(Some(Frame::Part(part))) => {
                self.has_begun = true;
                self.answer.read(&part, &*self.server.dialect);
                Ok(self.answer.events.pop_front().unwrap_or(ProviderEvent::Heartbeat))
            }
            Ok(Some(Frame::Heartbeat)) => Ok(ProviderEvent::Heartbeat),
            Ok(None) => self.end(),
            Err(FrameError::Broken) if self.answer.stop_reason.is_some() => self.end(),
            Err(FrameError::Broken) => Err(broken(self.answer.has_output)),
            Err(FrameError::Refused(error)) => Err(error),
        }
    }

    async fn frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let Phase::Reading(frames) = &mut self.phase else { return Ok(None) };
        if self.answer.stop_reason.is_none() {
            return frames.next().await;
        }
        let deadline = self.lingers_until.get_or_insert_with(|| after(Instant::now(), LINGER));
        timeout_at(*deadline, frames.next()).await.unwrap_or(Ok(None))
    }

    /// Returns the last event of an answer without further parts. Fails if the model has not
    /// stopped.
    fn end(&self) -> Result<ProviderEvent, EngineError> {
        match self.answer.stop_reason {
            Some(stop_reason) => {
                Ok(ProviderEvent::Finished { stop_reason, usage: TokenUsage::default() })
            }
            None if self.has_begun => Err(EngineError::new(
                ErrorKind::Interrupted,
                "the provider's answer ended before its end; try again",
            )),
            None => Err(protocol("there is nothing in it")),
        }
    }
}

fn content_type(framing: Framing) -> &'static str {
    match framing {
        Framing::Events => "text/event-stream",
        Framing::Lines => "application/x-ndjson",
    }
}

/// Returns whether a response has the expected content type, or none at all.
fn is_stream(response: &Response, framing: Framing) -> bool {
    let Some(claimed) = response.headers().get(CONTENT_TYPE) else { return true };
    let claimed = claimed.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let is = |expected: &str| claimed.eq_ignore_ascii_case(expected);
    match framing {
        Framing::Events => is(content_type(framing)),
        // An error that is sent with a success status is read as a line like any other.
        Framing::Lines => is(content_type(framing)) || is("application/json"),
    }
}

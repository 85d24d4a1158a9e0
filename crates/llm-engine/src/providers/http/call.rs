//! One call to a provider: the request, and the events of its answer.

use std::{mem, sync::Arc, time::Duration};

use bytes::Bytes;
use reqwest::{
    Method, Response, Url,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue},
};
use tokio::time::{Instant, timeout_at};

use super::{
    answer::{Answer, Doubt},
    frames::{Frame, FrameError, Frames},
    server::Server,
};
use crate::{
    EngineError, ErrorKind, ModelRequest, ProviderEvent, ShortText, TokenUsage,
    providers::{
        dialect::{Ask, Framing},
        failure::{broken, of_other_content, of_response, protocol, unreachable},
    },
    timer::after,
};

/// The longest wait for the end of an answer, once the model has stopped and the tokens are counted.
const LINGER: Duration = Duration::from_secs(2);

/// The same before the tokens are counted.
const LINGER_UNCOUNTED: Duration = Duration::from_secs(10);

/// The longest wait for more of an answer that went on after the model had stopped, or that said so
/// before any text or beside it. Such a reason says little.
const LINGER_IN_DOUBT: Duration = Duration::from_secs(30);

/// A call. It makes progress only while its next event is awaited.
pub(super) struct Call {
    server: Arc<Server>,
    request: Arc<ModelRequest>,
    phase: Phase,
    answer: Answer,
    /// Whether the server said that its answer has the form of the protocol.
    is_announced: bool,
    /// The time of the last part.
    last_part: Instant,
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
            is_announced: false,
            last_part: Instant::now(),
        }
    }

    /// Returns the next event, or `None` after the last one.
    pub(super) async fn next(&mut self) -> Option<Result<ProviderEvent, EngineError>> {
        let event = match self.phase {
            Phase::New => self.open().await,
            Phase::Reading(_) => self.read().await,
            Phase::Over => return None,
        };
        let head = match &self.phase {
            Phase::Reading(frames) => Some(frames.headers()),
            Phase::New | Phase::Over => None,
        };
        let event = event.map_err(|error| self.server.secrets.hidden(error, head));
        if matches!(event, Err(_) | Ok(ProviderEvent::Finished { .. })) {
            let read = mem::replace(&mut self.phase, Phase::Over);
            if let (Phase::Reading(frames), Ok(_)) = (read, &event) {
                let (rest, is_at_end) = frames.into_rest();
                self.server.rests.read(rest, is_at_end);
            }
        }
        Some(event)
    }

    async fn open(&mut self) -> Result<ProviderEvent, EngineError> {
        let framing = self.server.dialect.framing();
        let response = loop {
            let ask = self.server.ask(&self.request);
            let mut response = self.send(&ask, framing).await?;
            if let Some(log) = &self.server.log {
                log.head(&response);
                if !response.status().is_success() || is_page_in(&response) {
                    response = log.body(response).await;
                }
            }
            if response.status().is_success() {
                self.answer = Answer::new(&ask);
                break response;
            }
            // A refusal that teaches how to ask otherwise is followed by one more call. Each lesson
            // is learned once.
            if let Some(response) = self.server.learn(&ask, response).await {
                return Err(of_response(response).await);
            }
        };
        if let Some(encoding) = response.headers().get(CONTENT_ENCODING)
            && encoding != "identity"
        {
            let encoding = ShortText::cut(encoding.to_str().unwrap_or("?"), 20);
            return Err(protocol(&format!(
                "it is compressed ({encoding}), which nobody asked for"
            )));
        }
        let claimed = claimed_type(&response);
        if is_page_in(&response) {
            return Err(of_other_content(response, content_type(framing)).await);
        }
        // Under another type may be the stream all the same, or a whole answer: its first line says
        // which.
        self.is_announced = claimed.is_none_or(|claimed| claimed == content_type(framing));
        self.last_part = Instant::now();
        self.phase = Phase::Reading(Box::new(Frames::new(response, framing)));
        Ok(ProviderEvent::Connected)
    }

    /// Sends a request. A connection that was used before may have been closed by the server just
    /// now, without a word: then the request is sent once more, and no other connection is trusted.
    async fn send(&self, ask: &Ask<'_>, framing: Framing) -> Result<Response, EngineError> {
        let server = &self.server;
        let url = server.dialect.url(&server.endpoint, &self.request)?;
        let body = Bytes::from(server.dialect.body(ask)?);
        server.rests.wait().await;
        loop {
            let is_used = server.rests.take_idle();
            if let Some(log) = &server.log {
                log.request(&Method::POST, &url, &server.headers, &body);
            }
            match self.post(url.clone(), body.clone(), framing).await {
                Err(error) if is_used && !error.is_connect() => server.rests.forget_idle(),
                sent => {
                    return sent.map_err(|error| unreachable(&error, &server.endpoint.origin()));
                }
            }
        }
    }

    async fn post(&self, url: Url, body: Bytes, framing: Framing) -> reqwest::Result<Response> {
        let server = &self.server;
        let request = server
            .client
            .post(url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(ACCEPT, HeaderValue::from_static(content_type(framing)))
            // Compression would hold back what is streamed. An answer that comes compressed all the
            // same is understood.
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))
            .headers(server.headers.clone())
            .body(body);
        request.send().await
    }

    async fn read(&mut self) -> Result<ProviderEvent, EngineError> {
        if let Some(event) = self.answer.events.pop_front() {
            return Ok(event);
        }
        if let Some(error) = self.answer.failure.take() {
            return Err(error);
        }
        if self.answer.is_over {
            return self.conclude();
        }
        match self.frame().await {
            Ok(Some(Frame::Part(part))) => {
                self.last_part = Instant::now();
                if let Some(log) = &self.server.log {
                    log.text('<', &part);
                }
                self.answer.read(&part, &*self.server.dialect);
                Ok(self.answer.events.pop_front().unwrap_or(ProviderEvent::Heartbeat))
            }
            Ok(Some(Frame::Heartbeat)) => Ok(ProviderEvent::Heartbeat),
            Ok(None) => self.end_of_stream(),
            Err(FrameError::Broken) if self.is_whole() => self.end_of_stream(),
            Err(FrameError::Broken) => Err(broken(self.answer.has_output())),
            Err(FrameError::Refused(error)) => Err(error),
        }
    }

    async fn frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let Phase::Reading(frames) = &mut self.phase else { return Ok(None) };
        if self.answer.stop_reason.is_none() {
            return frames.next().await;
        }
        let answer = &self.answer;
        let linger = if answer.doubt != Doubt::None || !answer.has_output() {
            LINGER_IN_DOUBT
        } else if answer.is_counted() {
            LINGER
        } else {
            LINGER_UNCOUNTED
        };
        timeout_at(after(self.last_part, linger), frames.next()).await.unwrap_or(Ok(None))
    }

    /// Whether an answer that breaks off now has come to its end before.
    fn is_whole(&self) -> bool {
        self.answer.stop_reason.is_some() && !matches!(self.answer.doubt, Doubt::WentOn(_))
    }

    /// Returns what was held back of the answer, if there is something, or else its last event.
    fn end_of_stream(&mut self) -> Result<ProviderEvent, EngineError> {
        self.answer.say_rest();
        self.answer.is_over = true;
        self.conclude()
    }

    /// Completes the calls of the answer, to which nothing can be added any more, and returns the
    /// next of its last events.
    fn conclude(&mut self) -> Result<ProviderEvent, EngineError> {
        self.answer.complete_calls();
        self.answer.events.pop_front().map_or_else(|| self.end(), Ok)
    }

    /// Returns the last event of an answer without further parts. Fails if the model has not
    /// stopped.
    fn end(&self) -> Result<ProviderEvent, EngineError> {
        match self.answer.stop_reason {
            Some(stop_reason) => {
                Ok(ProviderEvent::Finished { stop_reason, usage: TokenUsage::default() })
            }
            None if !self.answer.has_begun => Err(protocol("no part of it can be understood")),
            None if !self.is_announced && !self.answer.has_output() => {
                let expected = content_type(self.server.dialect.framing());
                Err(protocol(&format!("it is not {expected}")))
            }
            None => Err(EngineError::new(
                ErrorKind::Interrupted,
                "the provider's answer ended before its end; try again",
            )),
        }
    }
}

fn content_type(framing: Framing) -> &'static str {
    match framing {
        Framing::Events => "text/event-stream",
        Framing::Lines => "application/x-ndjson",
    }
}

/// Returns the content type that a response claims to have, in lower case, without parameters.
fn claimed_type(response: &Response) -> Option<String> {
    let claimed = response.headers().get(CONTENT_TYPE)?.to_str().unwrap_or_default();
    let claimed = claimed.split(';').next().unwrap_or_default();
    Some(claimed.trim().to_ascii_lowercase())
}

/// Returns whether a response claims to be a page for people.
fn is_page_in(response: &Response) -> bool {
    claimed_type(response).as_deref().is_some_and(is_page)
}

/// Returns whether a type is of a page for people, as from a wrong address.
fn is_page(content_type: &str) -> bool {
    matches!(content_type, "text/html" | "application/xhtml+xml" | "text/xml" | "application/xml")
}

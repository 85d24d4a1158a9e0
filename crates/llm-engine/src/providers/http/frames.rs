//! Splits an answer into parts as it arrives, with a bounded buffer.

use reqwest::{Response, header::HeaderMap};
use serde::de::IgnoredAny;

use super::lines::{Lines, TooLong};
use crate::{EngineError, ErrorKind, providers::dialect::Framing};

/// The maximum length of a part, in bytes. The last part of some providers repeats the whole
/// answer.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A frame of a stream.
pub(super) enum Frame {
    /// A part of the answer.
    Part(String),
    /// A comment, or an empty line: the server still sends.
    Heartbeat,
}

/// The reason why there is no next frame.
pub(super) enum FrameError {
    /// The connection broke.
    Broken,
    /// The received data cannot be accepted.
    Refused(EngineError),
}

/// A response that is split into frames: server-sent events, lines of JSON, or one JSON value over
/// several lines.
///
/// Each line says itself what it is. Servers and proxies mix these forms, such as an error that a
/// proxy writes into a stream of events as it is, and name them wrongly.
pub(super) struct Frames {
    response: Response,
    framing: Framing,
    lines: Lines,
    /// The part that is being read.
    part: Option<Part>,
    is_at_start: bool,
    is_at_end: bool,
}

/// The part that is being read.
enum Part {
    /// The data of an event.
    Data(String),
    /// The lines of a JSON value.
    Json(String),
}

impl Part {
    fn text(&mut self) -> &mut String {
        match self {
            Self::Data(text) | Self::Json(text) => text,
        }
    }
}

impl Frames {
    pub(super) fn new(response: Response, framing: Framing) -> Self {
        let (is_at_start, is_at_end) = (true, false);
        Self { response, framing, lines: Lines::default(), part: None, is_at_start, is_at_end }
    }

    /// Returns the next frame, or `None` at the end of the response.
    pub(super) async fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            let Some(line) = self.line().await? else { return self.tail() };
            if let Some(frame) = self.take(&line)? {
                return Ok(Some(frame));
            }
        }
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Returns the response, and whether it was read to its end.
    pub(super) fn into_rest(self) -> (Response, bool) {
        (self.response, self.is_at_end)
    }

    async fn line(&mut self) -> Result<Option<String>, FrameError> {
        loop {
            let line = self.lines.next(MAX_BYTES);
            if let Some(line) = line.map_err(|TooLong| FrameError::Refused(too_large()))? {
                return Ok(Some(self.text(&line)));
            }
            if self.is_at_end {
                return Ok(None);
            }
            match self.response.chunk().await {
                Ok(Some(chunk)) => self.lines.add(&chunk),
                Ok(None) => self.is_at_end = true,
                Err(_) => return Err(FrameError::Broken),
            }
        }
    }

    /// Converts a line into text, without the mark at the beginning of a response. Bytes that are no
    /// text are replaced: they cost no more than themselves.
    fn text(&mut self, line: &[u8]) -> String {
        let text = String::from_utf8_lossy(line);
        let is_first = std::mem::replace(&mut self.is_at_start, false);
        match text.strip_prefix('\u{feff}') {
            Some(text) if is_first => text.to_owned(),
            Some(_) | None => text.into_owned(),
        }
    }

    /// Takes one line, and returns the frame that it ends.
    fn take(&mut self, line: &str) -> Result<Option<Frame>, FrameError> {
        if line.trim().is_empty() {
            // A blank line ends an event, and is nothing in a JSON value.
            return Ok(match self.part.take() {
                None => Some(Frame::Heartbeat),
                Some(Part::Data(data)) => Some(Frame::Part(data)),
                Some(json @ Part::Json(_)) => {
                    self.part = Some(json);
                    None
                }
            });
        }
        if let Some(Part::Json(_)) = self.part
            && !is_of_event(line)
        {
            return self.append(line).map(|()| None);
        }
        if line.trim_start().starts_with(['{', '[']) {
            if is_json(line) {
                return Ok(Some(Frame::Part(line.to_owned())));
            }
            self.part = Some(Part::Json(line.to_owned()));
            return Ok(None);
        }
        let (field, value) = line.trim_start().split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => return Ok(Some(Frame::Heartbeat)),
            "data" => return self.data(value),
            // llama.cpp and its like send an error as a field of its own.
            "error" => return Ok(Some(Frame::Part(error(value)))),
            _ if self.framing == Framing::Lines && !is_of_event(line) => {
                return Ok(Some(Frame::Part(line.to_owned())));
            }
            // The type of an event is ignored, because all dialects repeat it in the data.
            _ => {}
        }
        Ok(None)
    }

    /// Takes a line of data. A value after a complete one begins an event of its own: some
    /// servers leave out the blank line between events.
    fn data(&mut self, value: &str) -> Result<Option<Frame>, FrameError> {
        match self.part.take() {
            Some(Part::Data(data)) if value.starts_with(['{', '[']) && is_object(&data) => {
                self.part = Some(Part::Data(value.to_owned()));
                Ok(Some(Frame::Part(data)))
            }
            Some(unfinished) => {
                self.part = Some(unfinished);
                self.append(value).map(|()| None)
            }
            None => {
                self.part = Some(Part::Data(value.to_owned()));
                Ok(None)
            }
        }
    }

    fn append(&mut self, line: &str) -> Result<(), FrameError> {
        let Some(part) = &mut self.part else { return Ok(()) };
        let text = part.text();
        if text.len() + line.len() >= MAX_BYTES {
            return Err(FrameError::Refused(too_large()));
        }
        text.push('\n');
        text.push_str(line);
        Ok(())
    }

    /// Returns the part after the last complete line or blank line, if that part is complete.
    /// Otherwise the answer was cut off in the middle of the part.
    fn tail(&mut self) -> Result<Option<Frame>, FrameError> {
        let rest = self.lines.rest();
        let line = self.text(&rest);
        let frame = if line.is_empty() { None } else { self.take(&line)? };
        if frame.is_some() {
            return Ok(frame);
        }
        let part = self.part.take().map(|mut part| std::mem::take(part.text()));
        let is_whole = |part: &String| is_json(part) || part.trim() == "[DONE]";
        Ok(part.filter(is_whole).map(Frame::Part))
    }
}

/// Returns whether a line is a field of an event.
fn is_of_event(line: &str) -> bool {
    let line = line.trim_start();
    ["data:", "event:", "id:", "retry:", "error:", ":"].iter().any(|field| line.starts_with(field))
}

fn is_object(text: &str) -> bool {
    text.starts_with('{') && is_json(text)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Returns an error as a part with an error object.
fn error(value: &str) -> String {
    if is_json(value) {
        format!(r#"{{"error":{value}}}"#)
    } else {
        serde_json::json!({ "error": value }).to_string()
    }
}

fn too_large() -> EngineError {
    EngineError::new(
        ErrorKind::TooLarge,
        format!("a single part of the answer is longer than {MAX_BYTES} bytes; check base_url"),
    )
}

//! Splits an answer into parts as it arrives, with a bounded buffer.

use bytes::BytesMut;
use reqwest::Response;
use serde::de::IgnoredAny;
use tokio_util::codec::{Decoder, LinesCodec, LinesCodecError};

use crate::{
    EngineError, ErrorKind,
    providers::{dialect::Framing, failure::protocol},
};

/// The maximum length of a part, in bytes. The last part of some providers repeats the whole
/// answer.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A frame of a stream.
pub(super) enum Frame {
    /// A part of the answer.
    Part(String),
    /// A comment, or an empty line: the provider still sends.
    Heartbeat,
}

/// The reason why there is no next frame.
pub(super) enum FrameError {
    /// The connection broke.
    Broken,
    /// The received data cannot be accepted.
    Refused(EngineError),
}

/// A response that is split into frames.
pub(super) struct Frames {
    response: Response,
    framing: Framing,
    codec: LinesCodec,
    unread: BytesMut,
    /// The data of the present event.
    data: Option<String>,
    is_at_end: bool,
}

impl Frames {
    pub(super) fn new(response: Response, framing: Framing) -> Self {
        let codec = LinesCodec::new_with_max_length(MAX_BYTES);
        Self { response, framing, codec, unread: BytesMut::new(), data: None, is_at_end: false }
    }

    /// Returns the next frame, or `None` at the end of the response.
    pub(super) async fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            let Some(line) = self.line().await? else { return Ok(self.tail()) };
            match self.framing {
                Framing::Lines if line.trim().is_empty() => return Ok(Some(Frame::Heartbeat)),
                Framing::Lines => return Ok(Some(Frame::Part(line))),
                Framing::Events => {
                    if let Some(frame) = self.event_line(&line)? {
                        return Ok(Some(frame));
                    }
                }
            }
        }
    }

    async fn line(&mut self) -> Result<Option<String>, FrameError> {
        while !self.is_at_end {
            if let Some(line) = self.codec.decode(&mut self.unread).map_err(refused)? {
                return Ok(Some(line));
            }
            match self.response.chunk().await {
                Ok(Some(chunk)) => self.unread.extend_from_slice(&chunk),
                Ok(None) => self.is_at_end = true,
                Err(_) => return Err(FrameError::Broken),
            }
        }
        // The codec remembers the position up to which it has searched. That position is no longer
        // valid once `tail` has emptied the buffer.
        if self.unread.is_empty() {
            return Ok(None);
        }
        self.codec.decode(&mut self.unread).map_err(refused)
    }

    /// Reads one line of server-sent events. A blank line ends an event.
    fn event_line(&mut self, line: &str) -> Result<Option<Frame>, FrameError> {
        if line.is_empty() {
            return Ok(Some(self.data.take().map_or(Frame::Heartbeat, Frame::Part)));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        match field {
            "" => return Ok(Some(Frame::Heartbeat)),
            "data" => self.append(value.strip_prefix(' ').unwrap_or(value))?,
            // The type of an event is ignored, because all dialects repeat it in the data.
            _ => {}
        }
        Ok(None)
    }

    fn append(&mut self, value: &str) -> Result<(), FrameError> {
        let Some(data) = &mut self.data else {
            self.data = Some(value.to_owned());
            return Ok(());
        };
        if data.len() + value.len() >= MAX_BYTES {
            return Err(FrameError::Refused(too_large()));
        }
        data.push('\n');
        data.push_str(value);
        Ok(())
    }

    /// Returns the text after the last complete line as a part, if that part is complete JSON.
    /// Otherwise the answer was cut off in the middle of the part.
    fn tail(&mut self) -> Option<Frame> {
        let rest = self.unread.split();
        let line = str::from_utf8(&rest).unwrap_or_default().trim();
        let part = match self.framing {
            Framing::Lines => line.to_owned(),
            Framing::Events => {
                let unfinished = self.data.take().unwrap_or_default();
                unfinished + line.strip_prefix("data:").unwrap_or_default()
            }
        };
        serde_json::from_str::<IgnoredAny>(&part).is_ok().then_some(Frame::Part(part))
    }
}

fn refused(error: LinesCodecError) -> FrameError {
    FrameError::Refused(match error {
        LinesCodecError::MaxLineLengthExceeded => too_large(),
        LinesCodecError::Io(_) => protocol("it is not UTF-8"),
    })
}

fn too_large() -> EngineError {
    EngineError::new(
        ErrorKind::TooLarge,
        format!("a single part of the answer is longer than {MAX_BYTES} bytes; check base_url"),
    )
}

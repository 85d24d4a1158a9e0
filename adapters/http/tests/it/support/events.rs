//! A client of server-sent events.

use std::{collections::VecDeque, pin::Pin};

use futures_util::{Stream, StreamExt};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;

use super::within;

type Bytes = Pin<Box<dyn Stream<Item = Option<Vec<u8>>> + Send>>;

/// A stream of events that is being read.
pub(crate) struct Events {
    bytes: Bytes,
    unread: Vec<u8>,
    frames: VecDeque<Frame>,
}

/// What stands between two empty lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    pub(crate) event: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
    /// Whether the frame is a comment, which keeps the connection alive.
    pub(crate) is_comment: bool,
}

impl Events {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = within("the head of a stream", request.send()).await.expect("a response");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let bytes = response.bytes_stream().map(|chunk| chunk.ok().map(|chunk| chunk.to_vec()));
        Self { bytes: Box::pin(bytes), unread: Vec::new(), frames: VecDeque::new() }
    }

    /// The next frame, comments included. `None` after the end of the response.
    pub(crate) async fn any(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some(frame);
            }
            let chunk = within("more of a stream", self.bytes.next()).await?;
            self.unread.extend(chunk.expect("the response is whole"));
            while let Some(end) = self.unread.windows(2).position(|it| it == b"\n\n") {
                let frame: Vec<u8> = self.unread.drain(..end + 2).collect();
                self.frames.push_back(Frame::read(str::from_utf8(&frame).expect("UTF-8")));
            }
        }
    }

    /// The next event. `None` after the end of the response.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            match self.any().await {
                Some(frame) if frame.is_comment => {}
                frame => return frame,
            }
        }
    }

    /// All events up to the first with this name.
    pub(crate) async fn up_to(&mut self, event: &str) -> Vec<Frame> {
        let mut frames = Vec::new();
        while frames.last().is_none_or(|frame: &Frame| frame.event != event) {
            frames.push(self.next().await.unwrap_or_else(|| panic!("no `{event}`: {frames:?}")));
        }
        frames
    }

    /// All events up to the end of the response.
    pub(crate) async fn rest(mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }
}

impl Frame {
    fn read(text: &str) -> Self {
        let mut frame = Self { is_comment: true, ..Self::default() };
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').expect("a field");
            let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
            match name {
                "event" => frame.event = value,
                "id" => frame.id = Some(value),
                "data" => frame.data = serde_json::from_str(&value).expect("JSON"),
                "" => continue,
                other => panic!("no such field: {other}"),
            }
            frame.is_comment = false;
        }
        frame
    }
}

/// Puts pieces of text together as a client does: a piece with offset 0 replaces what was shown.
pub(crate) fn text_of<'a>(items: impl IntoIterator<Item = &'a Value>) -> String {
    let mut shown = String::new();
    for item in items.into_iter().filter(|item| item["type"] == "text_delta") {
        let offset = item["offset"].as_u64().expect("an offset");
        if offset == 0 {
            shown.clear();
        }
        assert_eq!(offset, shown.len() as u64, "the text has no hole and no repetition");
        shown.push_str(item["text"].as_str().expect("a text"));
    }
    shown
}

/// The sequences of a Worker's events.
pub(crate) fn sequences<'a>(items: impl IntoIterator<Item = &'a Value>) -> Vec<u64> {
    items.into_iter().filter_map(|item| item["worker_sequence"].as_u64()).collect()
}

//! A scripted reply to a request, as a list of actions on the connection.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

/// An action on a connection.
#[derive(Clone, Debug)]
enum Act {
    Send(Vec<u8>),
    Wait(Duration),
    /// Sends the bytes repeatedly, with a pause, until the client closes the connection.
    Flood(Vec<u8>, Duration),
    /// Waits until the client closes the connection.
    Hang,
    Reset,
}

/// A scripted reply to a request. The connection is closed at its end, unless it is
/// [kept](Reply::kept).
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Reply {
    acts: Vec<Act>,
    is_kept: bool,
}

impl Reply {
    /// A response head with this status and these header lines.
    pub fn status(status: &str, headers: &[&str]) -> Self {
        let mut head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        Self::default().raw(head + "\r\n")
    }

    /// A complete response with a JSON body.
    pub fn json(status: &str, headers: &[&str], body: &str) -> Self {
        let length = format!("content-length: {}", body.len());
        let own = ["content-type: application/json", &length];
        Self::status(status, &[&own[..], headers].concat()).raw(body)
    }

    /// The head of a chunked response, whose end differs from a closed connection.
    pub fn stream(content_type: &str) -> Self {
        let content_type = format!("content-type: {content_type}");
        Self::status("200 OK", &[&content_type, "transfer-encoding: chunked"])
    }

    /// A response with server-sent events of this data. It has no end: see [`end`](Self::end).
    pub fn events(data: &[&str]) -> Self {
        data.iter().fold(Self::stream("text/event-stream"), |reply, data| reply.event(data))
    }

    /// A response with lines of JSON. It has no end: see [`end`](Self::end).
    pub fn lines(lines: &[&str]) -> Self {
        let stream = Self::stream("application/x-ndjson");
        lines.iter().fold(stream, |reply, line| reply.chunk(format!("{line}\n")))
    }

    /// Adds a server-sent event with this data.
    pub fn event(self, data: &str) -> Self {
        self.chunk(format!("data: {data}\n\n"))
    }

    /// Adds a chunk to a chunked body.
    pub fn chunk(self, bytes: impl AsRef<[u8]>) -> Self {
        self.raw(chunked(bytes.as_ref()))
    }

    /// Ends a chunked body.
    pub fn end(self) -> Self {
        self.raw("0\r\n\r\n")
    }

    /// Adds raw bytes.
    pub fn raw(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.act(Act::Send(bytes.into()))
    }

    /// Waits before the next action.
    pub fn wait(self, wait: Duration) -> Self {
        self.act(Act::Wait(wait))
    }

    /// Sends the same chunk repeatedly, with a pause, until the client closes the connection.
    pub fn flood(self, bytes: impl AsRef<[u8]>, pause: Duration) -> Self {
        self.act(Act::Flood(chunked(bytes.as_ref()), pause))
    }

    /// Sends nothing more, until the client closes the connection.
    pub fn hang(self) -> Self {
        self.act(Act::Hang)
    }

    /// Resets the connection at its end instead of closing it.
    pub fn reset(self) -> Self {
        self.act(Act::Reset)
    }

    /// Keeps the connection for the next request. The reply must have an end.
    pub fn kept(mut self) -> Self {
        if let Some(Act::Send(head)) = self.acts.first_mut() {
            let kept = String::from_utf8_lossy(head).replace("connection: close\r\n", "");
            *head = kept.into_bytes();
        }
        self.is_kept = true;
        self
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Carries out all actions. Returns false if the client closed the connection before the end.
    pub(crate) async fn perform(self, connection: &mut TcpStream) -> bool {
        for act in self.acts {
            if !perform(act, connection).await {
                return false;
            }
        }
        true
    }

    fn act(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }
}

fn chunked(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// Carries out an action. Returns false if the client has closed the connection.
async fn perform(act: Act, connection: &mut TcpStream) -> bool {
    match act {
        Act::Send(bytes) => connection.write_all(&bytes).await.is_ok(),
        Act::Wait(wait) => {
            tokio::select! {
                () = sleep(wait) => true,
                () = gone(connection) => false,
            }
        }
        Act::Flood(bytes, pause) => {
            while connection.write_all(&bytes).await.is_ok() {
                sleep(pause).await;
            }
            false
        }
        Act::Hang => {
            gone(connection).await;
            false
        }
        Act::Reset => {
            connection.set_zero_linger().unwrap();
            true
        }
    }
}

/// Waits until the client closes the connection.
async fn gone(connection: &mut TcpStream) {
    let mut byte = [0];
    while matches!(connection.read(&mut byte).await, Ok(1..)) {}
}

//! What is done with a request.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

/// A thing to do on a connection after a request came.
#[derive(Clone, Debug)]
enum Act {
    Send(Vec<u8>),
    Wait(Duration),
    /// Sends again and again, until the client leaves.
    Flood(Vec<u8>, Duration),
    /// Waits until the client leaves.
    Hang,
    Reset,
}

/// What is done with one request. The connection is closed at its end.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Reply {
    acts: Vec<Act>,
}

impl Reply {
    /// A head with this status line and these lines after it.
    pub fn status(status: &str, headers: &[&str]) -> Self {
        let mut head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        Self::default().raw(head + "\r\n")
    }

    /// A whole answer of JSON.
    pub fn json(status: &str, headers: &[&str], body: &str) -> Self {
        let length = format!("content-length: {}", body.len());
        let own = ["content-type: application/json", &length];
        Self::status(status, &[&own[..], headers].concat()).raw(body)
    }

    /// The head of a stream whose end can be told from a cut.
    pub fn stream(content_type: &str) -> Self {
        let content_type = format!("content-type: {content_type}");
        Self::status("200 OK", &[&content_type, "transfer-encoding: chunked"])
    }

    /// Server-sent events with this data.
    pub fn events(data: &[&str]) -> Self {
        data.iter().fold(Self::stream("text/event-stream"), |reply, data| reply.event(data))
    }

    /// Lines of JSON.
    pub fn lines(lines: &[&str]) -> Self {
        let stream = Self::stream("application/x-ndjson");
        lines.iter().fold(stream, |reply, line| reply.chunk(format!("{line}\n")))
    }

    /// One more server-sent event with this data.
    pub fn event(self, data: &str) -> Self {
        self.chunk(format!("data: {data}\n\n"))
    }

    /// A piece of a body that is streamed.
    pub fn chunk(self, bytes: impl AsRef<[u8]>) -> Self {
        self.raw(chunked(bytes.as_ref()))
    }

    /// The proper end of a stream.
    pub fn end(self) -> Self {
        self.raw("0\r\n\r\n")
    }

    /// Bytes as they are.
    pub fn raw(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.act(Act::Send(bytes.into()))
    }

    /// Nothing for a while.
    pub fn wait(self, wait: Duration) -> Self {
        self.act(Act::Wait(wait))
    }

    /// The same piece again and again, until the client leaves.
    pub fn flood(self, bytes: impl AsRef<[u8]>, pause: Duration) -> Self {
        self.act(Act::Flood(chunked(bytes.as_ref()), pause))
    }

    /// Nothing more, until the client leaves.
    pub fn hang(self) -> Self {
        self.act(Act::Hang)
    }

    /// A connection that is reset where it would be closed.
    pub fn reset(self) -> Self {
        self.act(Act::Reset)
    }

    /// Whether the client stayed to the end.
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

/// Whether the client is still there.
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

async fn gone(connection: &mut TcpStream) {
    let mut byte = [0];
    while matches!(connection.read(&mut byte).await, Ok(1..)) {}
}

//! A server over raw TCP that does what a script says.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

/// A thing to do on a connection after a request came.
#[derive(Clone)]
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
#[derive(Clone, Default)]
pub(crate) struct Reply {
    acts: Vec<Act>,
}

impl Reply {
    /// A head with this status line and these lines after it.
    pub(crate) fn status(status: &str, headers: &[&str]) -> Self {
        let mut head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        Self::default().raw(head + "\r\n")
    }

    /// A whole answer of JSON.
    pub(crate) fn json(status: &str, headers: &[&str], body: &str) -> Self {
        let length = format!("content-length: {}", body.len());
        let own = ["content-type: application/json", &length];
        Self::status(status, &[&own[..], headers].concat()).raw(body)
    }

    /// The head of a stream whose end can be told from a cut.
    pub(crate) fn stream(content_type: &str) -> Self {
        let content_type = format!("content-type: {content_type}");
        Self::status("200 OK", &[&content_type, "transfer-encoding: chunked"])
    }

    /// Server-sent events with this data.
    pub(crate) fn events(data: &[&str]) -> Self {
        data.iter().fold(Self::stream("text/event-stream"), |reply, data| reply.event(data))
    }

    pub(crate) fn event(self, data: &str) -> Self {
        self.chunk(format!("data: {data}\n\n"))
    }

    pub(crate) fn chunk(self, bytes: impl AsRef<[u8]>) -> Self {
        self.raw(chunked(bytes.as_ref()))
    }

    /// The proper end of a stream.
    pub(crate) fn end(self) -> Self {
        self.raw("0\r\n\r\n")
    }

    pub(crate) fn raw(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.act(Act::Send(bytes.into()))
    }

    pub(crate) fn wait(self, wait: Duration) -> Self {
        self.act(Act::Wait(wait))
    }

    pub(crate) fn flood(self, bytes: impl AsRef<[u8]>, pause: Duration) -> Self {
        self.act(Act::Flood(chunked(bytes.as_ref()), pause))
    }

    pub(crate) fn hang(self) -> Self {
        self.act(Act::Hang)
    }

    pub(crate) fn reset(self) -> Self {
        self.act(Act::Reset)
    }

    fn act(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }
}

fn chunked(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// A running server. The first request gets the first reply, the last reply repeats.
pub(crate) struct Mock {
    pub(crate) origin: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<String>>,
    at_work: AtomicUsize,
    left: AtomicUsize,
}

impl Mock {
    pub(crate) async fn serve(replies: impl Into<Vec<Reply>>) -> Self {
        let replies: Vec<Reply> = replies.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            let mut next = 0;
            while let Ok((connection, _)) = listener.accept().await {
                let reply = replies[next.min(replies.len() - 1)].clone();
                next += 1;
                tokio::spawn(answer(connection, reply, Arc::clone(&shared)));
            }
        });
        Self { origin, seen }
    }

    /// All requests, heads and bodies.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// The only request's body.
    pub(crate) fn body(&self) -> serde_json::Value {
        let requests = self.requests();
        assert_eq!(requests.len(), 1);
        serde_json::from_str(requests[0].split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// A function that counts the requests being answered now.
    pub(crate) fn at_work(&self) -> impl Fn() -> usize + Send + Sync + use<> {
        let seen = Arc::clone(&self.seen);
        move || seen.at_work.load(Ordering::SeqCst)
    }

    /// Waits until this many clients have gone away before their answer was over.
    pub(crate) async fn wait_for_leavers(&self, count: usize) {
        let left = async {
            while self.seen.left.load(Ordering::SeqCst) < count {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(Duration::from_secs(10), left).await.expect("the client does not leave");
    }
}

async fn answer(mut connection: TcpStream, reply: Reply, seen: Arc<Seen>) {
    let Some(request) = read_request(&mut connection).await else { return };
    seen.requests.lock().unwrap().push(request);
    seen.at_work.fetch_add(1, Ordering::SeqCst);
    for act in reply.acts {
        if !perform(act, &mut connection).await {
            seen.left.fetch_add(1, Ordering::SeqCst);
            break;
        }
    }
    seen.at_work.fetch_sub(1, Ordering::SeqCst);
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

async fn read_request(connection: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    loop {
        let mut part = [0; 4096];
        let read = connection.read(&mut part).await.ok()?;
        if read == 0 {
            return None;
        }
        request.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return Some(text.into_owned());
        }
    }
}

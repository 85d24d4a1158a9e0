//! An HTTP server over raw TCP with scripted replies.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

use crate::Reply;

/// A running server. Each request gets the next reply, and the last reply repeats.
#[derive(Debug)]
pub struct MockProvider {
    origin: String,
    seen: Arc<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    requests: Mutex<Vec<String>>,
    connections: AtomicUsize,
    at_work: AtomicUsize,
    left: AtomicUsize,
}

impl Seen {
    fn requests(&self) -> MutexGuard<'_, Vec<String>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MockProvider {
    /// Starts a server on a local port, in tasks of the current tokio runtime.
    ///
    /// # Panics
    ///
    /// Panics if `replies` is empty or no port is free.
    pub async fn serve(replies: impl Into<Vec<Reply>>) -> Self {
        let replies: Vec<Reply> = replies.into();
        assert!(!replies.is_empty(), "there is a reply");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
        let origin =
            format!("http://{}", listener.local_addr().expect("the listener has an address"));
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        let replies = Arc::new(replies);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(connection, Arc::clone(&replies), Arc::clone(&shared)));
            }
        });
        Self { origin, seen }
    }

    /// The server's origin, such as `http://127.0.0.1:1234`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// All requests so far, each with its head and body.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.seen.requests().clone()
    }

    /// The bodies of all requests so far.
    ///
    /// # Panics
    ///
    /// Panics if a body is not JSON.
    #[must_use]
    pub fn bodies(&self) -> Vec<serde_json::Value> {
        let requests = self.requests();
        let bodies = requests.iter().filter_map(|request| request.split_once("\r\n\r\n"));
        bodies.map(|(_, body)| serde_json::from_str(body).expect("a body is JSON")).collect()
    }

    /// The number of connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// A function that returns the number of requests that are being answered.
    pub fn at_work(&self) -> impl Fn() -> usize + Send + Sync + use<> {
        let seen = Arc::clone(&self.seen);
        move || seen.at_work.load(Ordering::SeqCst)
    }

    /// Waits until `count` clients have closed their connection before the end of the answer.
    ///
    /// # Panics
    ///
    /// Panics if they have not within 10 s.
    pub async fn wait_for_leavers(&self, count: usize) {
        let left = async {
            while self.seen.left.load(Ordering::SeqCst) < count {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(Duration::from_secs(10), left).await.expect("the clients leave");
    }
}

/// Answers the requests of a connection.
async fn serve(mut connection: TcpStream, replies: Arc<Vec<Reply>>, seen: Arc<Seen>) {
    while let Some(request) = read_request(&mut connection).await {
        let reply = {
            let mut requests = seen.requests();
            requests.push(request);
            replies[(requests.len() - 1).min(replies.len() - 1)].clone()
        };
        let is_kept = reply.is_kept();
        seen.at_work.fetch_add(1, Ordering::SeqCst);
        let is_whole = reply.perform(&mut connection).await;
        seen.at_work.fetch_sub(1, Ordering::SeqCst);
        if !is_whole {
            seen.left.fetch_add(1, Ordering::SeqCst);
        }
        if !is_whole || !is_kept {
            return;
        }
    }
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

//! A client of `yoi rpc` for tests.

use std::collections::VecDeque;

use serde_json::{Value, json};

pub(super) use crate::process::ECHO_NOTE as NOTE;
use crate::process::{Ended, Process};

/// A client of `yoi rpc`.
#[derive(Debug)]
pub(super) struct Client {
    process: Process,
    calls: u64,
    /// Events that came while the client waited for a reply.
    events: VecDeque<Value>,
}

impl Client {
    pub(super) fn start(arguments: &[&str]) -> Self {
        let process = Process::start(&[&["rpc"], arguments].concat());
        Self { process, calls: 0, events: VecDeque::new() }
    }

    /// Writes bytes to stdin.
    pub(super) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.process.write(bytes);
    }

    /// Writes one line.
    pub(super) fn send(&mut self, line: impl AsRef<[u8]>) {
        self.process.write([line.as_ref(), b"\n"].concat());
    }

    /// The next line of stdout, not parsed.
    pub(super) fn line(&mut self) -> Option<String> {
        self.process.line()
    }

    /// The next line of stdout, parsed.
    pub(super) fn message(&mut self) -> Value {
        self.process.json()
    }

    /// Sends a request and returns its whole response.
    pub(super) fn respond(&mut self, method: &str, params: &Value) -> Value {
        self.calls += 1;
        let id = format!("call-{}", self.calls);
        self.send(request(&id, method, params));
        loop {
            let message = self.message();
            if message["method"] == "event" {
                self.events.push_back(message["params"].clone());
                continue;
            }
            assert_eq!(message["id"], json!(id), "{message}");
            return message;
        }
    }

    /// Sends a request and returns its result.
    #[track_caller]
    pub(super) fn call(&mut self, method: &str, params: &Value) -> Value {
        let mut response = self.respond(method, params);
        assert!(response["error"].is_null(), "{response}");
        response["result"].take()
    }

    /// Sends a request that is refused, and returns the error.
    #[track_caller]
    pub(super) fn refused(&mut self, method: &str, params: &Value) -> Value {
        let mut response = self.respond(method, params);
        assert!(response["result"].is_null(), "{response}");
        response["error"].take()
    }

    /// The params of the next event: `subscription` and `item`.
    pub(super) fn event(&mut self) -> Value {
        self.events.pop_front().unwrap_or_else(|| {
            let mut message = self.message();
            assert_eq!(message["method"], "event", "{message}");
            message["params"].take()
        })
    }

    /// The params of the next event among those that came before a reply.
    pub(super) fn kept_event(&mut self) -> Option<Value> {
        self.events.pop_front()
    }

    /// The next item of this type. Those before it are skipped.
    pub(super) fn item(&mut self, item_type: &str) -> Value {
        loop {
            let mut event = self.event();
            if event["item"]["type"] == item_type {
                return event["item"].take();
            }
        }
    }

    /// Creates a Worker and returns its reference.
    pub(super) fn worker(&mut self) -> Value {
        self.call("create_worker", &json!({}))["detail"]["worker"].take()
    }

    /// Subscribes to a Worker from its first event, and returns the subscription.
    pub(super) fn subscribe(&mut self, worker: &Value) -> Value {
        let scope = json!({ "type": "worker", "worker": worker });
        let params = json!({ "scope": scope, "from": { "type": "oldest" } });
        self.call("subscribe", &params)["subscription"].take()
    }

    /// Subscribes to the Runtime from now on.
    pub(super) fn subscribe_to_runtime(&mut self) -> Value {
        self.call("subscribe", &json!({ "scope": { "type": "runtime" } }))["subscription"].take()
    }

    pub(super) fn close_stdin(&mut self) {
        self.process.close_stdin();
    }

    pub(super) fn close_stdout(&mut self) {
        self.process.close_stdout();
    }

    /// Closes stdin and waits for the end.
    pub(super) fn end(self) -> Ended {
        self.process.end()
    }

    /// Waits for the process to end without closing stdin.
    pub(super) fn wait(self) -> Ended {
        self.process.wait()
    }

    /// Waits for the process to end without closing stdin and without reading stdout.
    #[cfg(unix)]
    pub(super) fn wait_without_reading(self) -> Ended {
        self.process.wait_without_reading()
    }

    /// Sends a signal, such as `INT`.
    #[cfg(unix)]
    pub(super) fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Reads stdout up to and including `text`.
    #[cfg(unix)]
    pub(super) fn until(&mut self, text: &str) -> String {
        self.process.until(text)
    }
}

/// A request as a line.
pub(super) fn request(id: &str, method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

/// The params of `send_input` with a user's text.
pub(super) fn said(worker: &Value, text: &str) -> Value {
    json!({ "worker": worker, "input": { "kind": "user", "text": text } })
}

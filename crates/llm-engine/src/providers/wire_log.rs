//! Shows what goes to a server and what comes back, without secrets.

use std::{fmt, sync::Arc};

use reqwest::{Method, Response, StatusCode, Url, header::HeaderMap};

use super::{
    endpoint::shown_base_url,
    failure::{self, Secrets},
};

/// A receiver of what goes to a server and what comes back, line by line, for people who look for a
/// fault.
///
/// A line begins with `> ` if it was sent and with `< ` if it came: the method and the address, the
/// status, headers, and bodies. Keys, headers that are secrets, and what looks like a key are
/// replaced by `[redacted]`. Everything else is shown, also the conversation. The lines are not
/// free of control characters.
///
/// The receiver is called while a call is polled, so it must not block for long.
#[derive(Clone)]
pub struct WireLog(Arc<dyn Fn(&str) + Send + Sync>);

impl WireLog {
    /// Creates a log that hands each line to `receiver`.
    #[must_use]
    pub fn new(receiver: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(receiver))
    }
}

impl fmt::Debug for WireLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WireLog")
    }
}

/// The log of one server, which hides the secrets that are sent there.
pub(super) struct ServerLog {
    log: WireLog,
    secrets: Secrets,
}

impl ServerLog {
    pub(super) fn new(log: WireLog, secrets: Secrets) -> Self {
        Self { log, secrets }
    }

    pub(super) fn request(&self, method: &Method, url: &Url, headers: &HeaderMap, body: &[u8]) {
        let url = self.secrets.hide(&shown_base_url(url.as_str()));
        (self.log.0)(&format!("> {method} {url}"));
        self.headers('>', headers);
        self.text('>', &String::from_utf8_lossy(body));
    }

    /// Shows the head of a response.
    pub(super) fn head(&self, response: &Response) {
        self.status(response.status());
        self.headers('<', response.headers());
    }

    fn status(&self, status: StatusCode) {
        (self.log.0)(&format!("< HTTP {status}"));
    }

    fn headers(&self, sign: char, headers: &HeaderMap) {
        for (name, value) in headers {
            let is_secret = value.is_sensitive() || name.as_str().contains("cookie");
            let value = if is_secret {
                "[redacted]".to_owned()
            } else {
                self.secrets.hide(&String::from_utf8_lossy(value.as_bytes()))
            };
            (self.log.0)(&format!("{sign} {name}: {value}"));
        }
    }

    /// Shows a text, such as a part of an answer.
    pub(super) fn text(&self, sign: char, text: &str) {
        for line in self.secrets.hide(text).lines() {
            (self.log.0)(&format!("{sign} {line}"));
        }
    }

    /// Reads and shows the body of a response that is not a stream, and returns the response with
    /// its body.
    pub(super) async fn body(&self, response: Response) -> Response {
        let mut whole = http::Response::new(Vec::new());
        *whole.status_mut() = response.status();
        whole.headers_mut().clone_from(response.headers());
        *whole.body_mut() = failure::body(response).await;
        self.text('<', &String::from_utf8_lossy(whole.body()));
        whole.into()
    }
}

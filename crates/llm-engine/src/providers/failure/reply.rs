//! What the head of an answer says about a failure.

use std::time::Duration;

use reqwest::{Response, header::HeaderMap};

use super::retry_after;
use crate::{EngineError, ProviderError};

/// The headers with the id that a provider gives to a request.
const REQUEST_IDS: [&str; 8] = [
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "x-amz-request-id",
    "apim-request-id",
    "x-ms-request-id",
    "x-dashscope-request-id",
    "x-litellm-call-id",
];

/// The headers with the id that a machine between here and the provider gives to a request.
const IDS_ON_THE_WAY: [&str; 3] = ["x-correlation-id", "x-trace-id", "cf-ray"];

/// The head of an answer, as far as it is about a failure.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// The time that the provider asks to wait.
    pub(super) retry_after: Option<Duration>,
    /// The time until an allowance is there again.
    pub(super) reset: Option<Duration>,
    /// Whether the provider says that the call should be made again.
    pub(super) should_retry: Option<bool>,
    /// The id that the provider gives to the request.
    request_id: Option<String>,
    /// An id of the request, for want of another.
    any_id: Option<String>,
}

impl Reply {
    pub(super) fn of(response: &Response) -> Self {
        let headers = response.headers();
        Self {
            status: response.status().as_u16(),
            retry_after: retry_after::in_headers(headers),
            reset: retry_after::reset(headers),
            should_retry: text(headers, "x-should-retry").and_then(|text| text.parse().ok()),
            request_id: first(headers, &REQUEST_IDS),
            any_id: request_id(headers),
        }
    }

    /// Adds to an error what the provider said. A failure in the middle of an answer came with no
    /// status of its own.
    pub(super) fn shown_in(&self, error: EngineError, said: ProviderError) -> EngineError {
        let status = said.status.or(Some(self.status).filter(|status| *status > 0));
        let said = ProviderError { status, ..said };
        let any_id = self.any_id.as_ref().filter(|_| said.request_id.is_none());
        error.with_provider(match self.request_id.as_ref().or(any_id) {
            Some(id) => said.request_id(id),
            None => said,
        })
    }
}

/// Returns the id that the head of an answer gives to the request.
pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    first(headers, &REQUEST_IDS).or_else(|| first(headers, &IDS_ON_THE_WAY))
}

fn first(headers: &HeaderMap, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| text(headers, name)).map(str::to_owned)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_request_has_many_names() {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", " ".parse().unwrap());
        assert_eq!(request_id(&headers), None);
        headers.insert("cf-ray", "ray".parse().unwrap());
        assert_eq!(request_id(&headers).unwrap(), "ray");
        headers.insert("request-id", "req_1".parse().unwrap());
        assert_eq!(request_id(&headers).unwrap(), "req_1");
    }
}

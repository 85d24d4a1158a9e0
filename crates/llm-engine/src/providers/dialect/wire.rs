//! The interface of a dialect: its requests and its answers.

use reqwest::Url;

use crate::{
    EngineError, ModelRequest,
    providers::{endpoint::Endpoint, http::Answer},
};

/// The form of the parts of a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::providers) enum Framing {
    /// Server-sent events.
    Events,
    /// A JSON value in each line.
    Lines,
}

/// The requests and answers of one provider. A dialect holds no state of a call.
pub(in crate::providers) trait Dialect: Send + Sync {
    fn framing(&self) -> Framing;

    /// Returns the address of a request.
    fn url(&self, endpoint: &Endpoint, request: &ModelRequest) -> Result<Url, EngineError>;

    /// Returns the JSON body of a request.
    fn body(&self, request: &ModelRequest) -> Result<Vec<u8>, EngineError>;

    /// Reads one part of the answer.
    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError>;
}

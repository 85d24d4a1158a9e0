//! The interface of a dialect: its requests and its answers.

use reqwest::Url;

use super::{Ask, Counts};
use crate::{
    EngineError, ModelRequest, TokenUsage,
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
    fn body(&self, ask: &Ask<'_>) -> Result<Vec<u8>, EngineError>;

    /// Converts all counts of a call.
    fn usage(&self, counts: &Counts) -> TokenUsage {
        counts.usage()
    }

    /// Reads one part of the answer, which is a JSON object of the protocol, or a whole answer of a
    /// server that does not stream. [`Answer`] decides the order of what the part holds: its token
    /// counts come first, then its text, then its error.
    fn read(&self, part: &str, answer: &mut Answer) -> Result<(), EngineError>;
}

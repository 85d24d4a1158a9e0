//! The server of a provider, which all its calls share.

use reqwest::{Client, header::HeaderMap};

use super::rests::Rests;
use crate::providers::{dialect::Dialect, endpoint::Endpoint, failure::Secrets};

/// The address of a server, the client and the headers for its calls, and the dialect that it
/// speaks.
pub(super) struct Server {
    pub(super) dialect: Box<dyn Dialect>,
    pub(super) client: Client,
    pub(super) endpoint: Endpoint,
    pub(super) headers: HeaderMap,
    /// What no error may show.
    pub(super) secrets: Secrets,
    pub(super) rests: Rests,
}

//! The server of a provider, as all calls share it.

use reqwest::{Client, header::HeaderMap};

use crate::providers::{dialect::Dialect, endpoint::Endpoint};

/// Where calls go, what each of them carries, and the language that the server speaks.
pub(super) struct Server {
    pub(super) dialect: Box<dyn Dialect>,
    pub(super) client: Client,
    pub(super) endpoint: Endpoint,
    pub(super) headers: HeaderMap,
}

//! A provider that is reached over HTTP.

mod answer;
mod call;
mod frames;
mod rests;
mod server;
mod think_tags;

use std::sync::Arc;

use futures_util::{StreamExt, stream::unfold};
use reqwest::{Client, header::HeaderMap};

use super::{ProviderKind, dialect::Dialect, endpoint::Endpoint, failure::Secrets};
use crate::{ModelRequest, Provider, ProviderStream};

pub(super) use answer::Answer;
use call::Call;
use rests::Rests;
use server::Server;

/// A provider that is reached over HTTP.
pub(super) struct HttpProvider {
    kind: ProviderKind,
    server: Arc<Server>,
}

impl HttpProvider {
    pub(super) fn new(
        kind: ProviderKind,
        dialect: Box<dyn Dialect>,
        client: Client,
        endpoint: Endpoint,
        headers: HeaderMap,
    ) -> Self {
        let secrets = Secrets::of(&headers);
        let rests = Rests::default();
        let server = Server { dialect, client, endpoint, headers, secrets, rests };
        Self { kind, server: Arc::new(server) }
    }
}

impl Provider for HttpProvider {
    fn name(&self) -> &str {
        self.kind.as_str()
    }

    fn stream(&self, request: Arc<ModelRequest>) -> ProviderStream {
        let call = Call::new(Arc::clone(&self.server), request);
        let events = unfold(call, |mut call| async move { Some((call.next().await?, call)) });
        Box::pin(events.fuse())
    }
}

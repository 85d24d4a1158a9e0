//! A provider that is reached over HTTP.

mod answer;
mod call;
mod frames;
mod learning;
mod lines;
mod rests;
mod server;
mod think_tags;

use std::sync::Arc;

use futures_util::{StreamExt, stream::unfold};

use super::ProviderKind;
use crate::{ModelRequest, Provider, ProviderStream};

pub(super) use self::answer::{Answer, Begun, End, Written};
use call::Call;
pub(super) use learning::Learned;
pub(super) use rests::Rests;
pub(super) use server::Server;

/// A provider that is reached over HTTP.
pub(super) struct HttpProvider {
    kind: ProviderKind,
    needs_model: bool,
    server: Arc<Server>,
}

impl HttpProvider {
    pub(super) fn new(kind: ProviderKind, needs_model: bool, server: Server) -> Self {
        Self { kind, needs_model, server: Arc::new(server) }
    }
}

impl Provider for HttpProvider {
    fn name(&self) -> &str {
        self.kind.as_str()
    }

    fn needs_model(&self) -> bool {
        self.needs_model
    }

    fn stream(&self, request: Arc<ModelRequest>) -> ProviderStream {
        let call = Call::new(Arc::clone(&self.server), request);
        let events = unfold(call, |mut call| async move { Some((call.next().await?, call)) });
        Box::pin(events.fuse())
    }
}

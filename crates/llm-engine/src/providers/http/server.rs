//! The server of a provider, which all its calls share.

use std::sync::Arc;

use reqwest::{Client, Response, header::HeaderMap};

use super::{learning::Learned, rests::Rests};
use crate::{
    ModelRequest,
    providers::{
        dialect::{Ask, Dialect, Form},
        endpoint::Endpoint,
        failure::Secrets,
        origin::Origin,
        wire_log::ServerLog,
    },
};

/// The address of a server, the client and the headers for its calls, and the dialect that it
/// speaks.
pub(in crate::providers) struct Server {
    pub(in crate::providers) dialect: Box<dyn Dialect>,
    pub(in crate::providers) client: Arc<Client>,
    pub(in crate::providers) endpoint: Endpoint,
    pub(in crate::providers) headers: HeaderMap,
    /// The form of the requests, as far as it is known before the first one.
    pub(in crate::providers) form: Form,
    /// What the server has taught since.
    pub(in crate::providers) learned: Learned,
    /// What no error may show.
    pub(in crate::providers) secrets: Secrets,
    /// The receiver of what is sent and what comes, if one is asked for.
    pub(in crate::providers) log: Option<ServerLog>,
    pub(in crate::providers) rests: Rests,
}

impl Server {
    /// Returns a request in the form in which the server wants it, as far as that is known now.
    pub(super) fn ask<'a>(&'a self, request: &'a ModelRequest) -> Ask<'a> {
        let learned = self.learned.of(request.model.as_deref());
        Ask {
            request,
            form: &self.form,
            switches: self.form.switches.with(learned),
            origin: Origin::new(&self.form.provider, request),
        }
    }

    /// Learns from a response that refuses a request. Returns the response if it teaches nothing,
    /// or else nothing: the request is worth another call.
    pub(super) async fn learn(&self, ask: &Ask<'_>, refusal: Response) -> Option<Response> {
        let response = self.learned.learn(ask, refusal).await?;
        // Another call may have learned the same in the meantime.
        let is_outdated = self.ask(ask.request).switches != ask.switches;
        (!is_outdated).then_some(response)
    }
}

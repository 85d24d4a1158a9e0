//! A connection to a server, from the handshake to the end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use llm_engine::ToolContext;
use rmcp::{
    RoleClient,
    model::{
        CallToolRequest, CallToolRequestParams, ClientRequest, ProtocolVersion, RequestMetaObject,
        ServerResult, SubscriptionFilter,
    },
    service::{
        ClientCacheConfig, ClientInitializeError, ClientLifecycleMode, ClientServiceExt, Peer,
        PeerRequestOptions, RequestHandle, RunningService, ServiceError, Subscription,
    },
    transport::IntoTransport,
};
use tokio::{runtime::Handle, sync::mpsc, time::timeout};

use crate::{handler::Handler, offer::Offer};

/// What a call is named by in `_meta`, the same on every attempt.
const IDEMPOTENCY_KEY: &str = "yoi/idempotencyKey";

/// The time to tell a server that a call is cancelled.
const TELLING: Duration = Duration::from_secs(2);

/// How the protocol is agreed on.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// The newest, or an older one if the server does not know what it is asked.
    Any,
    /// An older one.
    Old,
}

/// A connection to a server. It is closed when it is dropped.
pub(crate) struct Connection {
    service: RunningService<RoleClient, Handler>,
    runtime: Handle,
    is_retired: AtomicBool,
}

impl Connection {
    /// Agrees on the protocol in one of two ways.
    pub(crate) async fn open<T, E, A>(
        transport: T,
        way: Way,
        changed: mpsc::Sender<()>,
    ) -> Result<Self, ClientInitializeError>
    where
        T: IntoTransport<RoleClient, E, A>,
        E: std::error::Error + Send + Sync + 'static,
    {
        let lifecycle = match way {
            Way::Any => ClientLifecycleMode::Auto {
                preferred_versions: vec![ProtocolVersion::LATEST],
                legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
            },
            Way::Old => ClientLifecycleMode::Initialize,
        };
        let transport = Offer(transport.into_transport());
        let service = Handler::new(changed).serve_with_lifecycle(transport, lifecycle).await?;
        // Who reads a list anew wants no old one.
        service.peer().set_response_cache_config(ClientCacheConfig::disabled()).await;
        Ok(Self { service, runtime: Handle::current(), is_retired: AtomicBool::new(false) })
    }

    /// Returns whether new calls may use it.
    pub(crate) fn is_open(&self) -> bool {
        !self.is_retired.load(Ordering::Relaxed) && !self.service.peer().is_transport_closed()
    }

    /// Makes that the next call connects anew. Calls that run on this connection go on.
    pub(crate) fn retire(&self) {
        self.is_retired.store(true, Ordering::Relaxed);
    }

    pub(crate) fn peer(&self) -> &Peer<RoleClient> {
        self.service.peer()
    }

    /// Returns whether the server has tools at all.
    pub(crate) fn has_tools(&self) -> bool {
        self.peer().peer_info().is_some_and(|server| server.capabilities.tools.is_some())
    }

    /// Asks a server of the newest protocol to tell of changes. Older ones tell by themselves.
    /// `None` if there is nothing to be told, or the server does not agree.
    pub(crate) async fn listen(&self) -> Option<Subscription> {
        let server = self.peer().peer_info()?;
        let tells = server.capabilities.tools.as_ref()?.list_changed?;
        if !tells || server.protocol_version.has_initialize() {
            return None;
        }
        let filter = SubscriptionFilter::builder().tools_list_changed().build();
        self.peer().listen(filter).await.ok()
    }

    /// Sends a call. Dropping the [`Sent`] cancels it.
    pub(crate) async fn send(
        self: &Arc<Self>,
        params: CallToolRequestParams,
        context: &ToolContext,
    ) -> Result<Sent, ServiceError> {
        let mut meta = RequestMetaObject::new();
        meta.insert(IDEMPOTENCY_KEY.to_owned(), context.idempotency_key().into());
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        let options = PeerRequestOptions::no_options().with_meta(meta);
        let handle = self.peer().send_cancellable_request(request, options).await?;
        self.service.service().watch(handle.progress_token.clone(), context.clone());
        Ok(Sent { connection: Arc::clone(self), handle: Some(handle) })
    }
}

/// A call that was sent. It is cancelled when it is dropped before its answer.
pub(crate) struct Sent {
    connection: Arc<Connection>,
    handle: Option<RequestHandle<RoleClient>>,
}

impl Sent {
    /// Waits for the answer.
    pub(crate) async fn answer(mut self) -> Result<ServerResult, ServiceError> {
        let Some(handle) = &mut self.handle else { return Err(ServiceError::TransportClosed) };
        let answer = (&mut handle.rx).await.unwrap_or(Err(ServiceError::TransportClosed));
        if let Some(handle) = self.handle.take() {
            self.connection.service.service().unwatch(&handle.progress_token);
        }
        answer
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        let Some(handle) = self.handle.take() else { return };
        self.connection.service.service().unwatch(&handle.progress_token);
        let connection = Arc::clone(&self.connection);
        // A task of its own, which keeps the connection until the words are out: whoever drops a
        // call neither waits nor need be in a runtime.
        self.connection.runtime.spawn(async move {
            let reason = "nobody waits for the result any more".to_owned();
            // A server that reads nothing cannot be told, and must not be kept for it.
            let _ = timeout(TELLING, handle.cancel(Some(reason))).await;
            drop(connection);
        });
    }
}

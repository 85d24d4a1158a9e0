//! The way to a server over any number of connections, one at a time.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, Weak},
    time::Duration,
};

use llm_engine::ShortText;
use rmcp::service::ClientInitializeError;
use tokio::{
    runtime::Handle,
    sync::{Mutex, mpsc},
    time::{Instant, timeout},
};

use crate::{
    McpError, McpTransport,
    connection::{Connection, Way},
    describe::Describing,
    failure::{self, Failure},
    follow,
    listing::{self, Listing},
    secrets::Secrets,
    stderr::StderrTail,
};

/// The time in which a server agrees to tell of changes.
const LISTENING: Duration = Duration::from_secs(5);

/// Takes each list that was read.
pub(crate) type Publish = Box<dyn Fn(&Arc<Link>, Listing) + Send + Sync>;

/// The way to a server, which all its tools share. Nobody else keeps it, so that
/// the connection ends with them.
pub(crate) struct Link {
    transport: McpTransport,
    describing: Describing,
    connect_timeout: Duration,
    secrets: Secrets,
    stderr: StderrTail,
    slot: Mutex<Slot>,
    /// Held while a list is read and published, so that an older one never replaces a newer one.
    reading: Mutex<()>,
    /// The digests of the tools that the server has now, by name.
    digests: RwLock<HashMap<String, String>>,
    publish: Publish,
    /// Where connections live, whoever makes them.
    runtime: Handle,
    this: Weak<Self>,
}

/// The present connection.
#[derive(Default)]
struct Slot {
    connection: Option<Arc<Connection>>,
    /// The last attempt that failed, for all who waited for it.
    failure: Option<(Instant, McpError)>,
}

impl Slot {
    fn open(&self) -> Option<Arc<Connection>> {
        self.connection.clone().filter(|connection| connection.is_open())
    }
}

impl Link {
    pub(crate) fn new(
        transport: McpTransport,
        describing: Describing,
        connect_timeout: Duration,
        publish: Publish,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            secrets: transport.secrets(),
            transport,
            describing,
            connect_timeout,
            stderr: StderrTail::default(),
            slot: Mutex::default(),
            reading: Mutex::default(),
            digests: RwLock::default(),
            publish,
            runtime: Handle::current(),
            this: this.clone(),
        })
    }

    pub(crate) fn server(&self) -> &Arc<str> {
        &self.describing.server
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Returns the end of what the program wrote to its standard error, harmless and bounded.
    pub(crate) fn stderr(&self) -> Option<ShortText> {
        self.stderr.text().map(|text| self.secrets.words(&text))
    }

    /// Returns the same for a program that seems to have ended.
    async fn last_words(&self) -> Option<ShortText> {
        self.stderr.last().await.map(|text| self.secrets.words(&text))
    }

    /// Returns whether the server lists a tool with this digest.
    pub(crate) fn lists(&self, name: &str, digest: &str) -> bool {
        let digests = self.digests.read().unwrap_or_else(PoisonError::into_inner);
        digests.get(name).is_some_and(|listed| listed == digest)
    }

    /// Returns the present connection, or makes one. All who wait for an attempt share its failure,
    /// and an attempt goes on if nobody waits any more: a slow server must not be started for ever.
    pub(crate) async fn connection(self: &Arc<Self>) -> Result<Arc<Connection>, McpError> {
        if let Some(connection) = self.slot.try_lock().ok().and_then(|slot| slot.open()) {
            return Ok(connection);
        }
        let (link, since) = (Arc::clone(self), Instant::now());
        let connecting = self.runtime.spawn(async move { link.connection_since(since).await });
        let cut = |_| Err(self.connect_error("the attempt was cut off".into()));
        connecting.await.unwrap_or_else(cut)
    }

    /// Does the same for somebody who waits since this time.
    async fn connection_since(&self, since: Instant) -> Result<Arc<Connection>, McpError> {
        let mut slot = self.slot.lock().await;
        if let Some(connection) = slot.open() {
            return Ok(connection);
        }
        slot.connection = None;
        if let Some((failed, error)) = &slot.failure
            && *failed > since
        {
            return Err(error.clone());
        }
        let connected = self.connect().await;
        match &connected {
            Ok(connection) => slot.connection = Some(Arc::clone(connection)),
            Err(error) => slot.failure = Some((Instant::now(), error.clone())),
        }
        connected
    }

    /// Reads the list again. If that fails, it does so over another connection.
    pub(crate) async fn refresh(self: &Arc<Self>) -> Result<(), McpError> {
        let connection = self.connection().await?;
        if self.read_tools(&connection).await.is_err() {
            connection.retire();
            // A connection begins with the list.
            self.connection().await?;
        }
        Ok(())
    }

    async fn connect(&self) -> Result<Arc<Connection>, McpError> {
        let connecting = async {
            let (tell, told) = mpsc::channel(1);
            let connection = Arc::new(self.open(tell.clone()).await?);
            self.follow(&connection, told);
            // A server that does not agree to tell of changes is of use without.
            if let Ok(Some(subscription)) = timeout(LISTENING, connection.listen()).await {
                follow::pass_on(subscription, tell);
            }
            self.read_tools(&connection).await?;
            Ok(connection)
        };
        let late = || self.connect_error("the server does not answer".into());
        timeout(self.connect_timeout, connecting).await.unwrap_or_else(|_| Err(late()))
    }

    fn follow(&self, connection: &Arc<Connection>, changed: mpsc::Receiver<()>) {
        let this = self.this.clone();
        follow::follow(Arc::downgrade(connection), changed, move |connection| {
            let this = this.clone();
            async move {
                // What is left of an earlier connection says nothing about the present one.
                let Some(link) = this.upgrade().filter(|_| connection.is_open()) else { return };
                if let Err(error) = link.read_tools(&connection).await {
                    tracing::warn!(server = %link.server(), %error, "its tools are not known");
                }
            }
        });
    }

    async fn open(&self, changed: mpsc::Sender<()>) -> Result<Connection, McpError> {
        let opened = match self.open_way(Way::Any, changed.clone()).await? {
            // A server that knows what it was asked, and only older protocols. The question may
            // have been the end of this connection.
            Err(ClientInitializeError::NoCompatibleProtocolVersion { .. }) => {
                self.open_way(Way::Old, changed).await?
            }
            opened => opened,
        };
        match opened {
            Ok(connection) => Ok(connection),
            Err(error) => {
                let reason = failure::of_connecting(&error, &self.secrets);
                let (server, stderr) = (Arc::clone(self.server()), self.last_words().await);
                Err(McpError::Connect { server, reason, stderr })
            }
        }
    }

    async fn open_way(
        &self,
        way: Way,
        changed: mpsc::Sender<()>,
    ) -> Result<Result<Connection, ClientInitializeError>, McpError> {
        let start = |reason| McpError::Start { server: Arc::clone(self.server()), reason };
        Ok(match &self.transport {
            McpTransport::Command(command) => {
                let started = command.start(&self.stderr);
                let child = started.map_err(|error| start(ShortText::from(error.to_string())))?;
                Connection::open(child, way, changed).await
            }
            McpTransport::Endpoint(endpoint) => {
                Connection::open(endpoint.transport().map_err(start)?, way, changed).await
            }
        })
    }

    fn connect_error(&self, reason: ShortText) -> McpError {
        let server = Arc::clone(self.server());
        McpError::Connect { server, reason, stderr: self.stderr() }
    }

    /// Reads the list of the server and publishes it.
    pub(crate) async fn read_tools(&self, connection: &Connection) -> Result<(), McpError> {
        let _reading = self.reading.lock().await;
        let listing = if connection.has_tools() {
            let read = listing::read(connection.peer(), &self.describing);
            let late = |_| Failure::Lost("the server did not answer in time".into());
            let read = timeout(self.connect_timeout, read).await.map_err(late);
            match read.and_then(|it| it.map_err(|error| Failure::of(&error, &self.secrets))) {
                Ok(listing) => listing,
                Err(failure) => {
                    let (server, stderr) = (Arc::clone(self.server()), self.last_words().await);
                    return Err(McpError::List { server, reason: failure.reason(), stderr });
                }
            }
        } else {
            Listing::default()
        };
        let digests = listing.tools.iter().map(|(name, it)| (name.clone(), it.digest.clone()));
        let digests = digests.collect();
        *self.digests.write().unwrap_or_else(PoisonError::into_inner) = digests;
        if let Some(link) = self.this.upgrade() {
            (self.publish)(&link, listing);
        }
        Ok(())
    }
}

//! Builds a [`Runtime`].

use std::{sync::Arc, time::Duration};

use tokio::{runtime::Handle, time::Instant};
use worker::Profile;

use crate::{
    background::{lease, restore::RestoreProgress, retention},
    clock::{Clock, IdSource, Sources, SystemClock, UuidV7},
    domain::profiles::Profiles,
    identity::{Epoch, RuntimeId, RuntimeIdentity},
    log::RuntimeFact,
    model::{Limits, Retention, TenantQuotas},
    runtime::{BuildError, Runtime, host_provider},
    state::{
        core::{Core, Parts, Quotas},
        station::Stations,
    },
    store::{FORMAT, OpenError, OpenRequest, Opened, Store, StoreClient, Totals},
    sync::{Executor, contained, is_gone},
    turn::Turns,
};

/// The shortest time for which a Runtime owns its store without renewing the lease.
const SHORTEST_LEASE: Duration = Duration::from_millis(100);

/// The longest time for which a Runtime owns its store without renewing the lease: a year.
const LONGEST_LEASE: Duration = Duration::from_hours(365 * 24);

/// Builds a [`Runtime`]. Every setting has a default.
#[must_use = "a builder builds nothing until `build` is called"]
pub struct RuntimeBuilder {
    display_name: Arc<str>,
    runtime_id: Option<RuntimeId>,
    profiles: Vec<Profile>,
    limits: Limits,
    store: Option<Arc<dyn Store>>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    turn_runtime: Option<Handle>,
    lease_duration: Duration,
    wait_for_lease: Duration,
    restoring: Option<Box<dyn Fn(RestoreProgress) + Send + Sync>>,
    retention: Retention,
    quotas: Quotas,
    stations: Stations,
}

impl Default for RuntimeBuilder {
    fn default() -> Self {
        Self {
            display_name: "runtime".into(),
            runtime_id: None,
            profiles: Vec::new(),
            limits: Limits::default(),
            store: None,
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidV7),
            turn_runtime: None,
            lease_duration: Duration::from_secs(30),
            wait_for_lease: Duration::ZERO,
            restoring: None,
            retention: Retention::default(),
            quotas: Quotas::default(),
            stations: Stations::default(),
        }
    }
}

impl RuntimeBuilder {
    /// Sets the Runtime's name for people; `runtime` if not set. The name is bounded like a
    /// Worker's.
    pub fn display_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.display_name = name.into();
        self
    }

    /// Requires the Runtime to have this id. A store that belongs to another Runtime is then
    /// refused.
    pub fn runtime_id(mut self, runtime_id: RuntimeId) -> Self {
        self.runtime_id = Some(runtime_id);
        self
    }

    /// Adds a profile under its name, at most 256 of them. The first profile is the default; if none
    /// is added, the built-in `echo` is. The names of the profile and of its model have 1 to
    /// `text_chars` characters, none of them a control character. A profile has a model if its
    /// provider [needs one](llm_engine::Provider::needs_model).
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profiles.push(profile);
        self
    }

    /// Sets the limits of the Runtime.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the store, which keeps what must outlive the Runtime; a new
    /// [`MemoryStore`](crate::store::MemoryStore) if not set.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets the source of wall-clock time; [`SystemClock`] if not set.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the source of new ids; [`UuidV7`] if not set.
    pub fn ids(mut self, ids: Arc<dyn IdSource>) -> Self {
        self.ids = ids;
        self
    }

    /// Sets a tokio runtime for the engines alone, so that an engine that blocks its thread stops
    /// nothing else; the runtime on which `build` is called if not set.
    pub fn turn_runtime(mut self, handle: Handle) -> Self {
        self.turn_runtime = Some(handle);
        self
    }

    /// Sets how long this Runtime owns the store without renewing its lease: from 100 milliseconds
    /// to a year, and 30 seconds if not set. The lease is renewed every third of this time.
    pub fn lease_duration(mut self, lease_duration: Duration) -> Self {
        self.lease_duration = lease_duration;
        self
    }

    /// Sets how long [`build`](Self::build) waits for the store while another Runtime owns it; not at
    /// all if not set. A Runtime that replaces another one, as at a deploy, waits a little longer than
    /// the other one's lease.
    pub fn wait_for_lease(mut self, wait: Duration) -> Self {
        self.wait_for_lease = wait;
        self
    }

    /// Sets a function that [`build`](Self::build) tells how far it has restored what the store holds,
    /// after each page of Workers. It is for those who have very many, and must not block.
    pub fn restoring(mut self, tell: impl Fn(RestoreProgress) + Send + Sync + 'static) -> Self {
        self.restoring = Some(Box::new(tell));
        self
    }

    /// Sets which Workers are deleted automatically once they have ended; none if not set.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Sets how much of the Runtime each tenant may take that has no quotas [of its own](Self::quotas_of);
    /// as much as the limits of the Runtime allow if not set.
    pub fn tenant_quotas(mut self, quotas: TenantQuotas) -> Self {
        self.quotas.of_each = quotas;
        self
    }

    /// Sets how much of the Runtime one tenant may take, instead of the [quotas of
    /// each](Self::tenant_quotas).
    pub fn quotas_of(mut self, tenant: impl Into<Arc<str>>, quotas: TenantQuotas) -> Self {
        self.quotas.of_some.insert(tenant.into(), quotas);
        self
    }

    /// Sets a function that every change and every reader calls at each
    /// [`Station`](crate::Station), for tests that stop one there.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn stations(
        mut self,
        pass: impl Fn(crate::Station, crate::WorkerId) + Send + Sync + 'static,
    ) -> Self {
        self.stations.pass = Some(Arc::new(pass));
        self
    }

    /// Builds the Runtime on the current tokio runtime, and restores what its store holds.
    ///
    /// # Errors
    ///
    /// Returns an error if a setting is not allowed, if there is no tokio runtime with timers, if
    /// the store cannot be opened or read, or if the clock, the source of ids or a provider panics.
    pub async fn build(self) -> Result<Runtime, BuildError> {
        self.check()?;
        let profiles = self.profiles.into_iter().map(host_provider::contained_in).collect();
        let profiles = Profiles::new(profiles, &self.limits)?;
        let handle = Handle::try_current().map_err(|_| BuildError::NoTokio)?;
        if [Some(&handle), self.turn_runtime.as_ref()].into_iter().flatten().any(is_gone) {
            return Err(BuildError::TokioGone);
        }
        if !has_timers(&handle) || self.turn_runtime.as_ref().is_some_and(|it| !has_timers(it)) {
            return Err(BuildError::NoTimers);
        }
        let store = self.store.or_else(default_store).ok_or(BuildError::NoStore)?;
        let executor = Executor::new(handle.clone());
        let sources = Sources::new(self.clock, self.ids);
        let now_ms = host_says("the clock", || sources.asked_ms())?;
        let new_id = || host_says("the source of ids", || sources.asked_id(now_ms));
        let epoch = Epoch::from_uuid(new_id()?);
        let request = OpenRequest {
            runtime_id: self.runtime_id,
            new_runtime_id: RuntimeId::from_uuid(new_id()?),
            format: FORMAT,
            epoch,
            lease_duration: self.lease_duration,
            events_per_worker: self.limits.events_per_worker,
        };
        let until = executor.after(self.wait_for_lease);
        let (store, opened) = open(&store, request, &executor, &self.limits, until).await?;
        // `Totals::add` keeps each sum within the range of the wire, whatever the store returned.
        let mut totals = Totals::default();
        totals.add(&opened.totals);
        let core = Core::new(Parts {
            identity: RuntimeIdentity {
                runtime_id: opened.runtime_id,
                display_name: self.display_name,
            },
            epoch,
            started_at_ms: now_ms,
            sources,
            profiles,
            limits: self.limits,
            quotas: self.quotas,
            retention: self.retention,
            stations: self.stations,
            store,
            totals,
            turns: Box::new(Turns::new(self.turn_runtime.unwrap_or(handle))),
            executor: executor.clone(),
        });
        // From here on, dropping the Runtime releases the store if building fails.
        let runtime = Runtime::new(Arc::clone(&core));
        let keeper = lease::keep(Arc::downgrade(&core), executor.clone(), self.lease_duration);
        core.set_lease_keeper(executor.spawn(keeper));
        core.tell(None, RuntimeFact::Started);
        let tell = |progress| {
            // A panic costs whoever brought it, and the restore goes on.
            let _ = contained(|| self.restoring.iter().for_each(|tell| tell(progress)));
        };
        core.restore(totals.created, tell).await?;
        retention::start(&core);
        Ok(runtime)
    }

    fn check(&self) -> Result<(), BuildError> {
        self.limits.check().map_err(|problem| BuildError::Invalid(problem.into()))?;
        self.limits
            .check_display_name(&self.display_name)
            .map_err(|error| BuildError::Invalid(error.to_string().into()))?;
        if !(SHORTEST_LEASE..=LONGEST_LEASE).contains(&self.lease_duration) {
            let range = format!("from {SHORTEST_LEASE:?} to {LONGEST_LEASE:?}");
            return Err(BuildError::Invalid(format!("`lease_duration` must be {range}").into()));
        }
        Ok(())
    }
}

/// Asks the Backend's code, whose panic is an error.
fn host_says<T>(who: &str, ask: impl FnOnce() -> T) -> Result<T, BuildError> {
    contained(ask).ok_or_else(|| BuildError::Panicked(who.to_owned().into()))
}

/// The time after which a store that another Runtime owns is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// Opens the store. While another Runtime owns the store, this waits and asks again, until the time
/// `until`.
async fn open(
    store: &Arc<dyn Store>,
    request: OpenRequest,
    executor: &Executor,
    limits: &Limits,
    until: Option<Instant>,
) -> Result<(StoreClient, Opened), OpenError> {
    loop {
        let asked = StoreClient::open(Arc::clone(store), request, executor.clone(), limits);
        match asked.await {
            Err(OpenError::Owned { remaining })
                if until.is_none_or(|until| executor.now() < until) =>
            {
                // The owner may release its lease sooner.
                executor.sleep(remaining.clamp(Duration::from_millis(1), ASK_AGAIN)).await;
            }
            opened => return opened,
        }
    }
}

/// Returns whether a tokio runtime has timers. Tokio has no method for this, but creating a timer
/// panics if there are none.
fn has_timers(handle: &Handle) -> bool {
    let _context = handle.enter();
    contained(|| drop(tokio::time::sleep(Duration::ZERO))).is_some()
}

#[cfg(feature = "memory-store")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature there is none")]
fn default_store() -> Option<Arc<dyn Store>> {
    Some(Arc::new(crate::store::MemoryStore::new()))
}

#[cfg(not(feature = "memory-store"))]
fn default_store() -> Option<Arc<dyn Store>> {
    None
}

impl std::fmt::Debug for RuntimeBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuntimeBuilder")
            .field("display_name", &self.display_name)
            .field("runtime_id", &self.runtime_id)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

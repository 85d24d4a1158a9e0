//! The diagnostics of the Runtime, the Workers that they are about, and what becomes of complaints
//! about the store.

use std::sync::{Arc, Weak};

use llm_engine::ShortText;

use crate::{
    identity::{DiagnosticId, TurnId, WorkerId},
    log::RuntimeFact,
    model::{Diagnostic, Severity},
    state::{core::Core, worker_cell::WorkerCell},
    store::{Complaint, Listener},
};

/// The Worker that a diagnostic is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About<'a> {
    /// The diagnostic is about no single Worker.
    Nobody,
    /// A request of this tenant.
    Tenant(&'a Arc<str>),
    /// A Worker of the Runtime, which may be deleted meanwhile.
    Worker(&'a WorkerCell),
    /// A Worker that is not there yet, or that could not be restored.
    Absent(WorkerId),
}

impl About<'_> {
    /// Returns the id of the Worker, unless the Worker was deleted. Under the log's lock, no deletion
    /// is published between this and the next event.
    fn worker_id(self) -> Option<WorkerId> {
        match self {
            Self::Nobody | Self::Tenant(_) => None,
            Self::Worker(cell) => (!cell.erased.is_set()).then_some(cell.worker_id),
            Self::Absent(worker_id) => Some(worker_id),
        }
    }

    /// Returns the tenant, which a deleted Worker still has.
    fn tenant(self) -> Option<Arc<str>> {
        match self {
            Self::Nobody | Self::Absent(_) => None,
            Self::Tenant(name) => Some(Arc::clone(name)),
            Self::Worker(cell) => cell.tenant_name(),
        }
    }
}

impl<'a> From<&'a WorkerCell> for About<'a> {
    fn from(cell: &'a WorkerCell) -> Self {
        Self::Worker(cell)
    }
}

impl<'a> From<Option<&'a WorkerCell>> for About<'a> {
    fn from(cell: Option<&'a WorkerCell>) -> Self {
        cell.map_or(Self::Nobody, Self::Worker)
    }
}

impl From<Option<WorkerId>> for About<'_> {
    fn from(worker_id: Option<WorkerId>) -> Self {
        worker_id.map_or(Self::Nobody, Self::Absent)
    }
}

/// Takes the complaints about the store of a Runtime.
#[derive(Debug)]
pub(super) struct ComplaintsTo(pub(super) Weak<Core>);

impl Listener for ComplaintsTo {
    fn is_new(&self, complaint: Complaint, worker_id: WorkerId) -> Option<bool> {
        let cell = self.0.upgrade()?.catalogue.get(worker_id)?;
        Some(cell.complaints.is_new(complaint))
    }

    fn report(&self, severity: Severity, message: &'static str, worker_id: Option<WorkerId>) {
        let Some(core) = self.0.upgrade() else { return };
        // A Worker that is not in the catalogue any more was deleted.
        let cell = worker_id.and_then(|worker_id| core.catalogue.get(worker_id));
        core.note(severity, message, cell.as_deref(), None);
    }
}

impl Core {
    /// Makes a diagnostic, keeps it and appends it to the Runtime's log as an event.
    ///
    /// In the log, no event about a Worker follows the one that says that the Worker was deleted. A
    /// diagnostic that is late names neither the Worker nor the turn.
    pub(crate) fn note<'a>(
        &self,
        severity: Severity,
        message: impl Into<String>,
        about: impl Into<About<'a>>,
        turn_id: Option<TurnId>,
    ) -> Arc<Diagnostic> {
        let (about, at_ms) = (about.into(), self.now_ms());
        let worker_id = about.worker_id();
        let diagnostic = Arc::new(Diagnostic {
            diagnostic_id: DiagnosticId::from_uuid(self.sources.or_own_id(at_ms)),
            severity,
            message: ShortText::from(message.into()).into(),
            at_ms,
            worker: worker_id.map(|it| self.identity.worker(it)),
            tenant: about.tenant(),
            turn_id: turn_id.filter(|_| worker_id.is_some()),
        });
        tracing::info!(
            diagnostic_id = %diagnostic.diagnostic_id,
            severity = ?severity,
            "diagnostic"
        );
        let evicted = self.diagnostics.lock().add(&diagnostic);
        let fact = || {
            let mut told = Arc::clone(&diagnostic);
            if about.worker_id().is_none() && told.worker.is_some() {
                let it = Arc::make_mut(&mut told);
                (it.worker, it.turn_id) = (None, None);
            }
            RuntimeFact::Diagnostic(told)
        };
        self.tell_as(None, fact);
        drop(evicted);
        diagnostic
    }
}

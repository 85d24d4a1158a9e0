//! What a Runtime reports about a store that errs, once for each Worker and kind.

use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicU16, Ordering},
    },
};

use crate::{identity::WorkerId, model::Severity};

/// A kind of error in the answers of a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Complaint {
    /// The store says that it does not have a Worker that was not deleted.
    NoWorker,
    /// The store says that it has lost events that it must keep, or that its oldest event is newer
    /// than the Worker's last.
    LostEvents,
    /// The floor of a Worker's events differs between reads without a reason.
    FloorMoves,
    /// Events are missing, or are others than those that were asked for.
    Events,
    /// Entries are missing, or are others than those that were asked for.
    Entries,
    /// Turns are missing, or are others than those that were asked for.
    Turns,
    /// Events, entries and turns do not belong together.
    Mismatch,
    /// A page has more items than were asked for.
    TooMany,
    /// An idempotency key has numbers that no Runtime wrote, comes twice, or names what is not there.
    Keys,
    /// The sums over all Workers are less than what the Workers add up to.
    Totals,
    /// The store failed to give older events to a subscriber.
    NotGiven,
}

impl Complaint {
    /// The message of the diagnostic.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::NoWorker => "the store says that it does not have a worker that was not deleted",
            Self::LostEvents => "the store does not have events of a worker that it must keep",
            Self::FloorMoves => "the store says each time that another event of a worker is oldest",
            Self::Events => "the store gave other events of a worker than it was asked for",
            Self::Entries => "the store gave other entries of a worker than it was asked for",
            Self::Turns => "the store gave other turns of a worker than it was asked for",
            Self::Mismatch => "the store gave events, entries and turns that do not fit together",
            Self::TooMany => "the store gave more items at once than it was asked for",
            Self::Keys => "the store gave an idempotency key that cannot be right",
            Self::Totals => "the store's totals are less than what its workers add up to",
            Self::NotGiven => "the store did not give older events to a subscriber",
        }
    }

    fn severity(self) -> Severity {
        match self {
            // The rest of the page is good, and nothing is lost.
            Self::TooMany => Severity::Warning,
            Self::NoWorker
            | Self::LostEvents
            | Self::FloorMoves
            | Self::Events
            | Self::Entries
            | Self::Turns
            | Self::Mismatch
            | Self::Keys
            | Self::Totals
            | Self::NotGiven => Severity::Error,
        }
    }
}

/// The kinds of complaints that were made about one Worker. They go with the Worker, so that what is
/// remembered is bounded and nothing is said twice.
#[derive(Debug, Default)]
pub(crate) struct ComplaintsMade(AtomicU16);

impl ComplaintsMade {
    /// Notes a complaint. Returns whether none of its kind was made before.
    pub(crate) fn is_new(&self, complaint: Complaint) -> bool {
        let kind = 1 << complaint as u16;
        self.0.fetch_or(kind, Ordering::Relaxed) & kind == 0
    }
}

/// The one to whom a store's complaints are reported.
pub(crate) trait Listener: Send + Sync {
    /// Notes a complaint about a Worker. Returns whether none of its kind was made before; `None` if
    /// there is no such Worker.
    fn is_new(&self, complaint: Complaint, worker_id: WorkerId) -> Option<bool>;

    /// Takes a report: its importance, its message, and the Worker that it is about.
    fn report(&self, severity: Severity, message: &'static str, worker_id: Option<WorkerId>);
}

/// The complaints of one Runtime about its store.
#[derive(Default)]
pub(crate) struct Complaints {
    listener: OnceLock<Box<dyn Listener>>,
    /// The complaints about no Worker, or about Workers that are not there: one for each kind.
    made: ComplaintsMade,
}

impl Complaints {
    /// Sets where the reports go.
    pub(crate) fn report_to(&self, listener: impl Listener + 'static) {
        self.listener.get_or_init(|| Box::new(listener));
    }

    /// Reports the complaint, unless one of its kind was reported of the Worker before. The caller
    /// holds no lock.
    pub(crate) fn make(&self, complaint: Complaint, worker_id: Option<WorkerId>) {
        let listener = self.listener.get();
        let of_worker = listener.zip(worker_id).and_then(|(it, id)| it.is_new(complaint, id));
        if of_worker.unwrap_or_else(|| self.made.is_new(complaint)) {
            tracing::warn!(?complaint, "the store erred");
            if let Some(listener) = listener {
                listener.report(complaint.severity(), complaint.message(), worker_id);
            }
        }
    }
}

impl fmt::Debug for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Complaints").field("made", &self.made).finish_non_exhaustive()
    }
}

//! Places in the code at which a test can stop a change or a reader.

use std::{fmt, sync::Arc};

use crate::identity::WorkerId;

/// A place that a change of a Worker, or a reader of its log, passes.
///
/// A change passes the first five in this order. The function that a test sets is called on the
/// thread that does the work, and stops it for as long as the function does not return. Under the
/// locks that are named here it must not call the Runtime.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(not(feature = "testing"), expect(unreachable_pub, reason = "public for tests only"))]
#[non_exhaustive]
pub enum Station {
    /// The store has committed the change. No lock is held.
    Committed,
    /// The Worker has its new record. The Worker's lock is held.
    Applied,
    /// The events are in the logs. The locks of the Worker and of the Runtime's log are held.
    Published,
    /// What the change gave back can be taken, and its events can be read. No lock is held.
    Released,
    /// The wake-ups of all who waited for the change are under way. No lock is held.
    Woken,
    /// A stream has found nothing new in a Worker's log. No lock is held.
    Read,
}

/// The function that a test has set, if there is one. Only the feature `testing` can set it.
#[derive(Clone, Default)]
pub(crate) struct Stations {
    pub(crate) pass: Option<Arc<dyn Fn(Station, WorkerId) + Send + Sync>>,
}

impl Stations {
    /// Calls the function of a test, if one is set.
    pub(crate) fn pass(&self, station: Station, worker_id: WorkerId) {
        if let Some(pass) = &self.pass {
            pass(station, worker_id);
        }
    }
}

impl fmt::Debug for Stations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stations").finish_non_exhaustive()
    }
}

//! Fresh ids for the Runtimes, Workers and turns of the kit.

use crate::clock::{Clock, IdSource, SystemClock, UuidV7};

pub(super) fn new_uuid() -> uuid::Uuid {
    UuidV7.next(SystemClock.now_ms())
}

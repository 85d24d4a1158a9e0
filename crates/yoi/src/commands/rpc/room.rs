//! The bytes that the results of a batch's queries may take together.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use worker_runtime::RuntimeError;

/// The bytes of JSON that the results of a batch's queries may take together. A batch is answered in
/// one line, which is kept until the last of its requests is answered.
pub(super) const BATCH_BYTES: usize = 16 << 20;

/// The bytes that are left for the results of a batch's queries. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Room(Option<Arc<AtomicUsize>>);

impl Room {
    /// Returns the room of a batch, or of a request of its own, whose result is bounded by itself.
    pub(super) fn new(is_batch: bool) -> Self {
        Self(is_batch.then(|| Arc::new(AtomicUsize::new(BATCH_BYTES))))
    }

    /// Takes the bytes of one more result. Returns an error, and takes nothing, if the result does
    /// not fit.
    pub(super) fn take(&self, bytes: usize) -> Result<(), RuntimeError> {
        let Some(left) = &self.0 else { return Ok(()) };
        let take = |left: usize| left.checked_sub(bytes);
        let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.map(drop).map_err(|_| RuntimeError::CapacityExhausted {
            what: "batch_bytes".to_owned(),
            max: BATCH_BYTES as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_that_does_not_fit_takes_nothing() {
        let room = Room::new(true);
        assert!(room.take(BATCH_BYTES - 10).is_ok());
        assert!(room.take(11).is_err());
        assert!(room.clone().take(10).is_ok());
        assert!(room.take(1).is_err());
        assert!(Room::new(false).take(2 * BATCH_BYTES).is_ok());
    }
}

//! The position at which a reader begins, checked against the events that a log keeps.

use std::sync::Arc;

use crate::{
    error::RuntimeError,
    model::{EventsFrom, LogId, ResetReason},
    state::{caller::Caller, core::Core, worker_cell::WorkerCell},
};

/// The position at which a reader begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// The sequence after which the reader begins.
    pub(crate) position: u64,
    /// The reason for which the reader begins with the oldest event, and not at its cursor.
    pub(crate) reset: Option<ResetReason>,
}

impl Start {
    pub(crate) fn at(position: u64) -> Self {
        Self { position, reset: None }
    }
}

/// The range of a log: the position of a reader is from `floor` to `head`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// The sequence before the oldest event that is kept.
    pub(crate) floor: u64,
    /// The sequence of the newest event.
    pub(crate) head: u64,
}

impl Caller {
    /// Returns the range of the log that the caller sees in the scope of the Runtime.
    pub(crate) fn runtime_extent(&self) -> Extent {
        let board = self.core.log.lock();
        let part = board.part(self.tenant.as_deref());
        part.map_or(Extent { floor: 0, head: 0 }, |part| Extent {
            floor: part.events.floor(),
            head: part.events.head(),
        })
    }
}

impl Core {
    /// Returns the range of a Worker's log, which reaches back to the oldest event in the store.
    ///
    /// # Errors
    ///
    /// `worker_not_found` if the Worker was deleted, or the failure of the store.
    pub(crate) async fn worker_extent(
        &self,
        cell: &Arc<WorkerCell>,
    ) -> Result<Extent, RuntimeError> {
        let floor = self.store.floor(&**cell).await;
        // If the Worker was deleted meanwhile, that is the error, whatever the store says.
        let head = cell.record()?.worker_sequence;
        Ok(Extent { floor: floor?, head })
    }

    /// Returns the position at which a caller wants to begin, in a log with the range `extent`.
    ///
    /// # Errors
    ///
    /// A cursor of another log, or a sequence outside the range, unless the caller wants the oldest
    /// event then.
    pub(crate) fn start(
        &self,
        log: LogId,
        from: &EventsFrom,
        extent: Extent,
    ) -> Result<Start, RuntimeError> {
        let position = self.position(log, from, extent);
        match position {
            Err(error) if from.falls_back() => {
                let reset = Some(error.reset_reason().ok_or(error)?);
                Ok(Start { position: extent.floor, reset })
            }
            position => position.map(Start::at),
        }
    }

    fn position(&self, log: LogId, from: &EventsFrom, extent: Extent) -> Result<u64, RuntimeError> {
        let sequence = match from {
            EventsFrom::Oldest(_) => return Ok(extent.floor),
            EventsFrom::Now(_) => return Ok(extent.head),
            EventsFrom::After(it) => it.cursor.sequence_in(self.identity.runtime_id, log)?,
            EventsFrom::AfterSequence(it) => match log {
                LogId::Worker(_) => it.sequence,
                LogId::Runtime(_) => {
                    let problem =
                        "`after_sequence` is for a Worker's scope; use `after` with a cursor";
                    return Err(RuntimeError::invalid("from", problem));
                }
            },
        };
        if sequence < extent.floor {
            Err(RuntimeError::CursorExpired { earliest: self.presenter.cursor(log, extent.floor) })
        } else if sequence > extent.head {
            Err(RuntimeError::CursorAhead { latest: self.presenter.cursor(log, extent.head) })
        } else {
            Ok(sequence)
        }
    }
}

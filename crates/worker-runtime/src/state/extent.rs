//! Where a reader begins: the positions that a caller may name, checked against a log.

use std::sync::Arc;

use crate::{
    error::RuntimeError,
    model::{EventsFrom, LogId},
    state::{core::Core, worker_cell::Cell},
};

/// The ends of a log: readers can be anywhere from `floor` to `head`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// The sequence before the oldest event that is kept.
    pub(crate) floor: u64,
    /// The sequence of the newest event.
    pub(crate) head: u64,
}

impl Core {
    /// The ends of the Runtime's log.
    pub(crate) fn runtime_extent(&self) -> Extent {
        let board = self.log.lock();
        Extent { floor: board.events().floor(), head: board.head() }
    }

    /// The ends of a Worker's log.
    pub(crate) async fn worker_extent(&self, cell: &Arc<Cell>) -> Result<Extent, RuntimeError> {
        let page = self.ask(|it| it.events(cell.worker_id, 0, 1)).await;
        let page = page.map_err(|_| RuntimeError::store_refused())?;
        let head = cell.record()?.worker_sequence;
        if page.oldest == 0 {
            // It is deleted, though that does not show yet.
            return Err(RuntimeError::WorkerNotFound {});
        }
        Ok(Extent { floor: page.oldest.saturating_sub(1).min(head), head })
    }

    /// The position that a caller named, in a log with these ends.
    pub(crate) fn position(
        &self,
        log: LogId,
        from: &EventsFrom,
        extent: Extent,
    ) -> Result<u64, RuntimeError> {
        let sequence = match from {
            EventsFrom::Oldest(_) => return Ok(extent.floor),
            EventsFrom::Now(_) => return Ok(extent.head),
            EventsFrom::After(it) => it.cursor.sequence_in(self.owner.runtime_id, log)?,
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

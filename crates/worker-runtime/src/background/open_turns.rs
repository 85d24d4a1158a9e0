//! Ends the turns that were open when their Runtime ended.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::{
    error::RuntimeError,
    identity::TurnId,
    model::Severity,
    state::{core::Core, worker_cell::WorkerCell},
    sync::Backoff,
    turn,
};

/// A turn that was open when its Runtime ended.
#[derive(Clone, Debug)]
pub(super) struct OpenTurn {
    pub(super) cell: Arc<WorkerCell>,
    pub(super) turn_id: TurnId,
}

/// The most turns that are ended at the same time. The end of each is a commit of its own.
const AT_ONCE: usize = 512;

impl Core {
    /// Ends open turns. Those whose end the store does not take stay open for now, and are ended in
    /// the background, so that they sink no other Worker.
    ///
    /// # Errors
    ///
    /// `runtime_stopped` if the lease is lost.
    pub(super) async fn lose_turns(
        self: &Arc<Self>,
        open: Vec<OpenTurn>,
    ) -> Result<(), RuntimeError> {
        let left = self.lose_each(open).await?;
        for OpenTurn { cell, turn_id } in &left {
            let message = "the store did not take the end of a turn that was open; trying again";
            self.note(Severity::Error, message, &**cell, Some(*turn_id));
        }
        if !left.is_empty() {
            let core = Arc::clone(self);
            self.executor.spawn(async move {
                // The next owner of the store ends a turn that is still open when the Runtime ends.
                let _ = core.unless_ended(core.insist_on_loss(left)).await;
            });
        }
        Ok(())
    }

    /// Tries to end turns again until each is over.
    async fn insist_on_loss(self: &Arc<Self>, mut left: Vec<OpenTurn>) {
        let mut backoff = Backoff::of_store();
        while !left.is_empty() {
            self.executor.pause(&mut backoff).await;
            match self.lose_each(left).await {
                Ok(still_open) => left = still_open,
                // The Runtime has ended.
                Err(_) => return,
            }
        }
    }

    /// Tries once to end each of these turns. Returns those that are still open.
    async fn lose_each(
        self: &Arc<Self>,
        open: Vec<OpenTurn>,
    ) -> Result<Vec<OpenTurn>, RuntimeError> {
        let (mut open, mut left) = (open.into_iter(), Vec::new());
        let mut ends = JoinSet::new();
        loop {
            while ends.len() < AT_ONCE
                && let Some(next) = open.next()
            {
                let core = Arc::clone(self);
                self.executor.spawn_in(&mut ends, async move {
                    let lost = turn::lose(&core, &next.cell, next.turn_id).await;
                    (next, lost)
                });
            }
            // A task that is gone, or has panicked, has left its turn to the next start.
            match ends.join_next().await {
                None => return Ok(left),
                Some(Ok((_, Ok(()) | Err(RuntimeError::WorkerNotFound {}))) | Err(_)) => {}
                Some(Ok((_, Err(error @ RuntimeError::RuntimeStopped {})))) => return Err(error),
                Some(Ok((turn, Err(_)))) => left.push(turn),
            }
        }
    }
}

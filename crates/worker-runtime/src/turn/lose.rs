//! Ends a turn whose Runtime has died, with the outcome `Lost`. The turn is not run again.

use std::sync::Arc;

use llm_engine::TokenUsage;

use super::ending::{current, turn_ends};
use crate::{
    commit::{
        change::{Cause, Decision},
        seal::Seal,
    },
    domain::draft::TurnEnd,
    error::RuntimeError,
    identity::TurnId,
    model::TurnOutcome,
    state::{core::Core, worker_cell::WorkerCell},
};

/// Ends a turn that an earlier Runtime on the store began, unless a command has ended it.
pub(crate) async fn lose(
    core: &Arc<Core>,
    cell: &Arc<WorkerCell>,
    turn_id: TurnId,
) -> Result<(), RuntimeError> {
    let lost = core.change(cell, Seal::No, Cause::Runtime, move |context, worker| {
        let Some(running) = current(worker.record, turn_id) else {
            return Ok(Decision::Keep(()));
        };
        let end = TurnEnd {
            outcome: TurnOutcome::Lost,
            text: Arc::from(""),
            usage: TokenUsage::default(),
            stop_reason: None,
            error: None,
            reason: None,
        };
        let draft = turn_ends(worker.record, running, end, context.now_ms);
        Ok(Decision::Change(draft, ()))
    });
    lost.await
}

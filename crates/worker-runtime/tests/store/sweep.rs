//! A fault at every commit of a script, and a caller that drops its future at every step.

use std::sync::Arc;

use worker_runtime::{
    Runtime,
    commands::CreateWorker,
    model::{Input, TurnOutcome, WorkerState},
    queries::GetTurn,
    store::StoredEventBody,
};

use crate::{
    fault_store::{Fault, FaultStore},
    script::{GivesUp, Run, runtime_on},
    view::{Outline, View, WorkerView, view},
};

/// The result of a run of the script.
struct Played {
    view: View,
    store: Arc<FaultStore>,
    steps: usize,
    commits: u64,
}

/// Runs the script on a store, and checks that memory and store agree at the end.
async fn play(store: FaultStore, gives_up: Option<GivesUp>) -> Played {
    let store = Arc::new(store);
    let run = Run::on(Arc::clone(&store) as _, gives_up).await;
    run.play().await;
    let seen = view(&run.runtime).await;
    seen.workers.iter().for_each(WorkerView::check);
    let (steps, commits) = (run.steps(), store.commits());
    check_usable(&run.runtime).await;
    let last_view = view(&run.runtime).await;
    drop(run);
    let restored = runtime_on(Arc::clone(&store.inner) as _).await;
    assert_eq!(view(&restored).await, last_view, "memory and store differ");
    Played { view: seen, store, steps, commits }
}

/// Checks that the Runtime still creates Workers and completes turns.
async fn check_usable(runtime: &Runtime) {
    let initial_input = Some(Input::user("still there?"));
    let created =
        runtime.handle(CreateWorker { initial_input, ..CreateWorker::default() }).await.unwrap();
    let receipt = created.receipt.unwrap();
    let get = GetTurn { wait_ms: Some(1000), ..GetTurn::new(receipt.worker, receipt.turn_id) };
    let turn = runtime.handle(get).await.unwrap().turn;
    assert_eq!(turn.outcome, Some(TurnOutcome::Completed));
}

/// The outcome of a turn that ends in this commit without a command: the turn completes, or a deadline
/// cancels it. No caller repeats such a commit, so the Runtime ends the turn as failed if the commit is
/// lost.
fn outcome_without_command(commit: &[StoredEventBody]) -> Option<TurnOutcome> {
    let is_at_deadline = commit.iter().any(|body| {
        matches!(body, StoredEventBody::WorkerStateChanged { from: WorkerState::Stopping, .. })
    });
    commit.iter().find_map(|body| match body {
        StoredEventBody::TurnEnded { outcome, .. } => Some(*outcome).filter(|outcome| {
            *outcome == TurnOutcome::Completed
                || *outcome == TurnOutcome::Cancelled && is_at_deadline
        }),
        _ => None,
    })
}

/// The outline as text, in which a turn that failed because of the store has the outcome that the turn
/// would have had without the fault.
fn with_outcome_restored(outline: &[Outline], outcome: Option<TurnOutcome>) -> String {
    let text = format!("{outline:#?}");
    let restore = |event, outcome| text.replace("turn_failed", event).replace("Failed", outcome);
    match outcome {
        Some(TurnOutcome::Cancelled) => restore("turn_cancelled", "Cancelled"),
        _ => restore("turn_completed", "Completed"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_commit_leaves_everything_or_nothing() {
    let Played { view: wanted, commits, .. } = play(FaultStore::default(), None).await;
    assert_eq!(commits, 19, "the script has this many commits");
    for fault in Fault::ALL {
        for n in 1..=commits {
            let Played { view: seen, store, .. } = play(FaultStore::failing(n, fault), None).await;
            let failed = store.failed_events();
            let case = format!("{fault:?} at commit {n}: {failed:?}");
            let lost = !fault.takes_effect();
            let outcome = outcome_without_command(&failed).filter(|_| lost);
            let was_retry =
                failed.iter().any(|body| matches!(body, StoredEventBody::TurnRetrying { .. }));
            let (mut seen_outline, mut wanted_outline) = (seen.outline(), wanted.outline());
            if was_retry && lost {
                for worker in seen_outline.iter_mut().chain(&mut wanted_outline) {
                    worker.events.retain(|kind| *kind != "turn_retrying");
                }
            }
            assert_eq!(seen.outcomes.failed, u64::from(outcome.is_some()), "{case}");
            assert_eq!(
                with_outcome_restored(&seen_outline, outcome),
                with_outcome_restored(&wanted_outline, outcome),
                "{case}"
            );
            assert_eq!(seen.usage.turns, wanted.usage.turns, "{case}");
            assert_eq!(seen.states, wanted.states, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_gives_up_anywhere_has_done_everything_or_nothing() {
    let Played { view: wanted, steps, .. } = play(FaultStore::slow(), None).await;
    for step in 1..=steps {
        for polls in 1..=6 {
            let Played { view: seen, .. } =
                play(FaultStore::slow(), Some(GivesUp { step, polls })).await;
            assert_eq!(seen.outline(), wanted.outline(), "step {step}, after {polls} polls");
            assert_eq!(seen.usage.turns, wanted.usage.turns, "step {step}, after {polls} polls");
        }
    }
}

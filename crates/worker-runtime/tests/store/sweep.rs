//! A fault at every commit of a script, and a caller who gives up at every step.

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
    wrapper::Wrapped,
};

/// What a run of the script came to.
struct Played {
    seen: View,
    store: Arc<Wrapped<FaultStore>>,
    steps: usize,
    commits: u64,
}

/// Plays the script on a store and looks at what is there in the end, in memory and in the store.
async fn play(store: FaultStore, gives_up: Option<GivesUp>) -> Played {
    let store = Arc::new(Wrapped(store));
    let run = Run::on(Arc::clone(&store) as _, gives_up).await;
    run.play().await;
    let seen = view(&run.runtime).await;
    seen.workers.iter().for_each(WorkerView::check);
    let (steps, commits) = (run.steps(), store.0.commits());
    goes_on(&run.runtime).await;
    let seen_last = view(&run.runtime).await;
    drop(run);
    let restored = runtime_on(Arc::clone(&store.0.inner) as _).await;
    assert_eq!(view(&restored).await, seen_last, "memory and store differ");
    Played { seen, store, steps, commits }
}

/// The Runtime works as if nothing had happened.
async fn goes_on(runtime: &Runtime) {
    let initial_input = Some(Input::user("still there?"));
    let created =
        runtime.handle(CreateWorker { initial_input, ..CreateWorker::default() }).await.unwrap();
    let receipt = created.receipt.unwrap();
    let get = GetTurn { wait_ms: Some(1000), ..GetTurn::new(receipt.worker, receipt.turn_id) };
    let turn = runtime.handle(get).await.unwrap().turn;
    assert_eq!(turn.outcome, Some(TurnOutcome::Completed));
}

/// The end in a commit that no command asked for, and that the Runtime so has to bring about.
fn own_end(commit: &[StoredEventBody]) -> Option<TurnOutcome> {
    let is_late = commit.iter().any(|body| {
        matches!(body, StoredEventBody::WorkerStateChanged { from: WorkerState::Stopping, .. })
    });
    commit.iter().find_map(|fact| match fact {
        StoredEventBody::TurnEnded { outcome, .. } => Some(*outcome).filter(|outcome| {
            *outcome == TurnOutcome::Completed || *outcome == TurnOutcome::Cancelled && is_late
        }),
        _ => None,
    })
}

/// An outline with a failure of the store told as the end that it was to be.
fn forgiven(outline: &[Outline], end: Option<TurnOutcome>) -> String {
    let told = format!("{outline:#?}");
    let as_end = |event, outcome| told.replace("turn_failed", event).replace("Failed", outcome);
    match end {
        Some(TurnOutcome::Cancelled) => as_end("turn_cancelled", "Cancelled"),
        _ => as_end("turn_completed", "Completed"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_commit_leaves_everything_or_nothing() {
    let Played { seen: wanted, commits, .. } = play(FaultStore::default(), None).await;
    assert_eq!(commits, 19, "every step of the script is one commit");
    for fault in Fault::ALL {
        for n in 1..=commits {
            let Played { seen, store, .. } = play(FaultStore::failing(n, fault), None).await;
            let hit = store.0.hit();
            let case = format!("{fault:?} at commit {n}: {hit:?}");
            let lost = !fault.takes_effect();
            let end = own_end(&hit).filter(|_| lost);
            let was_retry =
                hit.iter().any(|fact| matches!(fact, StoredEventBody::TurnRetrying { .. }));
            let (mut seen_outline, mut wanted_outline) = (seen.outline(), wanted.outline());
            if was_retry && lost {
                for worker in seen_outline.iter_mut().chain(&mut wanted_outline) {
                    worker.events.retain(|kind| *kind != "turn_retrying");
                }
            }
            assert_eq!(seen.outcomes.failed, u64::from(end.is_some()), "{case}");
            assert_eq!(forgiven(&seen_outline, end), forgiven(&wanted_outline, end), "{case}");
            assert_eq!(seen.usage.turns, wanted.usage.turns, "{case}");
            assert_eq!(seen.states, wanted.states, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_gives_up_anywhere_has_done_everything_or_nothing() {
    let Played { seen: wanted, steps, .. } = play(FaultStore::slow(), None).await;
    for step in 1..=steps {
        for polls in 1..=6 {
            let Played { seen, .. } = play(FaultStore::slow(), Some(GivesUp { step, polls })).await;
            assert_eq!(seen.outline(), wanted.outline(), "step {step}, after {polls} polls");
            assert_eq!(seen.usage.turns, wanted.usage.turns, "step {step}, after {polls} polls");
        }
    }
}

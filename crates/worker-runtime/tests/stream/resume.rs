//! Cursors cut exactly: what a reply shows and the events after it are what there is in the end.

mod action;
mod final_state;
mod observation;
mod recorder;
mod replay;

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use worker_runtime::WaitError;

use self::{
    action::{Act, acts, end},
    final_state::Quiet,
    recorder::Stage,
};
use crate::{
    cases::{check, paused, threads},
    hesitant::HesitantStore,
    history::{Step, builder},
    wrapper::Wrapped,
};

type History = (Vec<Vec<Act>>, Option<Act>);

fn histories() -> impl Strategy<Value = History> {
    (prop::collection::vec(acts(), 1..5), end())
}

/// Plays a history, several callers at once, and checks every reply in it; gives how many.
async fn every_cut_is_exact(
    (mut callers, end): History,
    pause: fn(u64) -> Duration,
) -> Result<u64, TestCaseError> {
    let store = Arc::new(Wrapped(HesitantStore::default()));
    let stage = Stage::new(builder().store(store).build().await.unwrap());
    let create = |profile| Act::Step(Step::Create { profile, with_input: profile == 1 });
    stage.clone().play(0, vec![create(0), create(1)], pause).await;
    let stops = end.is_some();
    callers[0].extend(end);
    let tasks: Vec<_> = callers
        .into_iter()
        .zip(1..)
        .map(|(acts, caller)| tokio::spawn(stage.clone().play(caller, acts, pause)))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    rest(&stage, stops).await;
    let Stage { runtime, workers: _, cuts, deletions } = stage;
    let quiet = Quiet::new(runtime).await;
    let cuts = std::mem::take(&mut *cuts.lock().unwrap());
    let checks = cuts.len() as u64;
    for cut in cuts {
        quiet.check(cut).await;
    }
    let deletions = std::mem::take(&mut *deletions.lock().unwrap());
    for (worker, _) in &deletions {
        quiet.check_gone(*worker).await;
        let its = deletions.iter().filter(|(it, reply)| it == worker && !reply.already);
        assert_eq!(its.count(), 1, "one call deleted it");
    }
    Ok(checks)
}

/// Waits until nothing happens any more.
async fn rest(stage: &Stage, stops: bool) {
    let long = Duration::from_mins(1);
    if stops {
        stage.runtime.wait_stopped(long).await.unwrap();
    }
    let workers = stage.workers.lock().unwrap().clone();
    for worker in workers {
        match stage.runtime.wait_idle(worker, long).await {
            Ok(_) | Err(WaitError::Refused(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn every_reply_cuts_exactly_whoever_else_calls() {
    check(200, &histories(), |history| paused(every_cut_is_exact(history, Duration::from_millis)));
}

#[test]
fn every_reply_cuts_exactly_on_real_threads() {
    let pause = |ms| Duration::from_micros(40 * ms);
    check(60, &histories(), |history| threads(every_cut_is_exact(history, pause)));
}

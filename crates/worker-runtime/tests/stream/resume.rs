//! Every reply can be resumed: its state, and the events after its cursor, give the final state.

mod action;
mod final_state;
mod observation;
mod recorder;
mod replay;

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use worker_runtime::WaitError;

use self::{
    action::{Action, actions, last_action},
    final_state::FinalState,
    recorder::Recorder,
};
use crate::{
    cases::{check, paused, threads},
    hesitant::HesitantStore,
    history::{Step, builder},
};

/// The actions of each caller, and a last action of the first caller.
type History = (Vec<Vec<Action>>, Option<Action>);

fn histories() -> impl Strategy<Value = History> {
    (prop::collection::vec(actions(), 1..5), last_action())
}

/// Runs a history with concurrent callers, and resumes from every reply. Returns the number of
/// replies.
async fn every_reply_can_be_resumed(
    (callers, last): History,
    pause: fn(u64) -> Duration,
) -> Result<u64, TestCaseError> {
    let recorder = record(callers, last, pause).await;
    let final_state = FinalState::of(recorder.runtime).await;
    let observations = std::mem::take(&mut *recorder.observations.lock().unwrap());
    let count = observations.len() as u64;
    for observation in observations {
        final_state.check(observation).await;
    }
    let deletions = std::mem::take(&mut *recorder.deletions.lock().unwrap());
    for (worker, _) in &deletions {
        final_state.check_deleted(*worker).await;
        let effective = deletions.iter().filter(|(of, reply)| of == worker && !reply.already);
        assert_eq!(effective.count(), 1, "exactly one call deleted the Worker");
    }
    Ok(count)
}

/// Runs a history on two Workers, each caller in a task of its own, until nothing happens any more.
async fn record(
    mut callers: Vec<Vec<Action>>,
    last: Option<Action>,
    pause: fn(u64) -> Duration,
) -> Recorder {
    let store = Arc::new(HesitantStore::default());
    let recorder = Recorder::new(builder().store(store).build().await.unwrap());
    let create = |profile| Action::Step(Step::Create { profile, with_input: profile == 1 });
    recorder.clone().run(0, vec![create(0), create(1)], pause).await;
    let stops = last.is_some();
    callers[0].extend(last);
    let tasks: Vec<_> = callers
        .into_iter()
        .zip(1..)
        .map(|(actions, caller)| tokio::spawn(recorder.clone().run(caller, actions, pause)))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    wait_idle(&recorder, stops).await;
    recorder
}

async fn wait_idle(recorder: &Recorder, stops: bool) {
    let limit = Duration::from_mins(1);
    if stops {
        recorder.runtime.wait_stopped(limit).await.unwrap();
    }
    let workers = recorder.workers.lock().unwrap().clone();
    for worker in workers {
        match recorder.runtime.wait_idle(worker, limit).await {
            Ok(_) | Err(WaitError::Refused(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn every_reply_can_be_resumed_beside_other_callers() {
    let pause = Duration::from_millis;
    check(200, &histories(), |history| paused(every_reply_can_be_resumed(history, pause)));
}

#[test]
fn every_reply_can_be_resumed_on_real_threads() {
    let pause = |ms| Duration::from_micros(40 * ms);
    check(60, &histories(), |history| threads(every_reply_can_be_resumed(history, pause)));
}

//! Random histories of concurrent callers and a few Workers.

use std::{sync::Arc, time::Duration};

use llm_engine::{EngineError, ErrorKind, Script, ScriptedProvider};
use proptest::prelude::*;
use tokio::task::JoinHandle;
use worker_runtime::{
    Profile, Runtime, RuntimeBuilder, RuntimeCommand, WorkerRef,
    commands::{
        CancelTurn, CancelWorker, CommandReply, CreateWorker, DeleteWorker, SendInput, StopWorker,
        UpdateWorker,
    },
    model::{Input, ProfileSelector},
};

/// One step of a caller. A number selects a Worker.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Create { profile: usize, with_input: bool },
    Send(usize),
    CancelTurn(usize),
    Stop(usize, Option<u64>),
    CancelWorker(usize),
    Delete(usize),
    Rename(usize, u8),
    Label(usize, bool),
    Reprofile(usize, usize),
    SendAgain(usize, u8),
    Pause(u64),
}

/// The names of the profiles that [`runtime`] has.
pub(crate) const PROFILES: [&str; 4] = ["quick", "slow", "failing", "unfinished"];

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let worker = 0..6_usize;
    prop_oneof![
        3 => (0..PROFILES.len(), any::<bool>())
            .prop_map(|(profile, with_input)| Step::Create { profile, with_input }),
        6 => worker.clone().prop_map(Step::Send),
        3 => worker.clone().prop_map(Step::CancelTurn),
        1 => (worker.clone(), prop_oneof![Just(None), (0..30_u64).prop_map(Some)])
            .prop_map(|(worker, deadline)| Step::Stop(worker, deadline)),
        1 => worker.clone().prop_map(Step::CancelWorker),
        1 => worker.clone().prop_map(Step::Delete),
        1 => (worker.clone(), any::<u8>()).prop_map(|(worker, name)| Step::Rename(worker, name)),
        2 => (worker.clone(), any::<bool>()).prop_map(|(worker, on)| Step::Label(worker, on)),
        1 => (worker.clone(), 0..PROFILES.len())
            .prop_map(|(worker, profile)| Step::Reprofile(worker, profile)),
        2 => (worker, 0..3_u8).prop_map(|(worker, key)| Step::SendAgain(worker, key)),
        5 => (0..25_u64).prop_map(Step::Pause),
    ]
}

/// A Runtime whose profiles answer, answer slowly, fail, or end early.
pub(crate) async fn runtime() -> Runtime {
    builder().build().await.unwrap()
}

/// The builder of [`runtime`].
pub(crate) fn builder() -> RuntimeBuilder {
    let pause = Duration::from_millis(5);
    let slow = Script::new().text("one ").delay(pause).text("zwölf ").delay(pause).text("drei");
    let unfinished = Script::new().reasoning("hm").text("partly").delay(pause).end_early();
    let error = EngineError::new(ErrorKind::InvalidRequest, "no");
    let scripts = [
        Script::new().text("quick").finish(),
        slow.finish(),
        Script::new().error(error),
        unfinished,
    ];
    let mut builder = Runtime::builder();
    for (name, script) in PROFILES.into_iter().zip(scripts) {
        let provider = ScriptedProvider::new().script(script);
        builder = builder.profile(Profile::new(name, Arc::new(provider)));
    }
    builder
}

/// Runs each caller's steps in a task of its own, which knows these Workers at first.
pub(crate) fn side_by_side(
    runtime: &Runtime,
    workers: &[WorkerRef],
    callers: impl IntoIterator<Item = Vec<Step>>,
) -> Vec<JoinHandle<()>> {
    let spawn = |steps| {
        let (runtime, mut workers) = (runtime.clone(), workers.to_vec());
        tokio::spawn(async move { play(&runtime, &mut workers, steps).await })
    };
    callers.into_iter().map(spawn).collect()
}

/// Carries out steps in order. Commands may be refused.
pub(crate) async fn play(runtime: &Runtime, workers: &mut Vec<WorkerRef>, steps: Vec<Step>) {
    for step in steps {
        if let Step::Pause(ms) = step {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        let Some(command) = command(&step, workers) else { continue };
        if let Ok(CommandReply::WorkerCreated(created)) = runtime.handle(command).await {
            workers.push(created.detail.worker);
        }
    }
}

/// The command of a step. `None` for a pause, and if no Worker exists.
pub(crate) fn command(step: &Step, workers: &[WorkerRef]) -> Option<RuntimeCommand> {
    let pick = |place: usize| workers.get(place % workers.len().max(1)).copied();
    Some(match *step {
        Step::Pause(_) => return None,
        Step::Create { profile, with_input } => {
            RuntimeCommand::CreateWorker(Box::new(CreateWorker {
                profile: Some(ProfileSelector::named(PROFILES[profile])),
                initial_input: with_input.then(|| Input::user("begin")),
                ..CreateWorker::default()
            }))
        }
        Step::Send(index) => RuntimeCommand::SendInput(SendInput::new(pick(index)?, "and then?")),
        Step::SendAgain(index, key) => RuntimeCommand::SendInput(SendInput {
            idempotency_key: Some(format!("key {key}")),
            ..SendInput::new(pick(index)?, "once")
        }),
        Step::CancelTurn(index) => RuntimeCommand::CancelTurn(CancelTurn::new(pick(index)?)),
        Step::Stop(index, deadline_ms) => RuntimeCommand::StopWorker(StopWorker {
            deadline_ms,
            reason: Some("enough".to_owned()),
            ..StopWorker::new(pick(index)?)
        }),
        Step::CancelWorker(index) => RuntimeCommand::CancelWorker(CancelWorker::new(pick(index)?)),
        Step::Delete(index) => RuntimeCommand::DeleteWorker(DeleteWorker::new(pick(index)?)),
        Step::Rename(index, name) => RuntimeCommand::UpdateWorker(UpdateWorker {
            display_name: Some(format!("name {name}")),
            ..UpdateWorker::new(pick(index)?)
        }),
        Step::Label(index, on) => RuntimeCommand::UpdateWorker(UpdateWorker {
            labels: on.then(|| [("on".to_owned(), "yes".to_owned())].into()),
            remove_labels: (!on).then(|| vec!["on".to_owned()]),
            ..UpdateWorker::new(pick(index)?)
        }),
        Step::Reprofile(index, profile) => RuntimeCommand::UpdateWorker(UpdateWorker {
            profile: Some(ProfileSelector::named(PROFILES[profile])),
            ..UpdateWorker::new(pick(index)?)
        }),
    })
}

//! A mirror made of one snapshot and the stream equals what the queries say.

use futures_util::{FutureExt, StreamExt};
use proptest::prelude::*;
use worker_runtime::{
    EventsFrom, Runtime, Scope, StreamItem, Subscribe,
    event::EventBody,
    queries::{GetRuntime, GetTranscript, GetWorker, ReadEvents},
};

use crate::{
    history::{Step, play, runtime, step},
    mirror::Mirror,
};

/// Runs a test on a paused clock, so that a history takes no time and is the same every time.
fn paused<T>(test: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap().block_on(test)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mirror_follows_concurrent_callers(
        before in prop::collection::vec(step(), 0..20),
        callers in prop::collection::vec(prop::collection::vec(step(), 0..15), 1..4),
        page in 1_u64..5,
    ) {
        paused(async {
            let runtime = runtime().await;
            let mut workers = Vec::new();
            play(&runtime, &mut workers, before).await;
            let tasks: Vec<_> = callers.into_iter().map(|steps| {
                let (runtime, mut workers) = (runtime.clone(), workers.clone());
                tokio::spawn(async move { play(&runtime, &mut workers, steps).await })
            }).collect();
            tokio::task::yield_now().await;
            let (mut mirror, cursor) = Mirror::snapshot(&runtime, page).await.unwrap();
            let subscribe = Subscribe::to(Scope::runtime()).from(EventsFrom::after(cursor));
            let mut stream = runtime.subscribe(subscribe).await.unwrap();
            for task in tasks {
                task.await.unwrap();
            }
            tokio::time::sleep(std::time::Duration::from_mins(1)).await;
            while let Some(Some(item)) = stream.next().now_or_never() {
                assert!(mirror.follow(&item));
            }
            let (now, _) = Mirror::snapshot(&runtime, 1000).await.unwrap();
            prop_assert_eq!(mirror, now);
            check_counts(&runtime).await
        })?;
    }

    #[test]
    fn a_cut_is_exact_for_one_worker(
        steps in prop::collection::vec(step(), 1..25),
        cut in 0_usize..25,
    ) {
        paused(async {
            let runtime = runtime().await;
            let mut workers = Vec::new();
            let create = Step::Create { profile: 1, with_input: true };
            play(&runtime, &mut workers, vec![create]).await;
            let worker = workers[0];
            let (early, late) = steps.split_at(cut.min(steps.len()));
            play(&runtime, &mut workers, early.to_vec()).await;
            let Ok(shown) = runtime.handle(GetWorker { worker }).await else { return Ok(()) };
            let transcript = runtime.handle(GetTranscript::tail(worker)).await.unwrap();
            play(&runtime, &mut workers, late.to_vec()).await;
            tokio::time::sleep(std::time::Duration::from_mins(1)).await;
            let Ok(now) = runtime.handle(GetWorker { worker }).await else { return Ok(()) };
            let read = ReadEvents {
                from: Some(EventsFrom::after(shown.cursor)),
                limit: Some(1000),
                ..ReadEvents::of(Scope::worker(worker))
            };
            let events = runtime.handle(read).await.unwrap();
            prop_assert!(!events.more);
            let mut state = shown.detail.state;
            let mut sequence = shown.detail.worker_sequence;
            let mut entries = transcript.entries;
            for event in events.items {
                sequence += 1;
                prop_assert_eq!(event.worker_sequence, Some(sequence));
                let entry = match event.body {
                    EventBody::WorkerStateChanged { from, to, .. } => {
                        prop_assert_eq!(from, state);
                        state = to;
                        None
                    }
                    EventBody::InputAccepted { entry } | EventBody::TurnCompleted { entry, .. } => {
                        Some(entry)
                    }
                    EventBody::TurnFailed { entry, .. } | EventBody::TurnCancelled { entry, .. } => {
                        entry
                    }
                    _ => None,
                };
                entries.extend(entry);
            }
            prop_assert_eq!(sequence, now.detail.worker_sequence);
            prop_assert_eq!(state, now.detail.state);
            prop_assert_eq!(entries.len() as u64, now.detail.entries);
            let whole = runtime.handle(GetTranscript::tail(worker)).await.unwrap();
            prop_assert_eq!(entries, whole.entries);
            Ok(())
        })?;
    }
}

/// The Runtime's figures equal what walking everything gives.
async fn check_counts(runtime: &Runtime) -> Result<(), TestCaseError> {
    let (mirror, _) = Mirror::snapshot(runtime, 1000).await.unwrap();
    let summary = runtime.handle(GetRuntime {}).await.unwrap().summary;
    let mut counts = summary.workers;
    for state in worker_runtime::model::WorkerState::ALL {
        prop_assert_eq!(*counts.of(state), mirror.count(state) as u64);
    }
    prop_assert_eq!(summary.turns_in_flight, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mirror_follows_callers_on_real_threads() {
    let runtime = runtime().await;
    let mut workers = Vec::new();
    let creates = (0..4).map(|profile| Step::Create { profile, with_input: false });
    play(&runtime, &mut workers, creates.collect()).await;
    let (mut mirror, cursor) = Mirror::snapshot(&runtime, 2).await.unwrap();
    let subscribe = Subscribe::to(Scope::runtime()).from(EventsFrom::after(cursor));
    let mut stream = runtime.subscribe(subscribe).await.unwrap();
    let callers: Vec<_> = (0..4_usize)
        .map(|caller| {
            let (runtime, mut workers) = (runtime.clone(), workers.clone());
            let steps = (0..200_usize).map(move |round| match (round + caller) % 4 {
                0 | 1 => Step::Send(round + caller),
                2 => Step::CancelTurn(round),
                _ => Step::Label(round, round % 8 < 4),
            });
            tokio::spawn(async move { play(&runtime, &mut workers, steps.collect()).await })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    for worker in workers {
        runtime.wait_idle(worker, std::time::Duration::from_mins(1)).await.unwrap();
    }
    let (now, _) = Mirror::snapshot(&runtime, 1000).await.unwrap();
    while mirror != now {
        let item = stream.next().await.unwrap();
        assert!(mirror.follow(&item));
        assert!(!matches!(item, StreamItem::Ended { .. }));
    }
}

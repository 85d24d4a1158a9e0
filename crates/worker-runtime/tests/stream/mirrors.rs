//! A mirror that is made of one snapshot and the stream equals the replies of queries.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use proptest::prelude::*;
use worker_runtime::{
    EventsFrom, Runtime, Scope, StreamItem, Subscribe,
    model::PageRequest,
    queries::{GetRuntime, ListWorkers, WorkersReply},
};

use crate::{
    cases::{check, paused},
    hesitant::HesitantStore,
    history::{Step, builder, play, runtime, side_by_side, step},
    mirror::Mirror,
};

type History = (Vec<Step>, Vec<Vec<Step>>, u64);

fn histories() -> impl Strategy<Value = History> {
    let callers = prop::collection::vec(prop::collection::vec(step(), 0..15), 1..4);
    (prop::collection::vec(step(), 0..20), callers, 1..5_u64)
}

#[test]
fn a_mirror_follows_concurrent_callers() {
    check(150, &histories(), |history| paused(follow_callers(history)));
}

/// Mirrors a Runtime beside concurrent callers. Returns the number of stream items.
async fn follow_callers((before, callers, page): History) -> Result<u64, TestCaseError> {
    let store = Arc::new(HesitantStore::default());
    let runtime = builder().store(store).build().await.unwrap();
    let mut workers = Vec::new();
    play(&runtime, &mut workers, before).await;
    let tasks = side_by_side(&runtime, &workers, callers);
    tokio::task::yield_now().await;
    let (mut mirror, cursor) = Mirror::snapshot(&runtime, page).await.unwrap();
    let subscribe = Subscribe::new(Scope::runtime()).starting_at(EventsFrom::after(cursor));
    let mut stream = runtime.subscribe(subscribe).await.unwrap();
    for task in tasks {
        task.await.unwrap();
    }
    tokio::time::sleep(Duration::from_mins(1)).await;
    let mut followed = 0;
    while let Some(Some(item)) = stream.next().now_or_never() {
        prop_assert!(mirror.follow(&item));
        followed += 1;
    }
    let (now, _) = Mirror::snapshot(&runtime, 1000).await.unwrap();
    prop_assert_eq!(mirror, now);
    check_counts(&runtime).await?;
    Ok(followed)
}

/// Checks that the counts in the Runtime's summary equal counts over all Workers.
async fn check_counts(runtime: &Runtime) -> Result<(), TestCaseError> {
    let (mirror, _) = Mirror::snapshot(runtime, 1000).await.unwrap();
    let summary = runtime.handle(GetRuntime {}).await.unwrap().summary;
    let counts = summary.workers;
    for state in worker_runtime::model::WorkerState::ALL {
        prop_assert_eq!(counts.get(state), mirror.count(state) as u64);
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
    let subscribe = Subscribe::new(Scope::runtime()).starting_at(EventsFrom::after(cursor));
    let mut stream = runtime.subscribe(subscribe).await.unwrap();
    let callers = (0..4_usize).map(|caller| {
        let step = |round| match (round + caller) % 4 {
            0 | 1 => Step::Send(round + caller),
            2 => Step::CancelTurn(round),
            _ => Step::Label(round, round % 8 < 4),
        };
        (0..200_usize).map(step).collect()
    });
    for task in side_by_side(&runtime, &workers, callers) {
        task.await.unwrap();
    }
    for worker in workers {
        runtime.wait_idle(worker, Duration::from_mins(1)).await.unwrap();
    }
    let (now, _) = Mirror::snapshot(&runtime, 1000).await.unwrap();
    while mirror != now {
        let item = stream.next().await.unwrap();
        assert!(mirror.follow(&item));
        assert!(!matches!(item, StreamItem::Ended { .. }));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn every_listing_is_followed_from_its_own_cursor() {
    const WORKERS: usize = 200;
    let runtime = runtime().await;
    let mut workers = Vec::new();
    let create = Step::Create { profile: 0, with_input: false };
    play(&runtime, &mut workers, vec![create; WORKERS]).await;
    let callers = (0..2_usize).map(|caller| {
        // The callers go from the last Worker to the first, against the order of the list.
        let name = |place| u8::try_from(place / WORKERS * 2 + caller).unwrap();
        let rename = |place| Step::Rename(place, name(place));
        (0..WORKERS * 8).rev().map(rename).collect()
    });
    let callers = side_by_side(&runtime, &workers, callers);
    let mut listings = Vec::new();
    while listings.len() < 100 && callers.iter().any(|caller| !caller.is_finished()) {
        let page = Some(PageRequest { limit: Some(1000), token: None });
        let list = ListWorkers { page, ..ListWorkers::default() };
        listings.push(runtime.handle(list).await.unwrap());
    }
    for caller in callers {
        caller.await.unwrap();
    }
    let (now, _) = Mirror::snapshot(&runtime, 1000).await.unwrap();
    for WorkersReply { items, cursor, .. } in listings {
        let workers = items.into_iter().map(|item| (item.worker.worker_id, item)).collect();
        let mut mirror = Mirror { workers };
        let subscribe = Subscribe::new(Scope::runtime()).starting_at(EventsFrom::after(cursor));
        let mut stream = runtime.subscribe(subscribe).await.unwrap();
        while let Some(Some(item)) = stream.next().now_or_never() {
            assert!(goes_on(&mirror, &item), "an event before the cursor is not shown: {item:?}");
            assert!(mirror.follow(&item));
        }
        assert_eq!(mirror, now);
    }
}

/// Whether an event is at most the next one after those that the mirror includes.
fn goes_on(mirror: &Mirror, item: &StreamItem) -> bool {
    let StreamItem::Event(shared) = item else { return true };
    let known = shared.event.worker.and_then(|worker| mirror.workers.get(&worker.worker_id));
    known.is_none_or(|known| shared.event.worker_sequence <= Some(known.worker_sequence + 1))
}

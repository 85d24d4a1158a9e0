//! The deltas of a turn, joined from offset 0, equal its entry, for every kind of reader.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use llm_engine::{Script, ScriptedProvider};
use proptest::prelude::*;
use tokio::time::sleep;
use worker_runtime::{
    Profile, Runtime, Scope, StreamItem, Subscribe, Subscription, WorkerRef,
    commands::{CancelTurn, CreateWorker, SendInput},
    event::EventBody,
    queries::GetWorker,
};

use crate::{
    cases::{check, paused, threads},
    history::PROFILES,
};

/// An answer: pieces of text and of reasoning, and the pause after each piece.
type Answer = Vec<(String, u64)>;

/// A reader: the time of its subscription, and its pause before each item.
type Reader = (u64, Option<u64>);

#[derive(Clone, Debug)]
struct Turn {
    answer: Answer,
    readers: Vec<Reader>,
    cancel_after: Option<u64>,
}

fn turns() -> impl Strategy<Value = Turn> {
    let text = prop_oneof!["[aäß€🦀 ]{0,12}", Just("ß€🦀".repeat(4000))];
    let answer = prop::collection::vec((text, 0_u64..4), 0..20);
    let reader = (0..40_u64, prop::option::of(1..20_u64));
    let readers = prop::collection::vec(reader, 1..5);
    (answer, readers, prop::option::of(0..40_u64))
        .prop_map(|(answer, readers, cancel_after)| Turn { answer, readers, cancel_after })
}

/// Reads one turn with several readers. Returns the number of deltas.
async fn every_reader_gets_all(
    turn: Turn,
    pause: fn(u64) -> Duration,
) -> Result<u64, TestCaseError> {
    let mut script = Script::new();
    for (piece, ms) in &turn.answer {
        script = script.text(piece.clone()).reasoning(piece.clone()).delay(pause(*ms));
    }
    let provider = ScriptedProvider::new().script(script.finish());
    let profile = Profile::new(PROFILES[0], Arc::new(provider));
    let runtime = Runtime::builder().profile(profile).build().await.unwrap();
    let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
    let early = runtime.subscribe(Subscribe::new(Scope::worker(worker))).await.unwrap();
    runtime.handle(SendInput::new(worker, "go")).await.unwrap();
    let thoughts: String = turn.answer.iter().map(|(piece, _)| piece.as_str()).collect();
    let mut readers = vec![tokio::spawn(read(early, thoughts.clone(), None))];
    for (join_after, every) in turn.readers {
        let (runtime, thoughts) = (runtime.clone(), thoughts.clone());
        readers.push(tokio::spawn(async move {
            sleep(pause(join_after)).await;
            match join(&runtime, worker).await {
                Some(late) => read(late, thoughts, every.map(pause)).await,
                None => Ok(0),
            }
        }));
    }
    if let Some(after) = turn.cancel_after {
        sleep(pause(after)).await;
        runtime.handle(CancelTurn::new(worker)).await.unwrap();
    }
    let mut deltas = 0;
    for reader in readers {
        deltas += reader.await.unwrap()?;
    }
    Ok(deltas)
}

/// Subscribes while the turn runs. `None` if the turn has ended.
async fn join(runtime: &Runtime, worker: WorkerRef) -> Option<Subscription> {
    let late = runtime.subscribe(Subscribe::new(Scope::worker(worker))).await.unwrap();
    let shown = runtime.handle(GetWorker { worker }).await.unwrap();
    shown.detail.turn_id.map(|_| late)
}

/// Reads a turn to its end. Returns the number of deltas.
async fn read(
    mut stream: Subscription,
    thoughts: String,
    every: Option<Duration>,
) -> Result<u64, TestCaseError> {
    let (mut joined, mut synced, mut deltas) = (String::new(), false, 0);
    let mut thought = 0;
    let limit = Duration::from_mins(10);
    while let Some(item) = tokio::time::timeout(limit, stream.next()).await.unwrap() {
        match item {
            StreamItem::Synced { .. } => synced = true,
            StreamItem::TextDelta { offset, text, .. } => {
                prop_assert!(synced && !text.is_empty());
                prop_assert_eq!(usize::try_from(offset).unwrap(), joined.len());
                joined.push_str(&text);
                deltas += 1;
            }
            StreamItem::ReasoningDelta { offset, text, .. } => {
                let offset = usize::try_from(offset).unwrap();
                prop_assert!(synced && !text.is_empty());
                prop_assert!(offset >= thought, "nothing is said twice");
                prop_assert_eq!(thoughts.get(offset..offset + text.len()), Some(&*text));
                thought = offset + text.len();
                deltas += 1;
            }
            StreamItem::Event(shared) => {
                let entry = match &shared.event.body {
                    EventBody::TurnCompleted { entry, .. } => Some(entry),
                    EventBody::TurnCancelled { entry, .. } => entry.as_ref(),
                    _ => continue,
                };
                prop_assert_eq!(
                    joined,
                    entry.map(|entry| entry.text.to_string()).unwrap_or_default()
                );
                // No delta of the turn comes after its end.
                while let Some(Some(item)) = stream.next().now_or_never() {
                    let is_delta = matches!(
                        item,
                        StreamItem::TextDelta { .. } | StreamItem::ReasoningDelta { .. }
                    );
                    prop_assert!(!is_delta);
                }
                return Ok(deltas);
            }
            _ => prop_assert!(false, "{item:?}"),
        }
        if let Some(every) = every {
            sleep(every).await;
        }
    }
    Err(TestCaseError::fail("the stream ended"))
}

#[test]
fn every_reader_gets_the_whole_text() {
    check(150, &turns(), |turn| paused(every_reader_gets_all(turn, Duration::from_millis)));
}

#[test]
fn every_reader_gets_the_whole_text_on_real_threads() {
    let pause = |ms| Duration::from_micros(50 * ms);
    check(60, &turns(), |turn| threads(every_reader_gets_all(turn, pause)));
}

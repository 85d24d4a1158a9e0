//! Joined from offset 0, the deltas of a turn equal its entry, whoever reads them and however.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt};
use llm_engine::{Script, ScriptedProvider};
use proptest::prelude::*;
use worker_runtime::{
    Profile, Runtime, Scope, StreamItem, Subscribe,
    commands::{CancelTurn, CreateWorker, SendInput},
    event::EventBody,
};

fn text() -> impl Strategy<Value = String> {
    "[aäß€🦀 ]{0,12}"
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_reader_gets_the_whole_text(
        parts in prop::collection::vec((text(), 0_u64..4), 0..20),
        join_after_ms in 0_u64..40,
        read_every_ms in prop::option::of(1_u64..20),
        cancel_after_ms in prop::option::of(0_u64..40),
    ) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let tokio = builder.enable_time().start_paused(true).build().unwrap();
        tokio.block_on(async {
            let mut script = Script::new();
            for (part, pause) in &parts {
                script = script.text(part.clone()).reasoning(part.clone()).delay(Duration::from_millis(*pause));
            }
            let provider = ScriptedProvider::new().script(script.finish());
            let profile = Profile::new("scripted", Arc::new(provider));
            let runtime = Runtime::builder().profile(profile).build().await.unwrap();
            let worker = runtime.handle(CreateWorker::default()).await.unwrap().detail.worker;
            let mut early = runtime.subscribe(Subscribe::to(Scope::worker(worker))).await.unwrap();
            runtime.handle(SendInput::user(worker, "go")).await.unwrap();
            let canceller = runtime.clone();
            let cancelled = tokio::spawn(async move {
                if let Some(ms) = cancel_after_ms {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    canceller.handle(CancelTurn::running(worker)).await.unwrap();
                }
            });
            tokio::time::sleep(Duration::from_millis(join_after_ms)).await;
            let was_running = runtime
                .handle(worker_runtime::queries::GetWorker { worker })
                .await
                .unwrap()
                .detail
                .turn_id
                .is_some();
            let mut late = runtime.subscribe(Subscribe::to(Scope::worker(worker))).await.unwrap();
            if let Some(ms) = read_every_ms {
                for _ in 0..20 {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                }
            }
            cancelled.await.unwrap();
            check(&mut early, true).await?;
            if was_running {
                check(&mut late, true).await?;
            }
            Ok::<_, TestCaseError>(())
        })?;
    }
}

async fn check(
    stream: &mut (impl StreamExt<Item = StreamItem> + Unpin),
    from_start: bool,
) -> Result<(), TestCaseError> {
    let mut joined = String::new();
    let mut synced = false;
    let limit = Duration::from_mins(10);
    while let Some(item) = tokio::time::timeout(limit, stream.next()).await.unwrap() {
        match item {
            StreamItem::Synced { .. } => synced = true,
            StreamItem::TextDelta { offset, text, .. } => {
                prop_assert!(synced || !from_start);
                prop_assert!(!text.is_empty());
                prop_assert_eq!(usize::try_from(offset).unwrap(), joined.len());
                joined.push_str(&text);
            }
            StreamItem::Event(it) => {
                let entry = match it.event.body {
                    EventBody::TurnCompleted { entry, .. } => Some(entry),
                    EventBody::TurnCancelled { entry, .. } => entry,
                    _ => continue,
                };
                prop_assert_eq!(joined, entry.map(|it| it.text.to_string()).unwrap_or_default());
                // Nothing of the turn comes after its end.
                while let Some(Some(item)) = stream.next().now_or_never() {
                    let is_delta = matches!(
                        item,
                        StreamItem::TextDelta { .. } | StreamItem::ReasoningDelta { .. }
                    );
                    prop_assert!(!is_delta);
                }
                return Ok(());
            }
            StreamItem::ReasoningDelta { .. } => {}
            StreamItem::Gap { .. } | StreamItem::Ended { .. } => prop_assert!(false, "{item:?}"),
        }
    }
    Err(TestCaseError::fail("the stream ended"))
}

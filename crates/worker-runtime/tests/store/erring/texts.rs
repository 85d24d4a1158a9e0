//! A store with texts and lists that no Runtime can have written, because they are too long.

use std::sync::Arc;

use llm_engine::{EngineError, ErrorKind, ProviderError};
use worker_runtime::{
    Limits, Profile, Runtime, RuntimeError, Scope, WorkerRef,
    commands::{CreateWorker, SendInput},
    event::StoredEventBody,
    model::{Access, CapabilityGrant, Intent, IntentTask, ScopeClaim, TurnError},
    queries::{GetTranscript, GetWorker, ListTurns, ReadEvents},
    store::{InputKey, Store, StoredWorker, WorkerRecord, WorkerSpec},
};

use super::lying_store::{after_turns, bounded, fails, provider, restart, runtime_on, store, told};

const UNREADABLE: &str = "a worker's record could not be read: ";

fn long() -> String {
    "x".repeat(1 << 20)
}

/// Restores a Worker with a turn, whose record is changed.
async fn restored_with(
    change: impl Fn(&mut StoredWorker) + Send + 'static,
) -> (Runtime, WorkerRef, Vec<String>) {
    let (store, runtime, worker) = after_turns(1).await;
    store.workers.set(move |_, mut page| {
        page.iter_mut().flatten().for_each(&change);
        Ok(page)
    });
    let runtime = restart(&store, runtime).await;
    let told = told(&runtime).await;
    (runtime, worker, told)
}

fn claim(resource: &str) -> ScopeClaim {
    ScopeClaim { resource: resource.to_owned(), access: Access::Exclusive }
}

#[test]
fn a_record_with_a_text_or_a_list_that_is_too_long_is_unreadable() {
    type Wrong = fn(&mut WorkerRecord);
    fn spec(record: &mut WorkerRecord) -> &mut WorkerSpec {
        Arc::make_mut(&mut record.spec)
    }
    let wrong: [Wrong; 15] = [
        |record| record.tenant = Some(long().into()),
        |record| record.display_name = Some(long().into()),
        |record| record.end_reason = Some("\u{202e}".repeat(1 << 20).into()),
        |record| drop(Arc::make_mut(&mut record.labels).insert("a".to_owned(), long())),
        |record| {
            let labels = Arc::make_mut(&mut record.labels);
            labels.extend((0..2000).map(|name| (name.to_string(), String::new())));
        },
        |record| {
            // Each is short enough, and all together are not.
            let labels = Arc::make_mut(&mut record.labels);
            labels.extend((0..1000).map(|name| (name.to_string(), "x".repeat(60_000))));
        },
        |record| spec(record).intent = Intent::Task(IntentTask { objective: long() }),
        |record| spec(record).instructions = Some("x".repeat(20 << 20).into()),
        |record| spec(record).scope_claims = vec![claim(&"x/".repeat(1 << 20))],
        |record| spec(record).scope_claims = vec![claim("/etc/../passwd")],
        |record| spec(record).scope_claims = vec![claim("a"); 5000],
        |record| {
            let grant = serde_json::json!({ "name": "x".repeat(1 << 20), "granted": false });
            let grant: CapabilityGrant = serde_json::from_value(grant).unwrap();
            spec(record).capabilities.push(grant);
        },
        |record| Arc::make_mut(record.turn.as_mut().unwrap()).model = Some(long().into()),
        |record| Arc::make_mut(record.turn.as_mut().unwrap()).reason = Some(long().into()),
        |record| {
            let said = ProviderError::new().status(400);
            let error = EngineError::new(ErrorKind::InvalidRequest, "no").with_provider(said);
            let mut error = TurnError::from(error);
            error.provider.as_mut().unwrap().message = Some(long());
            Arc::make_mut(record.turn.as_mut().unwrap()).error = Some(Box::new(error));
        },
    ];
    for wrong in wrong {
        bounded(async move {
            let restored = restored_with(move |worker| wrong(Arc::make_mut(&mut worker.record)));
            let (runtime, worker, told) = restored.await;
            assert!(matches!(told.as_slice(), [one] if one.starts_with(UNREADABLE)), "{told:?}");
            let gone = runtime.handle(GetWorker { worker }).await.unwrap_err();
            assert_eq!(gone, RuntimeError::WorkerNotFound {});
        });
    }
}

#[test]
fn a_record_with_keys_that_are_too_long_or_too_many_is_unreadable() {
    fn key(worker: &StoredWorker, key: String) -> InputKey {
        let turn_id = worker.record.turn.as_ref().unwrap().turn_id;
        let (key, digest) = (key.into(), [0; 16]);
        InputKey { key, digest, at_ms: 0, turn_id, entry_sequence: 1, cursor_sequence: 1 }
    }
    for (count, name) in [(1, long()), (20_000, "a".to_owned())] {
        bounded(async move {
            let restored = restored_with(move |worker| {
                worker.keys.extend(
                    (0..count).map(|it| key(worker, format!("{name}{it}"))).collect::<Vec<_>>(),
                );
            });
            let told = restored.await.2;
            assert!(matches!(told.as_slice(), [one] if one.starts_with(UNREADABLE)), "{told:?}");
        });
    }
}

#[test]
fn a_record_of_a_runtime_with_wider_limits_is_read() {
    bounded(async {
        let (runtime, worker, told) = restored_with(|worker| {
            let record = Arc::make_mut(&mut worker.record);
            record.display_name = Some("x".repeat(10_000).into());
            let labels = Arc::make_mut(&mut record.labels);
            labels.extend((0..200).map(|name| (name.to_string(), "x".repeat(1000))));
            Arc::make_mut(&mut record.spec).scope_claims = vec![claim("a/b"); 100];
        })
        .await;
        assert!(told.is_empty(), "{told:?}");
        runtime.handle(GetWorker { worker }).await.unwrap();
    });
}

#[test]
fn what_a_runtime_with_the_widest_limits_wrote_is_read_by_it() {
    bounded(async {
        let store = store();
        let build = || {
            let mut limits = Limits::default().input_bytes(40 << 20).text_chars(1 << 20);
            limits.request_bytes = 100 << 20;
            Runtime::builder()
                .limits(limits)
                .profile(Profile::new("scripted", Arc::new(provider())))
                .store(Arc::clone(&store) as Arc<dyn Store>)
                .build()
        };
        let runtime = build().await.unwrap();
        let objective = "x".repeat(1 << 20);
        let create = CreateWorker::new().intent(Intent::Task(IntentTask { objective }));
        let worker = runtime.handle(create).await.unwrap().detail.worker;
        runtime.handle(SendInput::new(worker, "x".repeat(40 << 20))).await.unwrap();
        runtime.wait_idle(worker, std::time::Duration::from_secs(5)).await.unwrap();
        drop(runtime);
        tokio::time::sleep(std::time::Duration::from_mins(1)).await;
        let runtime = build().await.unwrap();
        assert_eq!(runtime.handle(GetTranscript::new(worker)).await.unwrap().total, 2);
        assert!(told(&runtime).await.is_empty());
    });
}

#[test]
fn an_entry_a_turn_or_an_event_with_a_text_that_is_too_long_is_a_failure() {
    bounded(async {
        let (store, runtime, worker) = after_turns(2).await;
        store.entries.set(|_, mut page| {
            for entry in &mut page {
                Arc::make_mut(entry).text = "x".repeat(20 << 20).into();
            }
            Ok(page)
        });
        let why = "the store gave other entries of a worker than it was asked for";
        fails(&runtime, GetTranscript::new(worker), why).await;
        store.entries.set(|_, page| Ok(page));
        store.turns.set(|_, mut page| {
            Arc::make_mut(&mut page[0]).reason = Some(long().into());
            Ok(page)
        });
        let why = "the store gave other turns of a worker than it was asked for";
        fails(&runtime, ListTurns::new(worker), why).await;
        store.turns.set(|_, page| Ok(page));
        store.events.set(|_, mut page| {
            for event in &mut page.events {
                if let StoredEventBody::WorkerStateChanged { reason, .. } = &mut event.body {
                    *reason = Some(long().into());
                }
            }
            Ok(page)
        });
        let why = "the store gave other events of a worker than it was asked for";
        fails(&runtime, ReadEvents::new(Scope::worker(worker)), why).await;
    });
}

#[test]
fn an_event_of_an_unknown_kind_is_bounded_too() {
    bounded(async {
        let (store, runtime, worker) = after_turns(1).await;
        let read = || ReadEvents::new(Scope::worker(worker));
        let unknown = |kind: &str| -> StoredEventBody {
            serde_json::from_value(serde_json::json!({ "type": kind, "more": 1 })).unwrap()
        };
        let [short, too_long] = [unknown("of_later"), unknown(&long())];
        store.events.set(move |_, mut page| {
            page.events.iter_mut().skip(1).take(1).for_each(|it| it.body = short.clone());
            Ok(page)
        });
        let shown = runtime.handle(read()).await.unwrap().items;
        assert_eq!(shown[1].event_type(), worker_runtime::event::EventType::Unknown);
        store.events.set(move |_, mut page| {
            page.events.iter_mut().skip(1).take(1).for_each(|it| it.body = too_long.clone());
            Ok(page)
        });
        let why = "the store gave other events of a worker than it was asked for";
        fails(&runtime, read(), why).await;
    });
}

#[test]
fn keys_of_creations_that_are_too_many_or_too_long_are_left_out() {
    bounded(async {
        let store = store();
        let runtime = runtime_on(&store).await;
        let create = CreateWorker::new().idempotency_key("k");
        let first = runtime.handle(create.clone()).await.unwrap().detail.worker;
        store.create_keys.set(|(), keys| {
            let known = keys[0].clone();
            let named = |name: String| {
                let mut key = known.clone();
                key.key = name.into();
                key
            };
            let mut more: Vec<_> = (0..1 << 20).map(|it: u32| named(it.to_string())).collect();
            more.extend([known.clone(), named(long())]);
            Ok(more)
        });
        let runtime = restart(&store, runtime).await;
        assert_eq!(
            told(&runtime).await,
            [
                "the store gave more items at once than it was asked for",
                "the store gave an idempotency key that cannot be right",
            ]
        );
        let again = runtime.handle(create).await.unwrap();
        assert_eq!((again.replayed, again.detail.worker), (true, first));
    });
}

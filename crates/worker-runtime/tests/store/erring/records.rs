//! A store with records that contradict themselves or leave the range of the wire.

use std::sync::Arc;

use worker_runtime::{
    RuntimeError,
    commands::SendInput,
    model::{TurnOutcome, Usage, WorkerState},
    queries::{GetRuntime, GetWorker},
    store::{InputKey, StoredWorker, WorkerRecord},
};

use super::lying_store::{after_turns, bounded, converse, restart, told};

const MOST: u64 = (1 << 53) - 1;

/// Restores a Worker with two turns, whose record is changed, beside an unchanged one.
async fn is_unreadable(change: impl Fn(&mut StoredWorker) + Send + 'static) {
    let (store, runtime, worker) = after_turns(2).await;
    let other = runtime.handle(worker_runtime::commands::CreateWorker::default()).await;
    let other = other.unwrap().detail.worker;
    store.workers.set(move |_, mut page| {
        if let Some(Ok(first)) = page.first_mut()
            && first.record.worker_id == worker.worker_id
        {
            change(first);
        }
        Ok(page)
    });
    let runtime = restart(&store, runtime).await;
    let told = told(&runtime).await;
    let [message] = told.as_slice() else { panic!("{told:?}") };
    assert!(message.starts_with("a worker's record could not be read: "), "{message}");
    let gone = runtime.handle(GetWorker { worker }).await.unwrap_err();
    assert_eq!(gone, RuntimeError::WorkerNotFound {});
    converse(&runtime, other).await;
    assert_eq!(runtime.handle(GetRuntime {}).await.unwrap().summary.workers.idle, 1);
}

#[test]
fn a_record_that_contradicts_itself_or_leaves_the_range_is_unreadable() {
    type Wrong = fn(&mut WorkerRecord);
    let wrong: [Wrong; 22] = [
        |record| record.entries = 5,
        |record| record.usage.turns = 1,
        |record| record.usage = Usage::default(),
        |record| Arc::make_mut(record.turn.as_mut().unwrap()).usage.turns = 2,
        |record| Arc::make_mut(record.turn.as_mut().unwrap()).input_sequence = None,
        |record| record.version = u64::MAX,
        |record| record.version = MOST - 1,
        |record| record.version = 0,
        |record| record.worker_sequence = u64::MAX,
        |record| record.worker_sequence = 0,
        |record| record.entries = MOST,
        |record| record.entries = 1,
        |record| record.turns = MOST,
        |record| record.turns = 0,
        |record| record.turn = None,
        |record| record.state = WorkerState::Running,
        |record| record.last_outcome = Some(TurnOutcome::Failed),
        |record| record.created_at_ms = MOST + 1,
        |record| record.active_at_ms = u64::MAX,
        |record| Arc::make_mut(record.turn.as_mut().unwrap()).outcome = None,
        |record| Arc::make_mut(record.turn.as_mut().unwrap()).answer_sequence = None,
        |record| Arc::make_mut(record.turn.as_mut().unwrap()).input_sequence = Some(5),
    ];
    for wrong in wrong {
        bounded(is_unreadable(move |worker| wrong(Arc::make_mut(&mut worker.record))));
    }
}

#[test]
fn a_worker_with_a_key_for_what_is_not_there_is_unreadable() {
    for (at_ms, entry_sequence, cursor_sequence) in [(u64::MAX, 1, 1), (0, 5, 1), (0, 1, MOST)] {
        bounded(is_unreadable(move |worker| {
            let turn_id = worker.record.turn.as_ref().unwrap().turn_id;
            let key = "key".into();
            let digest = [0; 16];
            let key = InputKey { key, digest, at_ms, turn_id, entry_sequence, cursor_sequence };
            worker.keys.push(key);
        }));
    }
}

#[test]
fn a_worker_with_a_key_of_its_latest_turn_for_another_entry_is_unreadable() {
    for entry_sequence in [0, 1, 4] {
        bounded(is_unreadable(move |worker| {
            let turn_id = worker.record.turn.as_ref().unwrap().turn_id;
            let (key, digest) = ("key".into(), [0; 16]);
            let key =
                InputKey { key, digest, at_ms: 0, turn_id, entry_sequence, cursor_sequence: 1 };
            worker.keys.push(key);
        }));
    }
}

#[test]
fn an_ordinal_past_the_range_is_no_ordinal() {
    bounded(async {
        let (store, runtime, worker) = after_turns(1).await;
        store.workers.set(|(after, _), mut page| {
            for listed in page.iter_mut().flatten() {
                Arc::make_mut(&mut listed.record).ordinal = u64::MAX;
            }
            assert!(after < MOST, "a store need not take such an ordinal");
            Ok(page)
        });
        let runtime = restart(&store, runtime).await;
        assert_eq!(told(&runtime).await.len(), 1);
        let gone = runtime.handle(SendInput::new(worker, "hello")).await.unwrap_err();
        assert_eq!(gone, RuntimeError::WorkerNotFound {});
        runtime.handle(worker_runtime::commands::CreateWorker::default()).await.unwrap();
    });
}

#[test]
fn the_usage_of_a_record_is_clamped() {
    bounded(async {
        let (store, runtime, worker) = after_turns(1).await;
        store.workers.set(|_, mut page| {
            for listed in page.iter_mut().flatten() {
                let record = Arc::make_mut(&mut listed.record);
                record.usage.input_tokens = u64::MAX;
                Arc::make_mut(record.turn.as_mut().unwrap()).usage.output_tokens = MOST + 1;
            }
            Ok(page)
        });
        let runtime = restart(&store, runtime).await;
        let usage = async || runtime.handle(GetWorker { worker }).await.unwrap().detail.usage;
        assert_eq!((usage().await.input_tokens, usage().await.incomplete), (MOST, true));
        let detail = runtime.handle(GetWorker { worker }).await.unwrap().detail;
        let last = detail.last_turn.unwrap().usage;
        assert_eq!((last.output_tokens, last.incomplete), (MOST, true));
        store.workers.set(|_, page| Ok(page));
        converse(&runtime, worker).await;
        assert_eq!((usage().await.input_tokens, usage().await.turns), (MOST, 2));
    });
}

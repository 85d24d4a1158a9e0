//! A store whose pages of entries and turns are others than those that were asked for.

use std::sync::Arc;

use worker_runtime::{
    RuntimeError, TurnId, WorkerRef,
    commands::{CancelTurn, CreateWorker, SendInput},
    model::{TurnErrorKind, TurnOutcome, TurnSelector, WorkerState},
    queries::{
        GetTranscript, GetTurn, GetWorker, ListTurns, ReadEvents, TranscriptAfter, TranscriptFrom,
    },
    store::{FoundTurn, StoreWrapper, StoredEntry, StoredTurn, TurnLookup},
};

use super::lying_store::{after_turns, bounded, fails, provider, runtime_with, store, told};

const OTHER_ENTRIES: &str = "the store gave other entries of a worker than it was asked for";
const OTHER_TURNS: &str = "the store gave other turns of a worker than it was asked for";
const TOO_MANY: &str = "the store gave more items at once than it was asked for";
const LONG: std::time::Duration = std::time::Duration::from_secs(5);
const MOST: u64 = (1 << 53) - 1;

fn shift(entry: &mut Arc<StoredEntry>, by: u64) {
    Arc::make_mut(entry).sequence += by;
}

#[test]
fn a_transcript_of_others_than_the_entries_asked_for_is_a_failure() {
    type Wrong = fn(&mut Vec<Arc<StoredEntry>>);
    let wrong: [Wrong; 6] = [
        |page| page.truncate(1),
        Vec::clear,
        |page| page.swap(0, 1),
        |page| page[1] = Arc::clone(&page[0]),
        |page| page.iter_mut().for_each(|it| shift(it, 1)),
        |page| Arc::make_mut(&mut page[0]).at_ms = u64::MAX,
    ];
    for wrong in wrong {
        bounded(async move {
            let (store, runtime, worker) = after_turns(2).await;
            store.entries.set(move |_, mut page| {
                wrong(&mut page);
                Ok(page)
            });
            fails(&runtime, GetTranscript::new(worker), OTHER_ENTRIES).await;
        });
    }
}

#[test]
fn a_page_of_a_transcript_that_is_too_long_is_cut() {
    bounded(async {
        let (store, runtime, worker) = after_turns(2).await;
        store.entries.set(|_, mut page| {
            let mut more = Arc::clone(page.last().unwrap());
            shift(&mut more, 1);
            page.push(more);
            Ok(page)
        });
        let from = TranscriptFrom::After(TranscriptAfter { sequence: 0 });
        let get = GetTranscript { from: Some(from), limit: Some(2), ..GetTranscript::new(worker) };
        for _ in 0..3 {
            let reply = runtime.handle(get.clone()).await.unwrap();
            assert_eq!((reply.entries.len(), reply.last), (2, Some(2)));
        }
        assert_eq!(told(&runtime).await, [TOO_MANY]);
    });
}

#[test]
fn a_list_of_others_than_the_turns_asked_for_is_a_failure() {
    type Wrong = fn(&mut Vec<Arc<StoredTurn>>);
    let wrong: [Wrong; 7] = [
        |page| page.truncate(1),
        Vec::clear,
        |page| page.swap(0, 1),
        |page| page[1] = Arc::clone(&page[0]),
        |page| Arc::make_mut(&mut page[0]).outcome = None,
        |page| Arc::make_mut(&mut page[2]).turn_id = TurnId::NIL,
        |page| Arc::make_mut(&mut page[0]).started_at_ms = Some(MOST + 1),
    ];
    for wrong in wrong {
        bounded(async move {
            let (store, runtime, worker) = after_turns(3).await;
            store.turns.set(move |_, mut page| {
                wrong(&mut page);
                Ok(page)
            });
            fails(&runtime, ListTurns::new(worker), OTHER_TURNS).await;
        });
    }
}

/// The turn as the store has it.
fn found(store: &impl StoreWrapper, worker: WorkerRef, turn_id: TurnId) -> FoundTurn {
    let answer = store.inner().turn(worker.worker_id, TurnLookup::Id(turn_id));
    crate::wrapper::immediate(answer).unwrap().unwrap()
}

#[test]
fn another_turn_than_the_one_asked_for_is_a_failure() {
    bounded(async {
        let (store, runtime, worker) = after_turns(3).await;
        let turns = runtime.handle(ListTurns::new(worker)).await.unwrap().items;
        let first = turns[0].turn_id;
        let second = found(&*store, worker, turns[1].turn_id);
        store.turn.set(move |(), _| Ok(Some(second.clone())));
        fails(&runtime, GetTurn::new(worker, first), OTHER_TURNS).await;
        let cancel = CancelTurn { turn_id: Some(first), ..CancelTurn::new(worker) };
        let refused = runtime.handle(cancel).await.unwrap_err();
        assert!(matches!(refused, RuntimeError::StoreFailed { .. }), "{refused:?}");
    });
}

#[test]
fn a_turn_that_a_key_names_is_not_believed_to_be_missing() {
    bounded(async {
        let (store, runtime, worker) = after_turns(0).await;
        let send = |key: &str| SendInput::new(worker, "hello").idempotency_key(key);
        for key in ["first", "second"] {
            runtime.handle(send(key)).await.unwrap();
            runtime.wait_idle(worker, LONG).await.unwrap();
        }
        let by_key =
            GetTurn { turn: TurnSelector::key("first"), ..GetTurn::new(worker, TurnId::NIL) };
        runtime.handle(by_key.clone()).await.unwrap();
        store.turn.set(|(), _| Ok(None));
        fails(&runtime, by_key, OTHER_TURNS).await;
        let unknown = runtime.handle(GetTurn::new(worker, TurnId::NIL)).await.unwrap_err();
        assert_eq!(unknown, RuntimeError::TurnNotFound {});
    });
}

#[test]
fn a_turn_that_the_record_does_not_count_is_a_failure() {
    bounded(async {
        let (store, runtime, worker) = after_turns(1).await;
        let known = runtime.handle(ListTurns::new(worker)).await.unwrap().items;
        let known = found(&*store, worker, known[0].turn_id);
        store.turn.set(move |(), _| {
            let mut forged = known.clone();
            Arc::make_mut(&mut forged.turn).turn_id = TurnId::NIL;
            Ok(Some(forged))
        });
        fails(&runtime, GetTurn::new(worker, TurnId::NIL), OTHER_TURNS).await;
    });
}

#[test]
fn an_entry_of_another_turn_is_a_failure() {
    bounded(async {
        let (store, runtime, worker) = after_turns(2).await;
        let turns = runtime.handle(ListTurns::new(worker)).await.unwrap().items;
        store.turn.set(|(), found| {
            let mut found = found.unwrap();
            Arc::make_mut(found.input.as_mut().unwrap()).turn_id = Some(TurnId::NIL);
            Ok(Some(found))
        });
        let why = "the store gave events, entries and turns that do not fit together";
        fails(&runtime, GetTurn::new(worker, turns[0].turn_id), why).await;
    });
}

#[test]
fn a_model_is_not_asked_without_the_history() {
    for kept in [0, 1] {
        bounded(async move {
            let (store, provider) = (store(), provider());
            let runtime = runtime_with(&store, &provider).await;
            let worker = runtime.handle(CreateWorker::default()).await;
            let worker = worker.unwrap().detail.worker;
            super::lying_store::converse(&runtime, worker).await;
            // What a Runtime has written itself, it does not read again.
            drop(runtime);
            tokio::time::sleep(std::time::Duration::from_mins(1)).await;
            let runtime = runtime_with(&store, &provider).await;
            let asked = provider.requests().len();
            store.entries.set(move |_, mut page| {
                page.truncate(kept);
                Ok(page)
            });
            let send = SendInput::new(worker, "again");
            runtime.handle(send).await.unwrap();
            let idle = runtime.wait_idle(worker, LONG).await;
            assert_eq!(idle.unwrap(), WorkerState::Idle);
            let detail = runtime.handle(GetWorker { worker }).await.unwrap().detail;
            let turn = detail.last_turn.unwrap();
            assert_eq!(turn.outcome, Some(TurnOutcome::Failed));
            assert_eq!(turn.error.as_ref().unwrap().kind, TurnErrorKind::Store);
            assert_eq!(provider.requests().len(), asked, "the model was asked");
            assert_eq!(told(&runtime).await, [OTHER_ENTRIES]);
        });
    }
}

#[test]
fn usage_past_the_range_is_clamped() {
    bounded(async {
        let (store, runtime, worker) = after_turns(2).await;
        store.turns.set(|_, mut page| {
            for turn in &mut page {
                Arc::make_mut(turn).usage.input_tokens = u64::MAX;
            }
            Ok(page)
        });
        store.entries.set(|_, mut page| {
            for entry in &mut page {
                Arc::make_mut(entry).usage.output_tokens = u64::MAX;
            }
            Ok(page)
        });
        let turns = runtime.handle(ListTurns::new(worker)).await.unwrap().items;
        assert_eq!((turns[0].usage.input_tokens, turns[0].usage.incomplete), (MOST, true));
        let entries = runtime.handle(GetTranscript::new(worker)).await.unwrap().entries;
        assert_eq!((entries[0].usage.output_tokens, entries[0].usage.incomplete), (MOST, true));
        let events = ReadEvents::new(worker_runtime::Scope::worker(worker));
        assert_eq!(runtime.handle(events).await.unwrap().items.len(), 11);
    });
}

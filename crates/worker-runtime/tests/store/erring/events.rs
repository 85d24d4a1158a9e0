//! A store whose events contradict the records, or each other.

use std::{sync::Arc, time::Duration};

use worker_runtime::{
    EventsFrom, Runtime, RuntimeError, Scope, StreamItem, Subscribe, WaitError, WorkerRef,
    commands::{CreateWorker, SendInput, UpdateWorker},
    event::{EventFilter, EventType, StoredEventBody},
    model::{InputReceipt, TurnOutcome},
    queries::{GetTranscript, ListTurns, ReadEvents},
    store::{EventPage, StoreError},
};

use super::lying_store::{Lying, after_turns, bounded, fails, restart, told};

const LONG: Duration = Duration::from_secs(5);

const OTHER_EVENTS: &str = "the store gave other events of a worker than it was asked for";
const LOST: &str = "the store does not have events of a worker that it must keep";
const NO_WORKER: &str = "the store says that it does not have a worker that was not deleted";
const MISMATCH: &str = "the store gave events, entries and turns that do not fit together";

fn read(worker: WorkerRef) -> ReadEvents {
    ReadEvents::new(Scope::worker(worker))
}

async fn ended_turn(runtime: &Runtime, worker: WorkerRef) -> InputReceipt {
    let receipt = runtime.handle(SendInput::new(worker, "hello")).await.unwrap().receipt;
    runtime.wait_idle(worker, LONG).await.unwrap();
    receipt
}

fn refused() -> StoreError {
    StoreError::Refused("a lie".to_owned())
}

#[test]
fn a_wait_for_a_turn_that_has_ended_ends_if_only_small_reads_work() {
    bounded(async {
        let (store, runtime, worker) = after_turns(1).await;
        let receipt = ended_turn(&runtime, worker).await;
        store.events.set(|(_, limit), page| if limit > 1 { Err(refused()) } else { Ok(page) });
        let waited = runtime.wait_turn(receipt, LONG).await;
        let Err(WaitError::Refused(refused)) = waited else { panic!("{waited:?}") };
        assert!(matches!(refused, RuntimeError::StoreFailed { .. }), "{refused:?}");
    });
}

/// Says that the oldest event is another one if many are wanted.
fn another_oldest(limit: usize, page: EventPage) -> EventPage {
    let oldest = if limit > 1 { 3 } else { page.oldest };
    EventPage { oldest, events: page.events }
}

#[test]
fn a_wait_for_a_turn_that_has_ended_ends_if_the_oldest_event_differs() {
    bounded(async {
        let (store, runtime, worker) = after_turns(1).await;
        let receipt = ended_turn(&runtime, worker).await;
        store.events.set(|(_, limit), page| Ok(another_oldest(limit, page)));
        let waited = runtime.wait_turn(receipt, LONG).await;
        assert!(matches!(waited, Err(WaitError::Refused(_))), "{waited:?}");
        assert_eq!(told(&runtime).await, [LOST]);
        // Another Runtime does not know how many events the first one had the store keep, and those
        // that the store has are right.
        let runtime = restart(&store, runtime).await;
        let end = runtime.wait_turn(receipt, LONG).await.unwrap();
        assert_eq!(end.turn_id, Some(receipt.turn_id));
    });
}

#[test]
fn events_from_the_oldest_end_if_the_oldest_event_differs() {
    bounded(async {
        let (store, runtime, worker) = after_turns(1).await;
        // Another Runtime does not know how many events the first one had the store keep.
        let runtime = restart(&store, runtime).await;
        store.events.set(|(_, limit), page| Ok(another_oldest(limit, page)));
        let why = "the store says each time that another event of a worker is oldest";
        fails(&runtime, read(worker).wait(LONG), why).await;
    });
}

#[test]
fn events_that_the_record_counts_and_the_store_lacks_are_a_failure() {
    bounded(async {
        let (store, runtime, worker) = after_turns(2).await;
        store.events.set(|(after, _), mut page| {
            page.events.truncate(usize::try_from(5_u64.saturating_sub(after)).unwrap());
            Ok(page)
        });
        fails(&runtime, read(worker), OTHER_EVENTS).await;
        fails_stream(&runtime, worker).await;
    });
}

/// Reads a stream from the oldest event, which is a gap to the end.
async fn fails_stream(runtime: &Runtime, worker: WorkerRef) {
    let subscribe = Subscribe::new(Scope::worker(worker)).starting_at(EventsFrom::oldest());
    let mut stream = runtime.subscribe(subscribe).await.unwrap();
    let first = stream.next().await;
    assert!(matches!(first, Some(StreamItem::Gap { .. })), "{first:?}");
    let second = stream.next().await;
    assert!(matches!(second, Some(StreamItem::Synced { .. })), "{second:?}");
}

#[test]
fn a_worker_that_was_not_deleted_is_not_believed_to_be_gone() {
    bounded(async {
        let (store, runtime, worker) = after_turns(1).await;
        store.events.set(|_, _| Ok(EventPage::default()));
        fails(&runtime, read(worker), NO_WORKER).await;
        let subscribe = Subscribe::new(Scope::worker(worker)).starting_at(EventsFrom::oldest());
        let refused = runtime.subscribe(subscribe).await.map(drop).unwrap_err();
        assert!(matches!(refused, RuntimeError::StoreFailed { .. }), "{refused:?}");
        store.entries.set(|_, _| Ok(Vec::new()));
        let why = "the store gave other entries of a worker than it was asked for";
        fails(&runtime, GetTranscript::new(worker), why).await;
        store.turns.set(|_, _| Ok(Vec::new()));
        let why = "the store gave other turns of a worker than it was asked for";
        fails(&runtime, ListTurns::new(worker), why).await;
    });
}

#[test]
fn an_oldest_event_that_is_too_new_hides_no_history() {
    for oldest in [2, 6, 1000, u64::MAX] {
        bounded(async move {
            let (store, runtime, worker) = after_turns(2).await;
            store.events.set(move |_, page| Ok(EventPage { oldest, ..page }));
            fails(&runtime, read(worker), LOST).await;
            let after = EventsFrom::after_sequence(1);
            let reply = runtime.handle(read(worker).starting_at(after)).await;
            assert!(matches!(reply, Err(RuntimeError::StoreFailed { .. })), "{reply:?}");
        });
    }
}

#[test]
fn after_a_restart_the_oldest_event_is_not_past_the_end() {
    bounded(async {
        let (store, runtime, worker) = after_turns(1).await;
        let runtime = restart(&store, runtime).await;
        store.events.set(|_, page| Ok(EventPage { oldest: 1000, ..page }));
        fails(&runtime, read(worker), LOST).await;
    });
}

/// Changes the events of a page that holds them all.
async fn with(change: impl Fn(&mut EventPage) + Send + 'static) -> (Lying, Runtime, WorkerRef) {
    let (store, runtime, worker) = after_turns(2).await;
    let update = UpdateWorker { display_name: Some("a".to_owned()), ..UpdateWorker::new(worker) };
    runtime.handle(update).await.unwrap();
    store.events.set(move |(_, limit), mut page| {
        if limit > 1 {
            change(&mut page);
        }
        Ok(page)
    });
    (store, runtime, worker)
}

#[test]
fn events_that_are_others_than_asked_for_are_a_failure() {
    type Wrong = fn(&mut EventPage);
    let wrong: [Wrong; 7] = [
        |page| page.events.swap(1, 2),
        |page| page.events[2] = page.events[1].clone(),
        |page| drop(page.events.remove(0)),
        |page| page.events.clear(),
        |page| page.events[3].at_ms = u64::MAX,
        |page| page.events[3].body = StoredEventBody::WorkerDeleted,
        |page| {
            page.events[1].body = StoredEventBody::TurnEnded { turn: 0, outcome: TurnOutcome::Lost }
        },
    ];
    for wrong in wrong {
        bounded(async move {
            let (_store, runtime, worker) = with(wrong).await;
            fails(&runtime, read(worker), OTHER_EVENTS).await;
            fails_stream(&runtime, worker).await;
        });
    }
}

#[test]
fn an_event_with_the_record_of_another_worker_is_a_failure() {
    for place in [0, 11] {
        bounded(async move {
            let (_store, runtime, worker) = with(move |page| {
                let event = &mut page.events[place];
                let (StoredEventBody::WorkerCreated { record }
                | StoredEventBody::WorkerUpdated { record, .. }) = &mut event.body
                else {
                    panic!("{event:?}");
                };
                Arc::make_mut(record).worker_id = worker_runtime::WorkerId::NIL;
            })
            .await;
            fails(&runtime, read(worker), OTHER_EVENTS).await;
        });
    }
}

#[test]
fn events_that_name_others_entries_and_turns_are_a_failure() {
    type Wrong = fn(&mut EventPage);
    let wrong: [Wrong; 6] = [
        |page| page.events[1].body = StoredEventBody::InputAccepted { entry: 3 },
        |page| page.events[1].body = StoredEventBody::InputAccepted { entry: u64::MAX },
        |page| {
            page.events[4].body =
                StoredEventBody::TurnEnded { turn: 2, outcome: TurnOutcome::Completed }
        },
        |page| {
            page.events[4].body =
                StoredEventBody::TurnEnded { turn: 1 << 60, outcome: TurnOutcome::Completed }
        },
        |page| {
            page.events[4].body =
                StoredEventBody::TurnEnded { turn: 1, outcome: TurnOutcome::Failed }
        },
        |page| page.events[4].turn_id = page.events[9].turn_id,
    ];
    for wrong in wrong {
        bounded(async move {
            let (_store, runtime, worker) = with(wrong).await;
            fails(&runtime, read(worker), MISMATCH).await;
        });
    }
}

#[test]
fn a_completed_turn_without_an_answer_is_not_shown_as_lost() {
    bounded(async {
        let (store, runtime, worker) = after_turns(2).await;
        store.turns.set(|_, mut turns| {
            for turn in &mut turns {
                Arc::make_mut(turn).answer_sequence = None;
            }
            Ok(turns)
        });
        let why = "the store gave other turns of a worker than it was asked for";
        fails(&runtime, read(worker), why).await;
    });
}

#[test]
fn a_page_of_events_that_is_too_long_is_cut() {
    bounded(async {
        let (store, runtime, worker) = after_turns(1).await;
        let inner = Arc::clone(&store.inner);
        store.events.set(move |(after, _), _| {
            let all = worker_runtime::store::Store::events(&*inner, worker.worker_id, after, 1000);
            crate::wrapper::immediate(all)
        });
        let from = EventsFrom::after_sequence(2);
        let page = ReadEvents { limit: Some(2), ..read(worker).starting_at(from) };
        let items = runtime.handle(page).await.unwrap().items;
        let sequences: Vec<_> = items.iter().map(|it| it.worker_sequence).collect();
        assert_eq!(sequences, [Some(3), Some(4)]);
    });
}

#[test]
fn a_stream_gives_way_while_all_events_are_filtered_out() {
    use futures_util::FutureExt;
    bounded(async {
        let (_store, runtime, worker) = after_turns(0).await;
        for number in 0..300 {
            let name = Some(format!("name {number}"));
            let update = UpdateWorker { display_name: name, ..UpdateWorker::new(worker) };
            runtime.handle(update).await.unwrap();
        }
        let filter =
            EventFilter { types: Some(vec![EventType::WorkerDeleted]), labels: None, tenant: None };
        let subscribe =
            Subscribe::new(Scope::worker(worker)).starting_at(EventsFrom::oldest()).filter(filter);
        let mut stream = runtime.subscribe(subscribe).await.unwrap();
        assert!(stream.next().now_or_never().is_none(), "all events in one poll");
        let next = stream.next().await;
        assert!(matches!(next, Some(StreamItem::Synced { .. })), "{next:?}");
        drop(runtime.handle(CreateWorker::default()).await.unwrap());
    });
}

//! A store whose turns, entries and events are each good and cannot belong to one Worker.

use std::sync::Arc;

use llm_engine::Role;
use worker_runtime::{
    Scope, TurnId, WorkerId,
    commands::{CancelTurn, StopWorker},
    event::StoredEventBody,
    model::{PageRequest, WorkerState},
    queries::{GetTranscript, GetTurn, ListTurns, ReadEvents},
    store::{EventPage, MemoryStore, Store, StoredEntry, StoredTurn},
};

use super::lying_store::{after_turns, bounded, fails};
use crate::wrapper::immediate;

const OTHER_ENTRIES: &str = "the store gave other entries of a worker than it was asked for";
const OTHER_TURNS: &str = "the store gave other turns of a worker than it was asked for";
const MISMATCH: &str = "the store gave events, entries and turns that do not fit together";

/// All turns but the second.
fn without_the_second(inner: &MemoryStore, id: WorkerId) -> Vec<Arc<StoredTurn>> {
    let mut all = immediate(inner.turns(id, 1, 100)).unwrap();
    all.remove(1);
    all
}

#[test]
fn a_page_of_turns_with_one_left_out_is_a_failure() {
    for (first, limit) in [(1, 3), (1, 2), (3, 2)] {
        bounded(async move {
            let (store, runtime, worker) = after_turns(6).await;
            let page = |limit, token| ListTurns::new(worker).page(PageRequest { limit, token });
            let before = runtime.handle(page(Some(first - 1).filter(|it| *it > 0), None)).await;
            let token = before.unwrap().next.filter(|_| first > 1);
            let inner = Arc::clone(&store.inner);
            store.turns.set(move |(first, limit), _| {
                let turns = without_the_second(&inner, worker.worker_id).into_iter();
                Ok(turns.skip(usize::try_from(first - 1).unwrap()).take(limit).collect())
            });
            if first == 1 {
                fails(&runtime, page(Some(limit), token), OTHER_TURNS).await;
            } else {
                // The last turn of this page would be followed by too few entries.
                fails(&runtime, page(Some(3), token), OTHER_TURNS).await;
            }
        });
    }
}

#[test]
fn a_turn_past_the_end_of_an_idle_worker_is_a_failure() {
    bounded(async {
        let (store, runtime, worker) = after_turns(3).await;
        let turns = runtime.handle(ListTurns::new(worker)).await.unwrap().items;
        let first = turns[0].turn_id;
        store.turn.set(|(), turn| {
            Ok(turn.map(|mut turn| {
                let moved = Arc::make_mut(&mut turn.turn);
                (moved.input_sequence, moved.answer_sequence) = (Some(1000), Some(1001));
                turn
            }))
        });
        fails(&runtime, GetTurn::new(worker, first), OTHER_TURNS).await;
        assert!(runtime.handle(CancelTurn::new(worker).turn_id(first)).await.is_err());
        store.turn.set(|(), turn| {
            Ok(turn.map(|mut turn| {
                // The place of the last turn.
                let moved = Arc::make_mut(&mut turn.turn);
                (moved.input_sequence, moved.answer_sequence) = (Some(5), Some(6));
                turn
            }))
        });
        assert!(runtime.handle(GetTurn::new(worker, first)).await.is_err());
    });
}

/// Reads the events of a Worker with two turns that has stopped, which the store changes.
async fn events_fail(change: impl Fn(&mut EventPage) + Send + 'static) {
    let (store, runtime, worker) = after_turns(2).await;
    runtime.handle(StopWorker::new(worker)).await.unwrap();
    store.events.set(move |(_, limit), mut page| {
        if limit > 1 {
            change(&mut page);
        }
        Ok(page)
    });
    fails(&runtime, ReadEvents::new(Scope::worker(worker)), MISMATCH).await;
}

fn state_change(from: WorkerState, to: WorkerState) -> StoredEventBody {
    StoredEventBody::WorkerStateChanged { from, to, reason: None }
}

#[test]
fn state_changes_that_do_not_follow_each_other_are_a_failure() {
    use WorkerState::{Cancelled, Idle, Running, Stopped, Stopping};
    for (place, from, to) in [
        // Not the state before.
        (3, Stopping, Stopped),
        // No change of the lifecycle.
        (3, Idle, Idle),
        (11, Idle, Stopping),
        // Not the state of the record.
        (11, Idle, Cancelled),
        (11, Idle, Running),
    ] {
        bounded(events_fail(move |page| page.events[place].body = state_change(from, to)));
    }
    bounded(events_fail(|page| {
        for event in &mut page.events {
            if let StoredEventBody::WorkerStateChanged { from, to, .. } = &mut event.body {
                (*from, *to) = (Cancelled, Stopped);
            }
        }
    }));
}

#[test]
fn two_ends_of_one_turn_are_a_failure() {
    bounded(events_fail(|page| {
        let end = page.events[4].clone();
        let (sequence, started) = (page.events[7].sequence, &mut page.events[7]);
        *started = end;
        started.sequence = sequence;
    }));
    bounded(events_fail(|page| {
        let (first, second) = (page.events[4].clone(), &mut page.events[9]);
        (second.turn_id, second.body) = (first.turn_id, first.body);
    }));
}

#[test]
fn a_turn_that_begins_in_another_is_a_failure() {
    bounded(events_fail(|page| {
        let (turn_id, started) = (page.events[1].turn_id, &mut page.events[7]);
        started.turn_id = turn_id;
    }));
    bounded(events_fail(|page| {
        // The end of the first turn is the start of the second.
        page.events[4].body = StoredEventBody::TurnStarted;
        page.events[4].turn_id = page.events[6].turn_id;
    }));
}

#[test]
fn an_input_that_is_an_answer_is_a_failure() {
    bounded(async {
        let (store, runtime, worker) = after_turns(2).await;
        let turns = runtime.handle(ListTurns::new(worker)).await.unwrap().items;
        let swap = |entry: &mut Arc<StoredEntry>| {
            let other = if entry.role == Role::User { Role::Assistant } else { Role::User };
            Arc::make_mut(entry).role = other;
        };
        store.turn.set(move |(), mut found| {
            if let Some(found) = &mut found {
                [&mut found.input, &mut found.answer].into_iter().flatten().for_each(swap);
            }
            Ok(found)
        });
        store.entries.set(move |_, mut page| {
            page.iter_mut().for_each(swap);
            Ok(page)
        });
        fails(&runtime, GetTurn::new(worker, turns[0].turn_id), MISMATCH).await;
        assert!(runtime.handle(GetTurn::new(worker, turns[1].turn_id)).await.is_err());
        assert!(runtime.handle(GetTranscript::new(worker)).await.is_err());
        assert!(runtime.handle(ReadEvents::new(Scope::worker(worker))).await.is_err());
    });
}

#[test]
fn a_transcript_whose_entries_are_of_other_turns_is_a_failure() {
    for place in [1, 2, 3] {
        bounded(async move {
            let (store, runtime, worker) = after_turns(2).await;
            store.entries.set(move |_, mut page| {
                Arc::make_mut(&mut page[place]).turn_id = Some(TurnId::NIL);
                Ok(page)
            });
            fails(&runtime, GetTranscript::new(worker), OTHER_ENTRIES).await;
        });
    }
}

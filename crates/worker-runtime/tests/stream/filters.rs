//! A filtered stream gives the events that pass its filter, while callers change labels.

use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;
use worker_runtime::{
    EventFilter, EventsFrom, RuntimeEvent, Scope, StreamItem, Subscribe, Subscription, WorkerRef,
    commands::StopRuntime,
    event::{EventBody, EventType},
    model::Labels,
};

use crate::{
    cases::{check, paused, threads},
    hesitant::HesitantStore,
    history::{Step, builder, play, side_by_side, step},
};

/// The filter of a reader: all types or one, any label or one, one of the first Workers or all.
type Wanted = (Option<EventType>, bool, Option<usize>);

type History = (Vec<Vec<Step>>, Vec<Wanted>);

fn histories() -> impl Strategy<Value = History> {
    // Events of a deleted Worker are redacted, so that the filter cannot be checked.
    let step = prop_oneof![
        step().prop_filter("a deletion erases", |step| !matches!(step, Step::Delete(_))),
        (0..4_usize, any::<bool>()).prop_map(|(worker, on)| Step::Label(worker, on)),
    ];
    let callers = prop::collection::vec(prop::collection::vec(step, 0..25), 2..4);
    let event_type = prop::option::of(prop::sample::select(EventType::ALL.to_vec()));
    let wanted = (event_type, any::<bool>(), prop::option::of(0..2_usize));
    (callers, prop::collection::vec(wanted, 1..6))
}

/// Reads the events of a stream until the stream ends.
async fn read(mut stream: Subscription) -> Vec<RuntimeEvent> {
    let mut events = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            StreamItem::Event(shared) => events.push(shared.event.clone()),
            StreamItem::Gap { .. } => panic!("nothing is missed: {item:?}"),
            _ => {}
        }
    }
    events
}

/// Compares filtered readers with a reader of all events. Returns the number of compared events.
async fn nothing_is_missed((callers, wanted): History) -> Result<u64, TestCaseError> {
    let store = Arc::new(HesitantStore::default());
    let runtime = builder().store(store).build().await.unwrap();
    let all = Subscribe::new(Scope::runtime()).starting_at(EventsFrom::oldest());
    let all = runtime.subscribe(all).await.unwrap();
    let all = tokio::spawn(read(all));
    let mut workers = Vec::new();
    let create = |profile| Step::Create { profile, with_input: false };
    play(&runtime, &mut workers, vec![create(0), create(1)]).await;
    let mut readers = Vec::new();
    for (event_type, labelled, worker) in wanted {
        let labels = labelled.then(|| Labels::from([("on".to_owned(), "yes".to_owned())]));
        let filter = EventFilter {
            types: event_type.map(|event_type| vec![event_type]),
            labels,
            tenant: None,
        };
        let worker = worker.map(|index| workers[index]);
        let scope = worker.map_or(Scope::runtime(), Scope::worker);
        let subscribe = Subscribe::new(scope).starting_at(EventsFrom::oldest());
        let stream = runtime.subscribe(subscribe.filter(filter.clone())).await.unwrap();
        readers.push((filter, worker, tokio::spawn(read(stream))));
    }
    for task in side_by_side(&runtime, &workers, callers) {
        task.await.unwrap();
    }
    runtime.handle(StopRuntime::default()).await.unwrap();
    let all = all.await.unwrap();
    let mut held = 0;
    for (filter, worker, given) in readers {
        let given: Vec<_> = given.await.unwrap().iter().map(place).collect();
        let mut labels = BTreeMap::new();
        let expected: Vec<_> = all
            .iter()
            .filter(|event| passes(event, &filter, &mut labels))
            .filter(|event| worker.is_none() || event.worker == worker)
            .map(place)
            .collect();
        prop_assert_eq!(&given, &expected, "{:?} of {:?}", filter, worker);
        held += given.len() as u64;
    }
    Ok(held)
}

/// The identity of an event in both scopes.
fn place(event: &RuntimeEvent) -> (Option<WorkerRef>, Option<u64>, EventType) {
    (event.worker, event.worker_sequence, event.event_type())
}

/// Whether an event passes a filter, given the labels of its Worker right before and after the event.
fn passes(
    event: &RuntimeEvent,
    filter: &EventFilter,
    labels: &mut BTreeMap<WorkerRef, Arc<Labels>>,
) -> bool {
    let before = event.worker.and_then(|worker| labels.get(&worker).cloned());
    if let EventBody::WorkerCreated { detail } | EventBody::WorkerUpdated { detail } = &event.body {
        labels.insert(detail.worker, detail.labels.clone());
    }
    let after = event.worker.and_then(|worker| labels.get(&worker).cloned());
    let has = |labels: Option<Arc<Labels>>| labels.is_some_and(|labels| labels.contains_key("on"));
    let wants_type = filter.types.as_ref().is_none_or(|types| types.contains(&event.event_type()));
    wants_type && (filter.labels.is_none() || has(before) || has(after))
}

#[test]
fn a_filter_misses_nothing_whoever_changes_labels() {
    check(100, &histories(), |history| paused(nothing_is_missed(history)));
}

#[test]
fn a_filter_misses_nothing_on_real_threads() {
    check(30, &histories(), |history| threads(nothing_is_missed(history)));
}

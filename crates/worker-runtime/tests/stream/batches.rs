//! The batches of a stream, joined, are the items of the stream.

use futures_util::FutureExt;
use proptest::prelude::*;
use worker_runtime::{
    EventFilter, EventsFrom, Runtime, Scope, StreamItem, Subscribe, Subscription, event::EventType,
};

use crate::history::{Step, play, runtime, step};

/// All items that are ready, read one by one.
fn singly(stream: &mut Subscription) -> Vec<StreamItem> {
    std::iter::from_fn(|| stream.next().now_or_never().flatten()).collect()
}

/// All items that are ready, read in batches, of which none may be empty.
fn in_batches(stream: &mut Subscription) -> Vec<StreamItem> {
    let mut items = Vec::new();
    while let Some(Some(batch)) = stream.next_batch().now_or_never() {
        assert!(!batch.is_empty());
        items.extend(batch);
    }
    items
}

/// All items that are ready, read as an item, the rest of the batch, an item, and so on.
fn alternately(stream: &mut Subscription) -> Vec<StreamItem> {
    let mut items = Vec::new();
    while let Some(Some(item)) = stream.next().now_or_never() {
        items.push(item);
        items.extend(stream.next_batch().now_or_never().flatten().into_iter().flatten());
    }
    items
}

fn filters() -> impl Strategy<Value = Option<EventFilter>> {
    let types = vec![EventType::InputAccepted, EventType::TurnCompleted, EventType::WorkerDeleted];
    let labels = Some([("on".to_owned(), "yes".to_owned())].into());
    prop_oneof![
        Just(None),
        Just(Some(EventFilter { types: Some(types), labels: None, tenant: None })),
        Just(Some(EventFilter { types: None, labels, tenant: None })),
    ]
}

async fn readers(runtime: &Runtime, subscribe: &Subscribe) -> [Subscription; 3] {
    let subscribe = || async { runtime.subscribe(subscribe.clone()).await.unwrap() };
    [subscribe().await, subscribe().await, subscribe().await]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn joined_batches_are_the_items_one_by_one(
        before in prop::collection::vec(step(), 0..40),
        rounds in prop::collection::vec(prop::collection::vec(step(), 1..15), 1..4),
        filter in filters(),
        of_worker: bool,
    ) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let tokio = builder.enable_time().start_paused(true).build().unwrap();
        tokio.block_on(async {
            let runtime = runtime().await;
            let mut workers = Vec::new();
            play(&runtime, &mut workers, vec![Step::Create { profile: 1, with_input: true }]).await;
            let scope = if of_worker { Scope::worker(workers[0]) } else { Scope::runtime() };
            let mut subscribe = Subscribe::new(scope).starting_at(EventsFrom::oldest());
            subscribe.filter = filter;
            let [mut one, mut many, mut mixed] = readers(&runtime, &subscribe).await;
            play(&runtime, &mut workers, before).await;
            for steps in rounds {
                play(&runtime, &mut workers, steps).await;
                let items = singly(&mut one);
                prop_assert_eq!(&items, &in_batches(&mut many));
                prop_assert_eq!(&items, &alternately(&mut mixed));
            }
            Ok(())
        })?;
    }
}
